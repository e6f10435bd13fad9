"""Each decision is a lesson: approved is ham, spam is spam; anything else, and an undo, takes the lesson back."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from ..comments.models import Comment, Status
from . import learned, memory
from .features import extract
from .judgement import Evidence
from .learner import Lesson
from .models import SHARED

KINDS = {Status.APPROVED: False, Status.SPAM: True}


def learn(site_id: str, decided: Iterable[tuple[Comment, Status | None]]) -> None:
    """Learn the statuses that people gave to comments of a site; None where nobody's decision stands.

    Part of the transaction of the decision: many comments are one lesson, and the learners are written once.
    """
    _teach(site_id, {comment.id: _lesson(comment, status) for comment, status in decided})


def forget(site_id: str, comments: Iterable[UUID]) -> None:
    """Forget what comments taught, as when their commenter is erased; part of the caller's transaction."""
    _teach(site_id, dict.fromkeys(comments), leave_steps=False)


def _lesson(comment: Comment, status: Status | None) -> Lesson | None:
    if status not in KINDS:
        return None
    reasons = msgspec.json.decode(comment.reasons, type=list[Evidence])
    return Lesson(extract(learned.text_of(comment, reasons)), KINDS[status])


def _teach(site_id: str, lessons: Mapping[UUID, Lesson | None], *, leave_steps: bool = True) -> None:
    if leave_steps and not any(lessons.values()) and not _remembered(site_id, lessons):
        return
    for changing in memory.changing((site_id, SHARED)):
        prefix = "" if changing.site_id else f"{site_id}/"
        named = {f"{prefix}{comment_id.hex}": lesson for comment_id, lesson in lessons.items()}
        _change(changing, named)
        if not leave_steps:  # they hold what was forgotten, so as to bring it back
            changing.steps.clear()
        changing.keep()


def _change(changing: memory.Changing, lessons: Mapping[str, Lesson | None]) -> None:
    """Learn; but lessons that are no more than the last ones undone leave no trace of them."""
    wanted = {key: lesson.spam if lesson else None for key, lesson in lessons.items()}
    if changing.steps and changing.steps[-1].kinds == wanted:
        changing.learner.take_back(changing.steps.pop())
    else:
        changing.steps.append(changing.learner.teach(lessons))


def _remembered(site_id: str, comments: Iterable[UUID]) -> bool:
    learners = memory.of(site_id)
    return any(
        learner.kind(f"{prefix}{comment.hex}") is not None
        for learner, prefix in zip(learners, ("", f"{site_id}/"), strict=True)
        for comment in comments
    )
