"""The commenter changes her text; what was approved is judged again."""

from datetime import timedelta

from ..comments import counts, markup
from ..comments.form import Submission
from ..comments.models import Comment, EarlierBody, Status
from ..database import transaction
from ..extensions import db
from ..notify import outbox
from ..sites.policy import Policy
from ..spam import verdict
from . import receipts
from .submit import reasoned, refuse_twice


@transaction
def edit(changed: Submission, policy: Policy, grace: timedelta) -> Comment:
    """Give the comment `changed.id` the text of `changed`; its earlier text is kept for the moderator.

    Raises `NotFound`, `Forbidden` after the time for it, and `Duplicate`.
    """
    now = changed.arrived_at
    comment = receipts.own(changed.site_id, changed.id)
    receipts.check_editable(comment, now, grace)
    if comment.body == changed.body:
        return comment
    refuse_twice(changed)
    _keep_earlier(comment, changed)
    for column, value in markup.rendered(changed.body, changed.tree).items():
        setattr(comment, column, value)
    comment.fingerprint = changed.fingerprint
    comment.edited_at = now
    comment.version += 1
    _judge_again(comment, changed, policy)
    return comment


def _judge_again(comment: Comment, changed: Submission, policy: Policy) -> None:
    """Give the new text the status it earns; an edit never frees what a moderator or the filter holds."""
    judged = verdict.judge(changed, policy)
    before = comment.status
    after = judged.status if before is Status.APPROVED or judged.status is Status.SPAM else before
    for column, value in reasoned(judged).items():
        setattr(comment, column, value)
    comment.status = after
    db.session.flush()
    if before is not after:
        counts.moved(comment, before, after)
        if after is Status.PENDING:
            outbox.enqueue(comment.site_id, "comment-pending", {"comment": str(comment.id)}, changed.arrived_at)
    elif after is Status.APPROVED:
        counts.changed(comment.site_id, comment.thread_id)


def _keep_earlier(comment: Comment, changed: Submission) -> None:
    db.session.add(
        EarlierBody(
            site_id=comment.site_id,
            comment_id=comment.id,
            version=comment.version,
            body=comment.body,
            replaced_at=changed.arrived_at,
        )
    )
