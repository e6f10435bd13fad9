"""What a moderator is told: that comments wait, folded into one mail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from ..i18n import N_, Counted, Sentence, Translate

SHOWN = 5
EXCERPT = 400
SUBJECT = Counted("A comment on {site} to look at", "{count} comments on {site} to look at")
WAIT = Counted("A comment on {site} waits for a decision:", "{count} comments on {site} wait for a decision:")
MORE = Counted("… and {count} more.", "… and {count} more.")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A waiting comment, as far as a mail tells of it: no address, no link of a stranger's that works."""

    id: UUID
    version: int
    name: str
    article: str
    body: str


def subject(site_id: str, number: int) -> Sentence:
    """The subject; nothing in it was written by a stranger."""
    return Sentence(SUBJECT, {"count": number, "site": site_id})


def text(
    site_id: str, excerpts: Sequence[Excerpt], address: str, translate: Translate, link: Callable[[Excerpt], str]
) -> str:
    """The mail's text, by `translate` in somebody's language.

    The first few comments are quoted, each with the `link` by which whoever gets the mail decides on it.
    """
    parts = [translate(Sentence(WAIT, {"count": len(excerpts), "site": site_id})), f"{address}/admin/"]
    for one in excerpts[:SHOWN]:
        whose = Sentence(N_("{name} on {article}:"), {"name": one.name, "article": one.article})
        decide = translate(Sentence(N_("Decide on it: {link}"), {"link": link(one)}))
        parts.append(f"{translate(whose)}\n{_quoted(one.body)}\n\n{decide}")
    if len(excerpts) > SHOWN:
        parts.append(translate(Sentence(MORE, {"count": len(excerpts) - SHOWN})))
    return "\n\n".join(parts) + "\n"


def _quoted(body: str) -> str:
    cut = body if len(body) <= EXCERPT else f"{body[:EXCERPT]} …"
    # A mail program would make a link of the address, in a mail that comes from the owner's own service.
    harmless = cut.replace("://", ": //")
    return "\n".join(f"> {line}" for line in harmless.splitlines())
