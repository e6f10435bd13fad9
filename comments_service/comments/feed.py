"""The newest comments as an Atom feed (RFC 4287), well-formed whatever was written."""

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from ..sites import page_key
from ..sites.models import Site
from . import markup
from .reading import ListedComment

ATOM = "http://www.w3.org/2005/Atom"
# Everything but the characters that XML 1.0 (section 2.2) can hold.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NEVER = "1970-01-01T00:00:00Z"


@cache
def _xml() -> Any:
    """The library: its parsers come in with the first feed that is asked for."""
    library = import_module("xml.etree.ElementTree")
    library.register_namespace("", ATOM)
    return library


def atom(site: Site, page: str | None, comments: Sequence[ListedComment], address: str) -> bytes:
    """The feed of `comments`, newest first, that is served at `address`."""
    feed = _xml().Element(f"{{{ATOM}}}feed")
    _add(feed, "id", address)
    _add(feed, "title", f"Comments on {page or site.id}")
    _add(feed, "updated", max(map(_changed_at, comments), default=NEVER))
    _add(feed, "link", rel="self", type="application/atom+xml", href=address)
    for comment in comments:
        _add_entry(feed, site, comment)
    return bytes(_xml().tostring(feed, encoding="utf-8", xml_declaration=True))


def _add_entry(feed: Any, site: Site, comment: ListedComment) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", f"urn:uuid:{comment.id}")
    _add(entry, "title", f"{comment.name} on {comment.title or comment.page}")
    author = _add(entry, "author")
    _add(author, "name", comment.name)
    if comment.website:
        _add(author, "uri", comment.website)
    _add(entry, "published", comment.created_at)
    _add(entry, "updated", _changed_at(comment))
    article = page_key.address(comment.page, site.origins)
    if article:
        _add(entry, "link", rel="alternate", type="text/html", href=f"{article}#comment-{comment.id}")
    _add(entry, "content", markup.html(msgspec.json.decode(comment.body)), type="html")


def _add(parent: Any, tag: str, text: str = "", **attributes: str) -> Any:
    clean = {name: FORBIDDEN.sub("\ufffd", value) for name, value in attributes.items()}
    element = _xml().SubElement(parent, f"{{{ATOM}}}{tag}", clean)
    element.text = FORBIDDEN.sub("\ufffd", text) or None
    return element


def _changed_at(comment: ListedComment) -> str:
    return comment.edited_at or comment.created_at
