"""What moderators type to find comments: words, and operators like `is:spam from:key-… link:>1 before:2026-11-01`.

A search is an address that can be kept and shared, so no commenter's address may stand in it: `from:` takes the key
that an address is looked up by. Whoever has the address sends it in a form, and is led to the key.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ..comments import address
from ..comments.models import Status
from ..errors import FieldError, InvalidForm
from ..i18n import N_, Sayable, Sentence
from .terms import TEXT, Term

LONGEST = 500
MOST_TERMS = 20
KEY = "key-"
TOO_LONG = N_("A search has {most} characters at most.")
TOO_MANY = N_("Search for {most} words at most.")
UNKNOWN = N_("There is no “{name}:”. There are {operators}.")
MEANT = N_("“{part}” cannot be meant. {hint}")

_PART = re.compile(r'(?:([a-zA-Z][a-zA-Z-]*):(?!//))?(?:"([^"]*)"(?!\S)|(\S+))?')
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))  # as phones and word processors put them
_ADDRESS = re.compile(r"[^\s@:\"<>]+@[^\s@:\"<>]+\.[^\s@:\"<>.]+")
_LINKS = re.compile(r"(>=|<=|>|<|=|)(\d{1,4})")
_RULE = re.compile(r"[a-z][a-z-]{0,40}")
_DOMAIN = re.compile(r"[^\s/:@]{1,253}")


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; every part of it has to be met."""

    text: str = ""  # as it was typed
    status: Status | None = None
    any_status: bool = False
    terms: tuple[Term, ...] = ()
    address_keys: tuple[bytes, ...] = ()
    pages: tuple[str, ...] = ()
    least_links: int = 0
    most_links: int | None = None
    before: tuple[datetime, ...] = ()
    after: tuple[datetime, ...] = ()
    reply_to: tuple[UUID, ...] = ()
    groups: tuple[bytes, ...] = ()

    @property
    def links(self) -> bool:
        """Whether it is about links."""
        return bool(self.least_links) or self.most_links is not None

    @property
    def empty(self) -> bool:
        """Whether it leaves out no comment, but by their status."""
        return replace(self, text="", status=None, any_status=False) == NOTHING


NOTHING = Search()


@dataclass(slots=True)
class _Reading:
    """A search while it is read."""

    found: Search
    wrong: list[FieldError] = field(default_factory=list)

    def refuse(self, code: str, message: Sayable) -> None:
        self.wrong.append(FieldError("q", code, message))

    def add(self, name: str, value: Any) -> None:
        more: dict[str, Any] = {name: (*getattr(self.found, name), value)}
        self.found = replace(self.found, **more)


def parse(text: str) -> Search:
    """The search in `text`; raises `InvalidForm` with everything in it that cannot be meant."""
    reading = _Reading(Search(text=text))
    if len(text) > LONGEST:
        reading.refuse("too-long", Sentence(TOO_LONG, {"most": LONGEST}))
    elif _ADDRESS.search(text):
        reading.refuse(
            "address",
            N_("An address may not stand in a link. Send it with the search form, which finds its key."),
        )
    else:
        for name, value, quoted in _parts(text):
            _read(reading, name, value, quoted)
        if len(reading.found.terms) > MOST_TERMS:
            reading.refuse("too-long", Sentence(TOO_MANY, {"most": MOST_TERMS}))
    if reading.wrong:
        raise InvalidForm(reading.wrong, reading.wrong[0].message)
    return reading.found


def opaque(text: str, lookup: Callable[[str], bytes]) -> str:
    """`text` with each address replaced by the key that it is looked up by."""
    return re.sub(rf'(?:from:)?"?({_ADDRESS.pattern})"?', lambda found: _key(found[1], lookup), text)


def key_text(key: bytes) -> str:
    """How a search names the address with the lookup key `key`."""
    return f"from:{KEY}{key.hex()}"


def group_text(key: bytes) -> str:
    """How a search names the near-identical comments with the group key `key`."""
    return f"like:{key.hex()}"


def _key(typed: str, lookup: Callable[[str], bytes]) -> str:
    try:
        return key_text(lookup(address.normalise(typed)))
    except address.NotAnAddress:
        return key_text(lookup(typed))


def _parts(text: str) -> list[tuple[str, str, bool]]:
    """The operators and words of `text`: the operator's name or nothing, the value, and whether it was quoted."""
    return [
        ((found[1] or "").lower(), found[2] if found[2] is not None else found[3] or "", found[2] is not None)
        for found in _PART.finditer(text.translate(_QUOTES))
        if found[0]
    ]


