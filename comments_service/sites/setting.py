"""A setting of a site as people meet it: its name, a sentence of what it does, what it takes, and how it is typed.

All of it is read from the struct that declares the settings, so that pages, commands and the API follow by themselves.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

import msgspec

from ..errors import one_of
from ..i18n import N_, Sayable, Sentence

ELSEWHERE = N_("More")  # the group of what names none
LINE = 200  # letters; what may be longer is typed in lines
UNTYPED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
# What is said of a number, by whether it is whole and whether there may be none.
NUMBERS = {
    (True, False): N_("A whole number from {least} to {most}."),
    (True, True): N_("A whole number from {least} to {most}, or nothing."),
    (False, False): N_("A number from {least} to {most}."),
    (False, True): N_("A number from {least} to {most}, or nothing."),
}
TEXT = N_("Text of at most {most} characters.")
ENTRIES = N_("At most {most} entries, each of at most {longest} characters.")
YES, NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0", ""})


class Kind(enum.StrEnum):
    """How a setting is asked for."""

    SWITCH = "switch"
    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `type` is what msgspec holds its values against."""

    name: str
    title: str
    sentence: str
    kind: Kind
    type: Any
    default: Any
    group: str = ELSEWHERE
    choices: Mapping[str, str] = field(default_factory=dict)
    least: float | None = None
    most: float | None = None  # of a number; how many lines or letters there may be
    whole: bool = True
    optional: bool = False
    longest: int | None = None  # letters of a line

    @property
    def is_long(self) -> bool:
        """Whether it is typed in lines."""
        return self.kind is Kind.LINES or (self.kind is Kind.TEXT and (self.most or 0) > LINE)

    @property
    def takes(self) -> Sayable:
        """What it takes, as a sentence."""
        if self.kind is Kind.SWITCH:
            return N_("Yes or no.")
        if self.kind is Kind.CHOICE:
            return one_of(choice or "“”" for choice in self.choices)
        if self.kind is Kind.NUMBER:
            return Sentence(NUMBERS[self.whole, self.optional], {"least": self.least or 0, "most": self.most or 0})
        if self.kind is Kind.TEXT:
            return Sentence(TEXT, {"most": self.most or 0})
        return Sentence(ENTRIES, {"most": self.most or 0, "longest": self.longest or 0})

    def checked(self, value: object) -> Any:
        """The one spelling of `value`; raises `ValueError` for what the setting does not take."""
        found = msgspec.convert(value, self.type, strict=False)
        if self.kind is Kind.TEXT and not self.is_long:
            found = " ".join(found.split())
        if self.choices and found not in self.choices:
            raise ValueError("not one of the choices")
        if any(UNTYPED.search(text) for text in _texts(found)):
            raise ValueError("not text")
        return list(found) if isinstance(found, tuple) else found

    def typed(self, text: str, separator: str = "\n") -> object:
        """What somebody means who typed `text`; whether the setting takes it is for `checked` to say."""
        if self.kind is Kind.LINES:
            return [" ".join(line.split()) for line in text.split(separator) if line.strip()]
        if self.kind is Kind.TEXT:
            return text.replace("\r\n", "\n").strip()
        word = text.strip()
        if self.kind is Kind.SWITCH and word.lower() in YES | NO:
            return word.lower() in YES
        return None if self.optional and not word else word

    def written(self, value: Any, separator: str = "\n") -> str:
        """`value` as somebody would type it."""
        if self.kind is Kind.LINES:
            return separator.join(value)
        if self.kind is Kind.SWITCH:
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{value:g}"
        return "" if value is None else str(value)


def meta(group: str, title: str, sentence: str, choices: Mapping[str, str] | None = None) -> msgspec.Meta:
    """How a setting is declared beside its type: its group, its title, what it does, the names of its choices."""
    extra: dict[str, Any] = {"x-group": group}
    if choices:
        extra |= {"enum": list(choices), "x-choices": dict(choices)}
    return msgspec.Meta(title=title, description=sentence, extra_json_schema=extra)


def described(struct: type[msgspec.Struct]) -> tuple[Setting, ...]:
    """The settings that `struct` declares, in its order."""
    schema = msgspec.json.schema(struct)["$defs"][struct.__name__]["properties"]
    types = get_type_hints(struct, include_extras=True)
    return tuple(_setting(name, found, types[name]) for name, found in schema.items())


def _setting(name: str, schema: dict[str, Any], of: Any) -> Setting:
    alternatives = schema.get("anyOf", [])
    inner = schema | next((found for found in alternatives if found["type"] != "null"), {})
    kind = _kind(inner)
    items = inner.get("items", {})
    return Setting(
        name=name,
        title=inner.get("title", name.replace("_", " ").capitalize()),
        sentence=inner.get("description", ""),
        kind=kind,
        type=of,
        default=msgspec.to_builtins(inner.get("default")),
        group=inner.get("x-group", ELSEWHERE),
        choices=inner.get("x-choices") or {choice: choice for choice in inner.get("enum", ())},
        least=inner.get("minimum"),
        most=inner.get({Kind.TEXT: "maxLength", Kind.LINES: "maxItems"}.get(kind, "maximum")),
        whole=inner.get("type") == "integer",
        optional=bool(alternatives),
        longest=items.get("maxLength"),
    )


def _texts(value: Any) -> list[str]:
    """The texts in a value of a setting."""
    return [text for text in (value if isinstance(value, list | tuple) else [value]) if isinstance(text, str)]


def _kind(schema: dict[str, Any]) -> Kind:
    if "enum" in schema:
        return Kind.CHOICE
    kinds = {"boolean": Kind.SWITCH, "array": Kind.LINES, "string": Kind.TEXT}
    return kinds.get(schema["type"], Kind.NUMBER)
