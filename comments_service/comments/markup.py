"""Markdown into a small tree, and the tree into HTML that is cleaned last.

A safe subset of CommonMark: paragraphs, line breaks, emphasis, strong, code, quotes, lists, links. Raw HTML is
shown as the text it is; images become their description; every link is http, https or mailto.
"""

import html as entities
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import msgspec
from linkify_it import LinkifyIt

from .text import harmless

RENDERER = "1"  # kept with each comment; a change of what `parse` gives is a new one

Tree = list[Any]

ALLOWED: Mapping[str, frozenset[str]] = {
    "p": frozenset(),
    "br": frozenset(),
    "em": frozenset(),
    "strong": frozenset(),
    "code": frozenset(),
    "pre": frozenset(),
    "blockquote": frozenset(),
    "ul": frozenset(),
    "ol": frozenset({"start"}),
    "li": frozenset(),
    "a": frozenset({"href"}),
}
SIMPLE: Mapping[str, str] = {  # the parser's words for them
    "Paragraph": "p",
    "HtmlBlock": "p",
    "Emphasis": "em",
    "Strong": "strong",
    "BlockQuote": "blockquote",
    "Item": "li",
}
BLOCKS = frozenset({"p", "pre", "blockquote", "ul", "ol", "li"})
MAX_DEPTH = 12  # deeper nesting adds its text to the element it is in
SCHEMES = frozenset({"http", "https", "mailto"})
UNSAFE_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f-\x9f\\<>\"`{}|^\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
# What XML 1.0 cannot hold, so that every feed is well-formed.
UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MAX_AUTOLINKED = 10_000  # characters of one text; finding addresses in more of it would take too long

# Every address has one of these, and no sentence has: the look for addresses is ten times as long.
_MAY_LINK = re.compile(r"[.:]\S|//")
_linkify = LinkifyIt({}, {"fuzzy_email": False, "fuzzy_ip": False})


@cache
def _cleaner() -> Any:
    """What cleans HTML. Like what reads Markdown it comes with the first text that is written: readers need neither."""
    return import_module("nh3").Cleaner(
        tags=set(ALLOWED),
        attributes={tag: set(names) for tag, names in ALLOWED.items() if names},
        url_schemes=set(SCHEMES),
        link_rel="nofollow ugc noopener",
    )


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text: what is read, and where it leads."""

    text: str
    href: str


def parse(body: str) -> Tree:
    """The tree of `body`: a list of elements `[tag, {attributes}?, …children]`, a child being text or an element."""
    builder = _Builder()
    for event in import_module("pyromark").events(UNPRINTABLE.sub("\ufffd", body)):
        builder.take(event)
    return builder.tree()


def rendered(body: str, tree: Tree | None = None) -> dict[str, str]:
    """The columns that a text is kept in: as typed, as a tree in JSON, as HTML, and by which renderer."""
    tree = parse(body) if tree is None else tree
    return {
        "body": body,
        "tree": msgspec.json.encode(tree).decode(),
        "html": html(tree),
        "renderer": RENDERER,
    }


def html(tree: Tree) -> str:
    """`tree` as HTML, cleaned last; nothing may edit it afterwards."""
    cleaned: str = _cleaner().clean("".join(_html(node) for node in tree))
    return cleaned


def text(tree: Tree) -> str:
    """`tree` as plain text; a link whose text is not its address is followed by it."""
    return re.sub(r"\n{3,}", "\n\n", "".join(_text(node) for node in tree)).strip()


def links(tree: Tree) -> list[Link]:
    """Every link of `tree`, in order."""
    return [
        Link("".join(_text(child) for child in children(node)), node[1]["href"])
        for node in _elements(tree)
        if node[0] == "a"
    ]


def children(element: list[Any]) -> list[Any]:
    """What stands inside `element`."""
    return element[2:] if len(element) > 1 and isinstance(element[1], dict) else element[1:]


class _Builder:
    """Builds the tree from the parser's events. The innermost open element is the last of the stack."""

    def __init__(self) -> None:
        self._root: list[Any] = ["root"]
        # An element that is not drawn repeats the one it is in: what it holds goes there.
        self._stack: list[list[Any]] = [self._root]

    def tree(self) -> Tree:
        return [_harmless(node if isinstance(node, list) else ["p", node]) for node in self._root[1:]]

    def take(self, event: Any) -> None:
        """Add what `event` says."""
        if isinstance(event, str):
            self._mark(event)
            return
        ((kind, content),) = event.items()
        if kind == "Start":
            self._open(content)
        elif kind == "End":
            self._close()
        elif kind == "Code":
            self._add(["code", content])
        elif kind == "Html":
            self._add_lines(content)
        else:  # Text, InlineHtml: all of it is text
            self._add_text(content)

    def _mark(self, event: str) -> None:
        if event in {"SoftBreak", "HardBreak"}:
            self._add(["br"])
        elif event == "Rule":
            self._add(["p", "* * *"])

    def _open(self, start: Any) -> None:
        element = _element(start)
        if element is None or len(self._stack) >= MAX_DEPTH:
            self._stack.append(self._stack[-1])
            return
        self._add(element)
        self._stack.append(_innermost(element))

    def _close(self) -> None:
        closed = self._stack.pop()
        if self._stack[-1] is closed or closed[0] != "p":
            return
        if closed[-1] == ["br"]:
            closed.pop()
        if len(closed) == 1:
            self._stack[-1].pop()

    def _add(self, node: list[Any]) -> None:
        self._stack[-1].append(node)

    def _add_lines(self, content: str) -> None:
        """Add a block of raw HTML as it was typed, line by line."""
        for line in content.splitlines():
            self._add_text(line)
            self._add(["br"])

    def _add_text(self, content: str) -> None:
        inside = {element[0] for element in self._stack[:MAX_DEPTH]}  # deeper there are repetitions only
        parent = self._stack[-1]
        for node in [content] if inside & {"a", "code"} else _linked(content):
            _append(parent, node)