def _read(reading: _Reading, name: str, value: str, quoted: bool) -> None:
    if not name:
        _read_words(reading, value, TEXT, quoted)
    elif name not in OPERATORS:
        there = ", ".join(f"{known}:" for known in OPERATORS)
        reading.refuse("unknown-operator", Sentence(UNKNOWN, {"name": name, "operators": there}))
    elif not value.strip():
        reading.refuse("no-value", Sentence(N_("Something is missing after “{name}:”."), {"name": name}))
    elif name in FIELDS:
        _read_words(reading, value, FIELDS[name], quoted)
    elif not OPERATORS[name](reading, value):
        reading.refuse("invalid", Sentence(MEANT, {"part": f"{name}:{value}", "hint": (HINTS[name],)}))


def _read_words(reading: _Reading, value: str, fields: tuple[str, ...], quoted: bool) -> bool:
    words = value.strip()
    prefix = not quoted and words.endswith("*") and len(words) > 1
    if words:
        reading.add("terms", Term(words[:-1] if prefix else words, fields, prefix))
    return True


def _read_status(reading: _Reading, value: str) -> bool:
    if value not in {*Status, "any"} or reading.found.status or reading.found.any_status:
        return False
    status = None if value == "any" else Status(value)
    reading.found = replace(reading.found, status=status, any_status=status is None)
    return True


def _read_from(reading: _Reading, value: str) -> bool:
    if not re.fullmatch(rf"{KEY}[0-9a-f]{{32}}", value):
        return False
    reading.add("address_keys", bytes.fromhex(value.removeprefix(KEY)))
    return True


def _read_group(reading: _Reading, value: str) -> bool:
    if not re.fullmatch(r"[0-9a-f]{16}", value):
        return False
    reading.add("groups", bytes.fromhex(value))
    return True


def _read_domain(reading: _Reading, value: str) -> bool:
    if not _DOMAIN.fullmatch(value) or not any(map(str.isalnum, value)):
        return False
    reading.add("terms", Term(value, ("website", "body")))
    return True


def _read_page(reading: _Reading, value: str) -> bool:
    reading.add("pages", value)
    return True


def _read_links(reading: _Reading, value: str) -> bool:
    found = _LINKS.fullmatch(value)
    if not found:
        return False
    sign, number, search = found[1] or "=", int(found[2]), reading.found
    least = number + (sign == ">") if ">" in sign or sign == "=" else 0
    most = number - (sign == "<") if "<" in sign or sign == "=" else None
    if most is not None and most < 0:
        return False
    most = min((limit for limit in (most, search.most_links) if limit is not None), default=None)
    reading.found = replace(search, least_links=max(least, search.least_links), most_links=most)
    return True


def _read_rule(reading: _Reading, value: str) -> bool:
    if not _RULE.fullmatch(value):
        return False
    # The reasons are kept as JSON, in which the points come after the check's name.
    reading.add("terms", Term(f'"check":"{value}","points"', ("reasons",)))
    return True


def _read_time(name: str) -> Callable[[_Reading, str], bool]:
    def read(reading: _Reading, value: str) -> bool:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return False
        at = at.replace(tzinfo=at.tzinfo or UTC)
        if not 1970 < at.year < 9000:
            return False
        reading.add(name, at)
        return True

    return read


def _read_reply(reading: _Reading, value: str) -> bool:
    try:
        reading.add("reply_to", UUID(value))
    except ValueError:
        return False
    return True


FIELDS = {"name": ("name",), "text": ("body",)}
OPERATORS: dict[str, Callable[[_Reading, str], bool]] = {
    "is": _read_status,
    "from": _read_from,
    "name": lambda reading, value: _read_words(reading, value, ("name",), False),
    "domain": _read_domain,
    "page": _read_page,
    "text": lambda reading, value: _read_words(reading, value, ("body",), False),
    "link": _read_links,
    "rule": _read_rule,
    "before": _read_time("before"),
    "after": _read_time("after"),
    "reply-to": _read_reply,
    "like": _read_group,
}
HINTS = {
    "is": N_("It takes pending, approved, spam, trash or any, once."),
    "from": N_("It takes a whole address in the search form, or its key."),
    "domain": N_("It takes a domain like example.org."),
    "link": N_("It takes a number of links like >1."),
    "rule": N_("It takes the name of a check like links or first-comment."),
    "before": N_("It takes a day like 2026-11-01, or a time."),
    "after": N_("It takes a day like 2026-11-01, or a time."),
    "reply-to": N_("It takes the id of a comment."),
    "like": N_("It takes what the queue links to below a comment with others like it."),
}
