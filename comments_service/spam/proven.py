"""Who is no stranger: the browser brings the receipt of an earlier comment, and whoever wrote that one was approved.

An address and a name are only typed; a receipt is held by the browser that wrote its comment, and by nobody else. It
proves something as long as that comment is approved, under the same name and from the same address, and not by the
checks alone: a moderator decided so, or it was proven itself. Else whoever types a friend's address on a site that
holds little would make her own proof.
"""

import msgspec
import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment, Status
from ..i18n import N_
from ..sites.policy import Policy
from .judgement import Evidence, Known
from .looks import Look

MOST = 3  # receipts that are looked at
POINTS = -1.0  # a friend may be quick, or send three links; what is filled in by a robot is held all the same
CHECK = "proven"
VOUCHED = "vouched"
SAID = N_("Proven by the browser that wrote an approved comment.")
BY_MODERATOR = N_("Trusted by a moderator: the site's rule does not hold it.")

_KEYS = tuple(f"proven_{number}" for number in range(MOST))
_DECIDED, _UNDECIDED, _NO_PROOF = 2, 1, 0
# Compared beside the rows and not to find them: by their keys these are three at the most, however many she wrote.
_WORTH = sa.case(
    (
        sa.and_(
            Comment.address_key == sa.bindparam("proven_address"),
            Comment.name == sa.bindparam("proven_name"),
            Comment.status == sa.literal(Status.APPROVED, Comment.status.type),
        ),
        sa.case((Comment.status_before.is_(None), _UNDECIDED), else_=_DECIDED),
    ),
    else_=_NO_PROOF,
)


def _asked(submission: Submission) -> dict[str, object]:
    ids = dict.fromkeys(_KEYS) | dict(zip(_KEYS, submission.known, strict=False))
    return {**ids, "proven_address": submission.address.lookup, "proven_name": submission.name}


LOOKS = (
    Look(
        "proven",
        sa.select(Comment.reasons, _WORTH).where(
            Comment.site_id == sa.bindparam("site_id"),
            Comment.id.in_([sa.bindparam(name, type_=Comment.id.type) for name in _KEYS]),
        ),
        _asked,
    ),
)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """No points, for it says nothing of the text."""
    if submission.known and any(_proves(*row) for row in known.seen["proven"]):
        return Evidence(CHECK, 0.0, SAID)
    return None


def vouched(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """A point off for somebody whom a moderator trusts, which takes a proof; and the site's rule gives way."""
    if says(CHECK, known.found) and any(own for _, own in known.seen["trusted"]):
        return Evidence(VOUCHED, POINTS, BY_MODERATOR)
    return None


def says(check: str, found: list[Evidence]) -> bool:
    """Whether `check` is among those that found something."""
    return any(evidence.check == check for evidence in found)


def _proves(reasons: str, worth: int) -> bool:
    if worth == _UNDECIDED:
        return says(CHECK, msgspec.json.decode(reasons, type=list[Evidence]))
    return worth == _DECIDED
