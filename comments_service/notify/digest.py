"""What a moderator is told: that comments wait, folded into one mail."""

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 5
EXCERPT = 400


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A waiting comment, as far as a mail tells of it: no address, no link that works."""

    name: str
    article: str
    body: str


def subject(site_id: str, number: int) -> str:
    """The subject; nothing in it was written by a stranger."""
    return f"{_comments(number)} on {site_id} to look at"


def text(site_id: str, number: int, excerpts: Sequence[Excerpt], address: str) -> str:
    """The mail's text: the first few comments quoted, and where to decide."""
    parts = [f"{_comments(number)} on {site_id} wait{'s' if number == 1 else ''} for a decision:", f"{address}/admin/"]
    parts += [f"{one.name} on {one.article}:\n{_quoted(one.body)}" for one in excerpts[:SHOWN]]
    if number > len(excerpts[:SHOWN]):
        parts.append(f"… and {number - len(excerpts[:SHOWN])} more.")
    return "\n\n".join(parts) + "\n"


def _quoted(body: str) -> str:
    cut = body if len(body) <= EXCERPT else f"{body[:EXCERPT]} …"
    # A mail program would make a link of the address, in a mail that comes from the owner's own service.
    harmless = cut.replace("://", ": //")
    return "\n".join(f"> {line}" for line in harmless.splitlines())


def _comments(number: int) -> str:
    return "A comment" if number == 1 else f"{number} comments"