def _innermost(element: list[Any]) -> list[Any]:
    """Where the content of a new `element` goes: a code block's text stands in the `code` inside its `pre`."""
    last = element[-1]
    return last if element[0] in {"pre", "p"} and isinstance(last, list) else element


def _append(parent: list[Any], node: Any) -> None:
    """Add `node`, joining text to text."""
    if isinstance(node, str) and len(parent) > 1 and isinstance(parent[-1], str):
        parent[-1] += node
    elif node:
        parent.append(node)


def _harmless(node: Any) -> Any:
    """`node` without the tricks that a text may hold: entities bring them in after what was typed is cleaned."""
    if isinstance(node, str):
        return harmless(node)
    return [kept for child in node if (kept := child if isinstance(child, dict) else _harmless(child))]


def _element(start: Any) -> list[Any] | None:
    """The element that the parser's `start` opens, or None when only its content counts."""
    kind, detail = start, None
    if isinstance(start, dict):
        ((kind, detail),) = start.items()
    if kind in SIMPLE:
        return [SIMPLE[kind]]
    if kind == "Heading":
        return ["p", ["strong"]]
    if kind == "CodeBlock":
        return ["pre", ["code"]]
    if kind == "List":
        return ["ul"] if detail is None else ["ol", {"start": str(detail)}] if detail != 1 else ["ol"]
    if kind == "Link" and detail:
        href = _safe(_address(detail))
        return ["a", {"href": href}] if href else None
    return None


def _address(link: Mapping[str, str]) -> str:
    return f"mailto:{link['dest_url']}" if link["link_type"] == "Email" else link["dest_url"]


def _safe(address: str) -> str | None:
    """`address` when it is one that a link may lead to."""
    address = address.strip()
    if UNSAFE_IN_ADDRESS.search(address):
        return None
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError:
        return None
    if parts.scheme not in SCHEMES or not (parts.netloc if parts.scheme != "mailto" else parts.path):
        return None
    # A host that no browser would take is known to the cleaner, and tree and HTML have to agree.
    kept = _cleaner().clean(f'<a href="{entities.escape(address)}">').startswith("<a href=")
    return address if kept else None


def _linked(content: str) -> Iterator[Any]:
    """`content` with the addresses in it made links."""
    found = _linkify.match(content) if len(content) <= MAX_AUTOLINKED and _MAY_LINK.search(content) else None
    end = 0
    for match in found or ():
        href = _safe(match.url)
        if href is None:
            continue
        yield content[end : match.index]
        yield ["a", {"href": href}, match.text]
        end = match.last_index
    yield content[end:]


def _html(node: Any) -> str:
    if isinstance(node, str):
        return entities.escape(node)
    tag = node[0]
    if tag == "br":
        return "<br>"
    attributes = node[1] if len(node) > 1 and isinstance(node[1], dict) else {}
    written = "".join(f' {name}="{entities.escape(str(value))}"' for name, value in attributes.items())
    return f"<{tag}{written}>{''.join(_html(child) for child in children(node))}</{tag}>"


def _text(node: Any) -> str:
    if isinstance(node, str):
        return node
    tag = node[0]
    if tag == "br":
        return "\n"
    inner = "".join(_text(child) for child in children(node))
    if tag == "a" and inner not in {node[1]["href"], node[1]["href"].removeprefix("mailto:")}:
        return f"{inner} ({node[1]['href']})"
    if tag == "li":
        return f"- {inner.strip()}\n"
    return f"{inner}\n\n" if tag in BLOCKS else inner


def _elements(nodes: Tree) -> Iterator[list[Any]]:
    for node in nodes:
        if isinstance(node, list):
            yield node
            yield from _elements(children(node))
