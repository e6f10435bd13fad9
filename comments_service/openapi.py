"""The API's description (OpenAPI 3.1), made from the structs and the form that the code itself reads."""

from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
from flask import Blueprint, Response

from . import http
from .api_schema import (
    ACCEPTED,
    BLOCKED_BY,
    BODY,
    CHANGED,
    COUNT,
    DECISION,
    ID,
    KEY,
    LIMIT,
    MODERATED,
    MODERATION,
    OF_PAGE,
    ON_SITE,
    OWN,
    PAGE,
    PROBLEM,
    REFUSED,
    SITE,
    STATUS,
    TEXT,
    THREAD,
    TIME,
    TREE,
    Operation,
    Schema,
    list_of,
    maybe,
    named,
    thing,
)
from .comments import form, reading
from .sites.policy import Policy
from .submissions.challenge import Challenge

bp = Blueprint("openapi", __name__)

OF_SITE = f"{MODERATION}/sites/{{site_id}}/settings"
SETTINGS = thing(site=TEXT, revision=COUNT, settings=named("Policy"))
CHANGES = thing(settings=named("Policy"))

OPERATIONS = (
    Operation(
        "get",
        f"{ON_SITE}/thread",
        "A page's thread, and the form",
        {200: named("ThreadAnswer"), 304: None},
        query={**OF_PAGE, "sort": {"type": "string", "enum": ["oldest", "newest"]}, "after": TEXT, "lang": TEXT},
        needed=frozenset({"page"}),
        problems=(404, 422),
    ),
    Operation(
        "get",
        f"{ON_SITE}/token",
        "A token that says when writing began",
        {200: thing(token=TEXT, challenge=maybe(named("Challenge")), expires_at=TIME)},
        query=OF_PAGE,
        needed=frozenset({"page"}),
        problems=(404, 422),
    ),
    Operation(
        "post",
        f"{ON_SITE}/comments",
        "Write a comment",
        {201: ACCEPTED, 202: ACCEPTED},
        headers=KEY,
        body=named("Submission"),
        problems=(400, 403, 404, 409, 413, 415, 422, 428, 429, 503),
    ),
    Operation(
        "post",
        f"{ON_SITE}/preview",
        "How a text will look",
        {200: thing(body=TREE)},
        body=thing(body=BODY),
        problems=(400, 403, 404, 413, 415, 422, 429),
    ),
    Operation(
        "get",
        f"{ON_SITE}/counts",
        "How many comments stand below pages",
        {200: thing(counts={"type": "object", "additionalProperties": COUNT}), 304: None},
        query={"page": {**list_of(PAGE), "maxItems": reading.MAX_COUNTS}},
        problems=(404, 422),
    ),
    Operation(
        "get",
        f"{ON_SITE}/latest",
        "The site's newest comments",
        {200: thing(comments=list_of(named("ListedComment"))), 304: None},
        query={"limit": LIMIT},
        problems=(404, 422),
    ),
    Operation(
        "get",
        f"{ON_SITE}/feed.atom",
        "The newest comments as an Atom feed",
        {200: TEXT, 304: None},
        query=OF_PAGE,
        problems=(404, 422),
        media="application/atom+xml",
    ),
    Operation(
        "get",
        "/api/v1/comments/{comment_id}",
        "One's own comment",
        {200: OWN},
        problems=(401, 404),
        security="receipt",
    ),
    Operation(
        "patch",
        "/api/v1/comments/{comment_id}",
        "Change one's own comment",
        {200: OWN},
        body=thing(body=BODY),
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        security="receipt",
    ),
    Operation(
        "delete",
        "/api/v1/comments/{comment_id}",
        "Withdraw one's own comment",
        {204: None},
        problems=(401, 403, 404, 503),
        security="receipt",
    ),
    Operation(
        "get",
        f"{MODERATION}/comments",
        "The queue",
        {200: thing(comments=list_of(MODERATED), next=maybe(TEXT), total=COUNT, at_least={"type": "boolean"})},
        query={
            "site": SITE,
            "status": STATUS,
            "q": TEXT,
            "after": TEXT,
            "count": {"type": "string", "enum": ["all"]},
            "limit": {"type": "integer", "minimum": 1, "maximum": 200},
        },
        problems=(401, 404, 422),
        security="moderator",
    ),
    Operation(
        "get",
        f"{MODERATION}/comments/{{comment_id}}",
        "A comment with all that a decision needs",
        {200: MODERATED},
        problems=(401, 404),
        security="moderator",
    ),
    Operation(
        "patch",
        f"{MODERATION}/comments/{{comment_id}}",
        "Decide on a comment, or change its text",
        {200: MODERATED},
        body={
            "type": "object",
            "properties": {"status": STATUS, "version": {"type": "integer", "minimum": 1}, "body": BODY},
        },
        problems=REFUSED,
        security="moderator",
    ),
    Operation(
        "delete",
        f"{MODERATION}/comments/{{comment_id}}",
        "Purge a comment from trash or spam, for good",
        {204: None},
        problems=(401, 403, 404, 409),
        security="moderator",
    ),
    Operation(
        "post",
        f"{MODERATION}/comments/{{comment_id}}/reply",
        "Answer a comment as the site",
        {201: MODERATED},
        body=thing(body=BODY),
        problems=REFUSED,
        security="moderator",
    ),
    Operation(
        "post",
        f"{MODERATION}/decisions",
        "Decide on many comments at once",
        {200: CHANGED},
        headers=KEY,
        body={
            "type": "object",
            "properties": {"decisions": list_of(DECISION), "filter": TEXT, "status": STATUS},
        },
        problems=REFUSED,
        security="moderator",
    ),
    Operation(
        "post",
        f"{MODERATION}/search",
        "A search as it may stand in an address: a commenter's address becomes its key",
        {200: thing(q=TEXT)},
        body=thing(q=TEXT),
        problems=(400, 401, 403, 413, 415, 422),
        security="moderator",
    ),
    Operation(
        "post",
        f"{MODERATION}/comments/{{comment_id}}/trust",
        "Approve a comment and trust its commenter",
        {200: thing(event=ID)},
        problems=(401, 403, 404, 409, 422),
        security="moderator",
    ),
    Operation(
        "post",
        f"{MODERATION}/comments/{{comment_id}}/block",
        "Block a commenter",
        {200: thing(event=ID)},
        body=thing(kind=BLOCKED_BY),
        problems=REFUSED,
        security="moderator",
    ),
    Operation(
        "get",
        f"{MODERATION}/blocks",
        "Who is blocked or trusted",
        {200: thing(blocks=list_of({"type": "object"}))},
        problems=(401,),
        security="moderator",
    ),
    Operation(
        "post",
        f"{MODERATION}/blocks",
        "Block an address, a domain or a name",
        {201: thing(event=ID)},
        body=thing(site=SITE, kind=BLOCKED_BY, what=TEXT),
        problems=REFUSED,
        security="moderator",
    ),
    Operation(
        "delete",
        f"{MODERATION}/blocks/{{entry_id}}",
        "Take somebody off the list",
        {200: thing(event=ID)},
        problems=(401, 403, 404, 422),
        security="moderator",
    ),
    Operation(
        "get",
        f"{MODERATION}/events",
        "The log of decisions",
        {200: thing(events=list_of({"type": "object"}), next=maybe(TEXT))},
        query={"site": SITE, "after": TEXT},
        problems=(401, 404, 422),
        security="moderator",
    ),
    Operation(
        "post",
        f"{MODERATION}/events/{{event_id}}/undo",
        "Undo an event",
        {200: CHANGED},
        headers=KEY,
        problems=(401, 403, 404, 409, 422),
        security="moderator",
    ),
    Operation(
        "patch",
        f"{MODERATION}/threads/{{thread_id}}",
        "Lock a thread, let it close after some days, pin a comment, or move it to another page",
        {200: THREAD},
        body={
            "type": "object",
            "properties": {
                "locked": {"type": "boolean"},
                "close_after_days": maybe(COUNT),
                "pinned": maybe(ID),
                "page": PAGE,
            },
            "minProperties": 1,
            "maxProperties": 1,
        },
        problems=REFUSED,
        security="moderator",
    ),
    Operation(
        "get",
        f"{MODERATION}/threads/{{thread_id}}",
        "A thread",
        {200: THREAD},
        problems=(401, 404),
        security="moderator",
    ),
    Operation(
        "post",
        f"{MODERATION}/threads/{{thread_id}}/merge",
        "Merge a thread into the one below another page",
        {200: THREAD},
        body=thing(page=PAGE),
        problems=REFUSED,
        security="moderator",
    ),
    Operation("get", OF_SITE, "A site's settings", {200: SETTINGS}, problems=(401, 403, 404), security="moderator"),
    Operation(
        "patch", OF_SITE, "Change settings", {200: SETTINGS}, body=CHANGES, problems=REFUSED, security="moderator"
    ),
    Operation(
        "get",
        f"{MODERATION}/counts",
        "How many comments have each status, by site",
        {200: {"type": "object"}, 304: None},
        problems=(401, 404),
        security="moderator",
    ),
    Operation(
        "get",
        f"{MODERATION}/arrivals",
        "The same, and how many comments came after the newest of a list",
        {200: thing(counts={"type": "object"}, new=COUNT), 304: None},
        query={"after": ID, "status": STATUS, "site": SITE, "q": TEXT},
        problems=(401, 404, 422),
        security="moderator",
    ),
)


