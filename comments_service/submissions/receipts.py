"""The commenter's receipt: the private token that opens her own comment, and no other."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from ..comments.models import Comment, Status
from ..errors import Forbidden, NotFound
from ..extensions import db
from ..i18n import N_
from ..signing import BadToken, Purpose, Signer
from ..spam import proven

MAX_AGE = timedelta(days=400)
NO_COMMENT = N_("There is no such comment.")
TOO_LATE = N_("The time for changing this comment is over.")


def issue(comment: Comment, signer: Signer) -> str:
    """The receipt for `comment`: the same one whenever it is asked for."""
    return signer.sign(Purpose.RECEIPT, [comment.site_id, str(comment.id)], comment.created_at)


def comment_id(receipt: str, signer: Signer, now: datetime) -> tuple[str, UUID]:
    """The site and the id of the comment that `receipt` opens; raises `NotFound` for what is no receipt of ours."""
    try:
        (site_id, text), _ = signer.read(Purpose.RECEIPT, receipt, now, MAX_AGE)
        return site_id, UUID(text)
    except (BadToken, ValueError) as error:
        raise NotFound(NO_COMMENT) from error


def known(receipts: str, signer: Signer, now: datetime) -> tuple[UUID, ...]:
    """The ids of the comments that the `receipts` open; what is no receipt of ours opens none, and is no error."""
    found = []
    for receipt in receipts.split()[: proven.MOST]:
        with suppress(NotFound):
            found.append(comment_id(receipt, signer, now)[1])
    return tuple(found)


def own(site_id: str, comment_id: UUID) -> Comment:
    """The comment itself; raises `NotFound` when it is gone."""
    comment = db.session.get(Comment, (site_id, comment_id))
    if comment is None:
        raise NotFound(NO_COMMENT)
    return comment


def editable_until(comment: Comment, grace: timedelta) -> datetime:
    """Until when the commenter may change her comment for certain; one that still waits she may change longer."""
    return comment.created_at + grace


def is_editable(comment: Comment, now: datetime, grace: timedelta) -> bool:
    """Whether the commenter may change or withdraw her comment at the time `now`.

    Spam answers like a comment that waits, so that a robot learns nothing.
    """
    if comment.status is Status.TRASH:
        return False
    return seen_status(comment) is Status.PENDING or now < editable_until(comment, grace)


def check_editable(comment: Comment, now: datetime, grace: timedelta) -> None:
    """Refuse a change that comes too late."""
    if not is_editable(comment, now, grace):
        raise Forbidden(TOO_LATE)


def seen_status(comment: Comment) -> Status:
    """The status as the commenter sees it: spam looks like waiting."""
    return Status.PENDING if comment.status is Status.SPAM else comment.status
