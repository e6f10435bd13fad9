"""Deciding from a mail: each comment in it has a link, good for whom it was written to until somebody decides.

Whoever holds the link may decide on that one comment, as it was when the mail was written, and do nothing else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ..accounts import moderators
from ..accounts.actor import Actor
from ..accounts.models import Moderator
from ..comments.models import Comment, Status
from ..errors import NotFound
from ..i18n import N_
from ..signing import BadToken, Purpose, Signer
from . import decisions, edit, notes
from .decisions import Decision, Outcome

LIFETIME = timedelta(days=7)
USELESS = N_("This link is good no more: it is older than a week, or the comment is gone.")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a link is about: the comment, the version that the mail told of, and to whom it was written."""

    comment: Comment
    version: int
    moderator: Moderator
    actor: Actor

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided, and the commenter has written nothing else since."""
        return self.comment.status is Status.PENDING and self.comment.version == self.version


def token(comment_id: UUID, version: int, moderator_id: UUID, signer: Signer, now: datetime) -> str:
    """What the link of a comment ends in."""
    return signer.sign(Purpose.DECISION, [comment_id.hex, str(version), moderator_id.hex], now)


def read(text: str, signer: Signer, now: datetime) -> Letter:
    """The letter of the token `text`; raises `NotFound`, also for who does not decide for the site any more."""
    try:
        (comment_id, version, moderator_id), _ = signer.read(Purpose.DECISION, text, now, LIFETIME)
        moderator = moderators.get(UUID(moderator_id))
        actor = moderators.as_actor(moderator)
        return Letter(edit.one(UUID(comment_id), actor), int(version), moderator, actor)
    except (BadToken, NotFound) as error:
        raise NotFound(USELESS) from error


def decide(letter: Letter, status: Status, now: datetime) -> Outcome:
    """Decide on the comment of a letter, as long as it is open."""
    decision = Decision(letter.comment.id, status, letter.version)
    return decisions.decide([decision] if letter.is_open else [], letter.actor, now, note=notes.BY_MAIL)
