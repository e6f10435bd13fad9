"""What stands beside events in the log where nobody typed it: written in English, and known again by whoever reads.

The log is never changed, so a note is kept as it was written; in another language it is said when it is shown.
"""

import re

from ..comments.models import Status
from ..i18n import N_, Counted, Sayable, Sentence

MOST = 300  # letters
BY_MAIL = N_("By mail")
MATCHING = N_("All that match {search} to {status}")
TRASHED = Counted("In the trash for {count} day", "In the trash for {count} days")
CAPPED = Counted("{count} of the oldest spam, beyond what is kept", "{count} of the oldest spam, beyond what is kept")


def matching(search: str, status: Status) -> str:
    """That an event was about all that a search found."""
    return str(Sentence(MATCHING, {"search": search, "status": status.value}))[:MOST]


def trashed(days: int) -> str:
    """That comments were purged because of how long they had lain in the trash."""
    return str(Sentence(TRASHED, {"count": days}))


def capped(number: int) -> str:
    """That so many comments were purged because there was more spam than the site keeps."""
    return str(Sentence(CAPPED, {"count": number}))


def read(note: str) -> Sayable:
    """A note as a sentence; what somebody typed stays as it is."""
    if found := _found(MATCHING, note):
        return Sentence(MATCHING, {"search": found["search"], "status": (found["status"],)})
    for sentence in (TRASHED, CAPPED):
        if found := _found(sentence.one, note) or _found(sentence.other, note):
            return Sentence(sentence, {"count": int(found["count"].replace(",", ""))})
    return note


def _found(text: str, note: str) -> re.Match[str] | None:
    """What stands in the `{placeholders}` of `text`, where it was written as `note`."""
    pattern = re.escape(text).replace(r"\{count\}", r"(?P<count>[\d,]+)")
    return re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", pattern), note, re.DOTALL)
