"""The thread as JSON-LD for search engines: schema.org's DiscussionForumPosting, its comments nested as they answer.

Search engines show a discussion whose posting has an author, a date and a text. Those are the article's, and only its
site knows them: it says them when it asks for the fragment. What nobody said is left out; no author and no date is made
up. (https://developers.google.com/search/docs/appearance/structured-data/discussion-forum)
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import msgspec

from ..errors import FieldError, InvalidForm
from ..sites import page_key
from ..sites.models import Site
from . import markup
from .reading import PublicComment, ThreadAnswer

LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Article:
    """What its site says of the article below which the thread stands; empty where it says nothing."""

    title: str = ""
    author: str = ""
    published: str = ""
    summary: str = ""


def article(said: Mapping[str, str]) -> Article:
    """What the query `said` tells of the article; raises `InvalidForm` for what is too long or no date."""
    values = {field.name: said.get(field.name, "").strip() for field in fields(Article)}
    told = Article(**values)
    too_long = f"This is too long: at most {LONGEST} characters, please."
    errors = [FieldError(name, "too-long", too_long) for name, value in values.items() if len(value) > LONGEST]
    if told.published and not _is_date(told.published):
        errors.append(FieldError("published", "invalid", "This is not a date like 2026-11-23 or 2026-11-23T10:00:00Z."))
    if errors:
        raise InvalidForm(errors)
    return told


def posting(site: Site, thread: ThreadAnswer, told: Article) -> str:
    """The posting as JSON that is safe inside a script element."""
    address = page_key.address(thread.page, site.origins)
    person = {"@type": "Person", "name": told.author} if told.author else ""
    facts = {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "url": address or thread.page,
        "headline": told.title,
        "author": person,
        "datePublished": told.published,
        "text": told.summary,
        "commentCount": thread.count,
        "comment": _nested(thread.comments, address),
    }
    # What nobody said is empty; a count of nothing is 0.
    text = msgspec.json.encode({name: fact for name, fact in facts.items() if fact != ""}).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _nested(comments: list[PublicComment], address: str | None) -> list[dict[str, Any]]:
    """`comments` as a tree: each below the one it answers, when that is among them."""
    nodes = {comment.id: _node(comment, address) for comment in comments}
    roots: list[dict[str, Any]] = []
    for comment in comments:
        above = nodes.get(comment.parent) if comment.parent else None
        (roots if above is None else above.setdefault("comment", [])).append(nodes[comment.id])
    return roots


def _node(comment: PublicComment, address: str | None) -> dict[str, Any]:
    node = {
        "@type": "Comment",
        "author": {"@type": "Person", "name": comment.name},
        "datePublished": comment.created_at,
        "text": markup.text(msgspec.json.decode(comment.body)),
    }
    return {**node, "url": f"{address}#comment-{comment.id}"} if address else node


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
