"""The form, declared once: what it asks, what it takes, and what it says is wrong.

The parser, the API description, the widget, the page without scripts and the documentation read `FIELDS`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from ..errors import FieldError, InvalidForm
from ..i18n import N_, Translate
from ..privacy.sealing import SealedAddress
from . import address, text
from .markup import Tree

HONEYPOT = "subject_line"
INSIST = "email_as_typed"

MESSAGES = {
    "required": N_("Please fill in this field."),
    "too-long": N_("This is too long: at most {max_length} characters, please."),
    "invalid-email": N_("This is not an email address like ann@example.org."),
    "unlikely-email": N_("This address looks mistyped. Send again to keep it."),
    "invalid-website": N_("This is not a web address like https://example.org."),
    "invalid-text": N_("This holds something that is not text."),
    "invalid-parent": N_("This is not a comment that can be answered."),
    "wrong-type": N_("This has to be text."),
}


class Wrong(ValueError):
    """A value that a field does not take; `code` is a key of `MESSAGES`."""

    def __init__(self, code: str, suggestion: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `clean` gives its one spelling or raises `Wrong`, `check` says whether that is acceptable."""

    name: str
    type: str
    label: str
    max_length: int
    required: bool = False
    autocomplete: str = ""
    hint: str = ""
    clean: Callable[[str], str] = text.one_line
    check: Callable[[str], str] = str
    drawn: bool = True


def _visible(value: str) -> str:
    if not text.is_visible(value):
        raise Wrong("required")
    return value


def _email(value: str) -> str:
    try:
        return address.normalise(value)
    except address.NotAnAddress as error:
        raise Wrong("invalid-email", address.suggest(value)) from error


_HOST = re.compile(r"[^\s/?#@:]+\.[^\s/?#@:.]{2,}\.?")
_UNSAFE = re.compile(r"""[\s<>"'`\\{}|^]""")


def _website(value: str) -> str:
    """A web address, as typed; a bare domain gets `https://`."""
    typed = value if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d)", value) else f"https://{value}"
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError as error:
        raise Wrong("invalid-website") from error
    host = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc
    if parts.scheme not in {"http", "https"} or _UNSAFE.search(typed) or not _HOST.fullmatch(host):
        raise Wrong("invalid-website")
    return typed


