"""The words that the API's description is written in: schemas, and what there is to say of a route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .comments.models import Status
from .sites.page_key import MAX_LENGTH

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
ID: Schema = {"type": "string", "format": "uuid"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SITE: Schema = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"}
PAGE: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}
STATUS: Schema = {"type": "string", "enum": [status.value for status in Status]}
TREE: Schema = {
    "type": "array",
    "description": "Elements: [tag, {attributes}?, …children]; a child is text or an element.",
}
BODY: Schema = {"type": "string", "minLength": 1, "maxLength": 10_000}


def thing(**properties: Schema) -> Schema:
    """The schema of an object that always has `properties`, and may have more."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def list_of(item: Schema) -> Schema:
    """The schema of a list of `item`."""
    return {"type": "array", "items": item}


def maybe(schema: Schema) -> Schema:
    """`schema`, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def named(name: str) -> Schema:
    """The schema called `name` among the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


COMMENT = named("PublicComment")
PROBLEM = thing(type=TEXT, title=TEXT, status={"type": "integer"}, code=TEXT, detail=TEXT)
_DECISION = thing(id=ID, status=STATUS, version={"type": "integer", "minimum": 1})
DECISION = {**_DECISION, "properties": {**_DECISION["properties"], "like": {"type": "boolean"}}}
THREAD = thing(
    id=ID,
    page=TEXT,
    title=TEXT,
    url=maybe(TEXT),
    locked={"type": "boolean"},
    close_after_days=maybe(COUNT),
    pinned=maybe(ID),
    count=COUNT,
    aliases=list_of(TEXT),
    event=maybe(ID),
)
MODERATED = thing(id=ID, site=TEXT, page=TEXT, status=STATUS, version=COUNT, name=TEXT, body_source=TEXT)


@dataclass(frozen=True, slots=True)
class Operation:
    """One route: what it takes, what it answers, and which refusals it knows."""

    method: str
    path: str
    summary: str
    answers: Mapping[int, Schema | None]
    query: Mapping[str, Schema] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    headers: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    problems: tuple[int, ...] = ()
    security: str | None = None
    media: str = "application/json"


KEY = {"Idempotency-Key": {"type": "string", "pattern": "^[!-~]{1,200}$"}}
OWN = thing(status=STATUS, comment=COMMENT, body_source=TEXT, editable={"type": "boolean"}, editable_until=maybe(TIME))
ACCEPTED = thing(status=STATUS, comment=COMMENT, receipt=TEXT, editable_until=TIME)
CHANGED = thing(event=maybe(ID), changed=COUNT, conflicts=list_of({"type": "object"}))
ON_SITE = "/api/v1/sites/{site_id}"
OF_PAGE = {"page": PAGE}
LIMIT = {"type": "integer", "minimum": 1, "maximum": 50}
MODERATION = "/api/v1/moderation"
BLOCKED_BY: Schema = {"type": "string", "enum": ["address", "domain", "name", "network"]}
REFUSED = (400, 401, 403, 404, 409, 413, 415, 422)