@cache
def document() -> bytes:
    """The description as JSON."""
    structs = (reading.PublicComment, reading.ListedComment, reading.ThreadAnswer, Challenge, Policy)
    _, schemas = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    schemas["Policy"]["properties"]["origins"] = list_of(TEXT)  # a setting that stands beside the policy
    schemas |= {"Submission": form.json_schema(), "Problem": PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    bearer = {"type": "http", "scheme": "bearer"}
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Comments Service", "version": version("comments-service"), "license": {"name": "MIT"}},
            "paths": paths,
            "components": {"schemas": schemas, "securitySchemes": {"receipt": bearer, "moderator": bearer}},
        }
    )


@bp.get("/api/v1/openapi.json")
def show() -> Response:
    return http.cacheable(document(), "application/json", http.Note())


def _described(operation: Operation) -> dict[str, Any]:
    """`operation` as an OpenAPI Operation Object."""
    described: dict[str, Any] = {"summary": operation.summary, "responses": _responses(operation)}
    described["parameters"] = [
        *(_parameter("path", name, ID if name != "site_id" else SITE, True) for name in _placeholders(operation.path)),
        *(_parameter("query", name, schema, name in operation.needed) for name, schema in operation.query.items()),
        *(_parameter("header", name, schema, False) for name, schema in operation.headers.items()),
    ]
    if operation.body:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    if operation.security:
        described["security"] = [{operation.security: []}]
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, schema in operation.answers.items():
        content = {"content": {operation.media: {"schema": schema}}} if schema else {}
        responses[str(status)] = {"description": operation.summary, **content}
    problem = {"application/problem+json": {"schema": named("Problem")}}
    for status in operation.problems:
        responses[str(status)] = {"description": "Refused, with the reason", "content": problem}
    return responses


def _parameter(where: str, name: str, schema: Schema, required: bool) -> dict[str, Any]:
    return {"in": where, "name": name, "schema": schema, "required": required}


def _placeholders(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]