FIELDS = (
    Field(
        "body",
        "textarea",
        N_("Comment"),
        10_000,
        required=True,
        clean=text.many_lines,
        check=_visible,
    ),
    Field("name", "text", N_("Name"), 100, required=True, autocomplete="name", check=_visible),
    Field("email", "email", N_("Email"), address.MAX_LENGTH, required=True, autocomplete="email", check=_email),
    Field("website", "url", N_("Website"), 300, autocomplete="url", check=_website),
    Field(HONEYPOT, "honeypot", N_("Leave this empty"), 1000),
    Field("page", "text", "", 512, required=True, drawn=False),
    Field("title", "text", "", 300, drawn=False),
    Field("parent", "text", "", 36, drawn=False),
    Field("token", "text", "", 1000, drawn=False),
    Field("pow", "text", "", 1000, drawn=False),
    Field("known", "text", "", 1000, drawn=False),
    Field(INSIST, "text", "", address.MAX_LENGTH, drawn=False),
)
BODY = FIELDS[0]
KNOWN = "Receipts of the commenter's earlier comments on the site, the newest first, with spaces between."
RAW_FACTOR = 8  # a raw value this many times too long is refused before any work is done on it


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was filled in rightly."""

    body: str
    name: str
    email: str
    website: str
    page: str
    title: str
    parent: UUID | None
    token: str
    pow: str  # a solved challenge, during a flood
    known: str  # receipts of earlier comments, the newest first
    honeypot: str


@dataclass(frozen=True, slots=True)
class Submission:
    """What arrived, validated, with its address sealed: what the checks judge and `submit` stores."""

    id: UUID
    site_id: str
    page: str
    title: str
    parent: UUID | None
    name: str
    website: str
    body: str
    tree: Tree
    email_domain: str
    address: SealedAddress
    honeypot: str
    began_at: datetime | None  # when writing began, by the form's token; None without a valid one
    network_key: bytes
    fingerprint: bytes  # equal for the same text from the same address below the same page
    language: str
    arrived_at: datetime
    known: tuple[UUID, ...] = ()  # comments whose receipts came with it
    unproven: bool = False  # let in without the proof of work that was asked for
    outside: tuple[tuple[str, float, str], ...] = ()  # what other services say: who, points, evidence


def parse(data: Mapping[str, object], translate: Translate) -> Form:
    """The form in `data`, from JSON or a posted form alike; raises `InvalidForm` with every wrong field."""
    values: dict[str, str] = {}
    errors: list[FieldError] = []
    for field in FIELDS:
        try:
            values[field.name] = _value(field, data.get(field.name))
        except Wrong as wrong:
            errors.append(_error(field, wrong, translate))
    _doubt(values, errors, translate)
    parent = _parent(values.pop("parent", ""), errors, translate)
    if errors:
        raise InvalidForm(errors)
    values.pop(INSIST)
    return Form(
        **{name: value for name, value in values.items() if name != HONEYPOT}, honeypot=values[HONEYPOT], parent=parent
    )


def parse_body(data: Mapping[str, object], translate: Translate) -> str:
    """The text alone, by the same rules: for an edit and a preview."""
    try:
        return _value(BODY, data.get(BODY.name))
    except Wrong as wrong:
        raise InvalidForm([_error(BODY, wrong, translate)]) from wrong


def describe(translate: Translate) -> list[dict[str, Any]]:
    """The fields that are drawn, in their order, as everybody may know them."""
    return [
        {
            "name": field.name,
            "type": field.type,
            "label": translate(field.label),
            "required": field.required,
            "max_length": field.max_length,
            "autocomplete": field.autocomplete,
            "hint": translate(field.hint) if field.hint else "",
        }
        for field in FIELDS
        if field.drawn
    ]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a submission."""
    properties: dict[str, Any] = {
        field.name: {"type": "string", "maxLength": field.max_length, **({"minLength": 1} if field.required else {})}
        for field in FIELDS
    }
    properties["known"]["description"] = KNOWN
    properties["parent"] = {"type": ["string", "null"], "format": "uuid"}
    return {"type": "object", "properties": properties, "required": [f.name for f in FIELDS if f.required]}


def _value(field: Field, raw: object) -> str:
    """The one spelling of `raw` in `field`; raises `Wrong`."""
    value = _cleaned(field, raw) if raw is not None and raw != "" else ""
    if not value:
        if field.required:
            raise Wrong("required")
        return value
    if len(value) > field.max_length:
        raise Wrong("too-long")
    value = field.check(value)
    if len(value) > field.max_length:  # with what was added: a website's https://
        raise Wrong("too-long")
    return value


def _cleaned(field: Field, raw: object) -> str:
    if not isinstance(raw, str):
        raise Wrong("wrong-type")
    if len(raw) > field.max_length * RAW_FACTOR:
        raise Wrong("too-long")
    try:
        return field.clean(raw)
    except text.NotText as error:
        raise Wrong("invalid-text") from error


def _error(field: Field, wrong: Wrong, translate: Translate) -> FieldError:
    message = translate(MESSAGES[wrong.code]).format(max_length=field.max_length)
    return FieldError(field.name, wrong.code, message, wrong.suggestion)


def _doubt(values: Mapping[str, str], errors: list[FieldError], translate: Translate) -> None:
    """Ask once about an address that looks mistyped; sent again as typed, it is taken."""
    email = values.get("email", "")
    suggestion = address.suggest(email) if email else None
    if suggestion and values.get(INSIST, "").casefold() != email.casefold():
        field = next(field for field in FIELDS if field.name == "email")
        errors.append(_error(field, Wrong("unlikely-email", suggestion), translate))
        order = [field.name for field in FIELDS]
        errors.sort(key=lambda error: order.index(error.field))


def _parent(typed: str, errors: list[FieldError], translate: Translate) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        errors.append(FieldError("parent", "invalid-parent", translate(MESSAGES["invalid-parent"])))
        return None
