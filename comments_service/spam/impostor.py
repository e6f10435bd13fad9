"""Somebody who signs with the name of a moderator, or of a commenter whom the moderators trust.

A moderator answers from the queue, signed in, and never through the form. So whoever uses the name there is held,
also with the moderator's own address: an address that is typed proves nothing.
"""

import sqlalchemy as sa

from ..accounts.models import Moderator, SiteModerator
from ..comments.form import Submission
from ..i18n import N_
from ..sites.policy import Policy
from .folding import outline
from .judgement import Evidence, Known
from .looks import ONE, Look
from .models import Listed, ListKind

MODERATOR = N_("Signed with a moderator's name, and not by the moderator.")
TRUSTED = N_("Signed with the name of somebody trusted, from another address.")

_OF_SITE = sa.exists().where(
    SiteModerator.moderator_id == Moderator.id, SiteModerator.site_id == sa.bindparam("site_id")
)
LOOKS = (
    Look("moderators", sa.select(Moderator.name, ONE).where(Moderator.everywhere | _OF_SITE)),
    Look(
        "trusted",
        sa.select(Listed.shown, ONE).where(
            Listed.site_id == sa.bindparam("site_id"),
            Listed.kind == ListKind.TRUSTED,
            Listed.key != sa.bindparam("trusted_key"),
        ),
        lambda submission: {"trusted_key": submission.address.lookup},
    ),
)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points that hold the comment, whatever speaks for it, when the name looks like one of theirs."""
    name = outline(submission.name)
    if not name:
        return None
    for look, said in (("moderators", MODERATOR), ("trusted", TRUSTED)):
        if name in (outline(theirs) for theirs, _ in known.seen[look]):
            return _held(said, policy, known)
    return None


def _held(said: str, policy: Policy, known: Known) -> Evidence:
    """No more than it takes to hold it: namesakes are no spammers."""
    so_far = sum(evidence.points for evidence in known.found)
    return Evidence("impostor", max(0.0, policy.hold_at - so_far), said)
