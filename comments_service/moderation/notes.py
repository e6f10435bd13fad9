"""What stands beside events in the log where nobody typed it: written in English, and known again by whoever reads.

The log is never changed, so a note is kept as it was written; in another language it is said when it is shown.
"""

import re

from ..comments.models import Status
from ..i18n import N_, Counted, Sayable, Sentence

MOST = 300  # letters
MATCHING = N_("All that match {search} to {status}")
TRASHED = Counted("In the trash for {count} day", "In the trash for {count} days")


def matching(search: str, status: Status) -> str:
    """That an event was about all that a search found."""
    return str(Sentence(MATCHING, {"search": search, "status": status.value}))[:MOST]


def trashed(days: int) -> str:
    """That comments were purged because of how long they had lain in the trash."""
    return str(Sentence(TRASHED, {"count": days}))


def read(note: str) -> Sayable:
    """A note as a sentence; what somebody typed stays as it is."""
    if found := _pattern(MATCHING).fullmatch(note):
        return Sentence(MATCHING, {"search": found["search"], "status": (found["status"],)})
    if found := _pattern(TRASHED.one).fullmatch(note) or _pattern(TRASHED.other).fullmatch(note):
        return Sentence(TRASHED, {"count": int(found["count"].replace(",", ""))})
    return note


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(text)), re.DOTALL)
