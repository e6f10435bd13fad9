"""Somebody who signs with the name of a moderator, or of a commenter whom the moderators trust.

A moderator answers from the queue, signed in, and never through the form. So whoever uses the name there is held,
also with the moderator's own address: an address that is typed proves nothing. Somebody trusted is held likewise,
unless the browser proves who she is.
"""

import sqlalchemy as sa

from ..accounts.models import Moderator, SiteModerator
from ..comments.form import Submission
from ..i18n import N_
from ..sites.policy import Policy
from . import proven
from .folding import outline
from .judgement import Evidence, Known
from .looks import ONE, Look
from .models import Listed, ListKind

MODERATOR = N_("Signed with a moderator's name, and not by the moderator.")
TRUSTED = N_("Signed with the name of somebody trusted, from another address.")
UNPROVEN = N_("Signed with the name and address of somebody trusted, and nothing proves that it is them.")

_OF_SITE = sa.exists().where(
    SiteModerator.moderator_id == Moderator.id, SiteModerator.site_id == sa.bindparam("site_id")
)
LOOKS = (
    Look("moderators", sa.select(Moderator.name, ONE).where(Moderator.everywhere | _OF_SITE)),
    Look(
        "trusted",
        sa.select(Listed.shown, sa.case((Listed.key == sa.bindparam("trusted_key"), 1), else_=0)).where(
            Listed.site_id == sa.bindparam("site_id"), Listed.kind == ListKind.TRUSTED
        ),
        lambda submission: {"trusted_key": submission.address.lookup},
    ),
)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points that hold the comment, whatever speaks for it, when the name looks like one of theirs."""
    name = outline(submission.name)
    if not name:
        return None
    if any(name == outline(theirs) for theirs, _ in known.seen["moderators"]):
        return _held(MODERATOR, policy, known)
    trusted = {own for theirs, own in known.seen["trusted"] if name == outline(theirs)}
    if not trusted or proven.says(proven.VOUCHED, known.found):
        return None
    return _held(UNPROVEN if any(trusted) else TRUSTED, policy, known)


def _held(said: str, policy: Policy, known: Known) -> Evidence:
    """No more than it takes to hold it: namesakes are no spammers."""
    so_far = sum(evidence.points for evidence in known.found)
    return Evidence("impostor", max(0.0, policy.hold_at - so_far), said)
