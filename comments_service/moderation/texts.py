"""The sentences of the moderators' pages that code chooses among, and those that the queue's script says."""

from collections.abc import Mapping
from typing import NamedTuple

from .. import i18n
from ..comments.models import Status
from ..comments.texts import said
from ..i18n import N_, Counted
from .models import Kind


class Verb(NamedTuple):
    """What may be done with a comment: the decision, its key, and the names of its buttons."""

    decision: str
    key: str
    name: str
    one: str
    both: str = ""  # with the one that is like it
    more: str = ""  # with those that are like it, which are counted
    each: str = ""  # with all that are like it
    matching: str = ""  # with all that the queue lists


APPROVE = Verb(
    "approved",
    "a",
    N_("Approve"),
    N_('Approve<span class="unseen"> the comment by {name}</span>'),
    N_('Approve both<span class="unseen"> the comment by {name} and those like it</span>'),
    N_('Approve all {count}<span class="unseen"> the comment by {name} and those like it</span>'),
    N_('Approve all<span class="unseen"> the comment by {name} and those like it</span>'),
    N_("Approve all {count}"),
)
SPAM = Verb(
    "spam",
    "s",
    N_("Spam"),
    N_('Spam<span class="unseen"> the comment by {name}</span>'),
    N_('Spam both<span class="unseen"> the comment by {name} and those like it</span>'),
    N_('Spam all {count}<span class="unseen"> the comment by {name} and those like it</span>'),
    N_('Spam all<span class="unseen"> the comment by {name} and those like it</span>'),
    N_("Spam all {count}"),
)
TRASH = Verb(
    "trash",
    "d",
    N_("Trash"),
    N_('Trash<span class="unseen"> the comment by {name}</span>'),
    N_('Trash both<span class="unseen"> the comment by {name} and those like it</span>'),
    N_('Trash all {count}<span class="unseen"> the comment by {name} and those like it</span>'),
    N_('Trash all<span class="unseen"> the comment by {name} and those like it</span>'),
    N_("Trash all {count}"),
)
# Only what waits is shown with what is like it.
HOLD = Verb(
    "pending",
    "u",
    N_("Hold"),
    N_('Hold<span class="unseen"> the comment by {name}</span>'),
    matching=N_("Hold all {count}"),
)
NOT_SPAM = Verb(
    "pending",
    "u",
    N_("Not spam"),
    N_('Not spam<span class="unseen"> the comment by {name}</span>'),
    matching=N_("Not spam all {count}"),
)
RESTORE = Verb(
    "restore",
    "u",
    N_("Restore"),
    N_('Restore<span class="unseen"> the comment by {name}</span>'),
)
# What may be done with a comment of each status, most wanted first.
VERBS: Mapping[Status, tuple[Verb, ...]] = {
    Status.PENDING: (APPROVE, SPAM, TRASH),
    Status.APPROVED: (HOLD, SPAM, TRASH),
    Status.SPAM: (APPROVE, NOT_SPAM, TRASH),
    Status.TRASH: (RESTORE,),
}
TABS = (
    (Status.PENDING, N_("Pending"), N_("Pending comments, {total}")),
    (Status.APPROVED, N_("Approved"), N_("Approved comments, {total}")),
    (Status.SPAM, N_("Spam"), N_("Spam comments, {total}")),
    (Status.TRASH, N_("Trash"), N_("Trash comments, {total}")),
)
# The words of `Status` and of roles are said as they are stored.
STATUSES = {
    Status.PENDING: N_("pending"),
    Status.APPROVED: N_("approved"),
    Status.SPAM: N_("spam"),
    Status.TRASH: N_("trash"),
}
ROLES = (N_("moderator"), N_("owner"))
STATES = {"open": N_("Open"), "locked": N_("Locked"), "closed": N_("Closed by age")}

# What the last form did: with comments, and with anything else.
DONE: Mapping[str, Counted] = {
    "approved": Counted("Approved: {count} comment.", "Approved: {count} comments."),
    "pending": Counted("Held: {count} comment.", "Held: {count} comments."),
    "spam": Counted("Marked as spam: {count} comment.", "Marked as spam: {count} comments."),
    "trash": Counted("Moved to the trash: {count} comment.", "Moved to the trash: {count} comments."),
    "restore": Counted("Restored: {count} comment.", "Restored: {count} comments."),
    "undone": Counted("Undid: {count} comment.", "Undid: {count} comments."),
    "purged": Counted("Purged for good: {count} comment.", "Purged for good: {count} comments."),
    "decided": Counted("Decided: {count} comment.", "Decided: {count} comments."),
}
DONE_BESIDE = {
    "blocked": N_("Blocked."),
    "trusted": N_("Trusted."),
    "unlisted": N_("Taken off the list."),
    "turned": N_("Undid."),
    "thread": N_("Saved."),
}

EVENTS = {
    Kind.DECIDE: N_("Decided"),
    Kind.UNDO: N_("Undid"),
    Kind.EDIT: N_("Edited"),
    Kind.PURGE: N_("Purged"),
    Kind.LOCK: N_("Locked a discussion"),
    Kind.UNLOCK: N_("Unlocked a discussion"),
    Kind.LIST: N_("Put on the list"),
    Kind.UNLIST: N_("Took off the list"),
    Kind.SETTINGS: N_("Changed the settings"),
    Kind.RESCORE: N_("Scored what waits anew"),
    Kind.PEOPLE: N_("Changed the people:"),
    Kind.CLOSE: N_("Changed when a discussion closes"),
    Kind.PIN: N_("Changed what is pinned"),
    Kind.MOVE: N_("Moved a discussion"),
    Kind.MERGE: N_("Merged two discussions"),
    Kind.REPLY: N_("Replied"),
}

# What queue.js says. `done_` and `all_` stand before a decision, `is_` before a status.
SCRIPT: Mapping[str, str | Counted] = {
    **{f"is_{status}": word for status, word in STATUSES.items()},
    **{f"count_{name}": sentence for name, sentence in DONE.items()},
    "done_approved": N_("Approved."),
    "done_pending": N_("Held."),
    "done_spam": N_("Marked as spam."),
    "done_trash": N_("Moved to the trash."),
    "all_approved": Counted(
        "Approved: {number} comment, this takes a moment.", "Approved: {number} comments, this takes a moment."
    ),
    "all_pending": Counted(
        "Held: {number} comment, this takes a moment.", "Held: {number} comments, this takes a moment."
    ),
    "all_spam": Counted(
        "Marked as spam: {number} comment, this takes a moment.",
        "Marked as spam: {number} comments, this takes a moment.",
    ),
    "all_trash": Counted(
        "Moved to the trash: {number} comment, this takes a moment.",
        "Moved to the trash: {number} comments, this takes a moment.",
    ),
    "so_far": N_("{done} of {number} so far"),
    "new": Counted("{number} new", "{number} new"),
    "undo": N_("Undo"),
    "undid": DONE_BESIDE["turned"],
    "not_undone": N_("This could not be undone. Please try again."),
    "unsaved": N_("Not saved"),
    "unsaved_count": Counted(
        "Not saved: {count} comment. Please try again.", "Not saved: {count} comments. Please try again."
    ),
    # What somebody else did meanwhile; `ago` is the browser's, as "2 minutes ago".
    "by_approved": N_("{name} approved this {ago}."),
    "by_pending": N_("{name} held this {ago}."),
    "by_spam": N_("{name} marked this as spam {ago}."),
    "by_trash": N_("{name} moved this to the trash {ago}."),
    "changed_since": N_("Somebody changed this comment in the meantime."),
    "somebody_otherwise": N_("Somebody decided otherwise: {status}"),
    "selected": Counted("{number} selected", "{number} selected"),
    "selected_all": Counted("{number} selected, all that match", "{number} selected, all that match"),
    "trusted": DONE_BESIDE["trusted"],
    "blocked": DONE_BESIDE["blocked"],
    "no_history": N_("Nothing else came from this address."),
    "your_reply": N_("Your reply"),
    "reply_hint": N_("Your reply; Ctrl and Enter send it, Escape lets it be"),
    "reply": N_("Reply"),
    "approve_and_reply": N_("Approve and reply"),
    "replied": N_("Your reply is published."),
    "approved_and_replied": N_("Approved, and your reply is published."),
    "text": N_("Text"),
    "save_text": N_("Save the text"),
    "saved": DONE_BESIDE["thread"],
    "press": N_("Press the new key for “{what}”. Escape leaves it."),
    "key_stays": N_("It stays as it was."),
    "no_key": N_("This cannot be a key of the queue."),
    "key_taken": N_("“{key}” is for “{what}”. Give that another key first."),
    "key_changed": N_("“{what}” is “{key}” now."),
}


def of_script(lang: str) -> dict[str, str]:
    """What queue.js says, in `lang`, each plural form under a key of its own, and what stands between thousands."""
    return {**said(SCRIPT, lang), "thousands": i18n.figure(lang, 1000)[1:-3]}
