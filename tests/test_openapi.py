"""The API's description is one that tools can read, and what people do fits it."""

import re
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest
from flask.testing import FlaskClient
from people import ORIGIN, PAGE, SITE, Commenter
from schemathesis.specs.openapi import definitions
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.accounts import tokens
from comments_service.accounts.models import Role

SITES, MODERATION = "/api/v1/sites/{site_id}", "/api/v1/moderation"
OF_SITE = f"{MODERATION}/sites/{{site_id}}/settings"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The description, as served."""
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return dict(answer.json)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, found) for path, item in document["paths"].items() for method, found in item.items()]


def schemas_in(part: Any) -> list[Any]:
    """Every schema below `part` of a description."""
    if isinstance(part, list):
        return [schema for inner in part for schema in schemas_in(inner)]
    if not isinstance(part, dict):
        return []
    here = [part["schema"]] if "schema" in part else []
    return here + [schema for inner in part.values() for schema in schemas_in(inner)]


def test_the_document_is_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    definitions.OPENAPI_31_VALIDATOR.validate(document)


def test_every_schema_is_one(document: dict[str, Any]) -> None:
    schemas = [*document["components"]["schemas"].values(), *schemas_in(document["paths"])]
    assert len(schemas) > 50
    for schema in schemas:
        jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
        jsonschema_rs.meta.validate(schema)


def test_nothing_refers_to_what_is_not_there(document: dict[str, Any], client: FlaskClient) -> None:
    text = client.get("/api/v1/openapi.json").text
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert referred == set(document["components"]["schemas"])
    for _, _, operation in operations(document):
        for scheme in operation.get("security", []):
            assert set(scheme) <= set(document["components"]["securitySchemes"])


def test_every_part_of_an_address_is_a_parameter(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert method in METHODS
        assert operation["summary"]
        inside = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert inside == set(re.findall(r"{(\w+)}", path))
        assert all(p["required"] for p in operation["parameters"] if p["in"] == "path")
        assert len({(p["in"], p["name"]) for p in operation["parameters"]}) == len(operation["parameters"])


def test_the_moderators_routes_ask_for_a_token_and_the_readers_for_none(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        asked = [name for scheme in operation.get("security", []) for name in scheme]
        if path.startswith(MODERATION):
            assert asked == ["moderator"]
            assert "401" in operation["responses"]
        elif path.startswith("/api/v1/comments/"):
            assert asked == ["receipt"]
        else:
            assert asked == []


class Walk:
    """Requests by the book: what is sent and what is answered is held against the description."""

    def __init__(self, client: FlaskClient, document: dict[str, Any]) -> None:
        self.client, self.document = client, document
        self.walked: set[tuple[str, str]] = set()

    def asks(self, method: str, path: str, status: int, token: str | None = None, **asked: Any) -> TestResponse:
        """Ask the operation at `path`; `asked` fills its parts, and is its `query` and `json`."""
        operation = self.document["paths"][path][method]
        query, json, key = asked.pop("query", {}), asked.pop("json", None), asked.pop("key", None)
        described = {p["name"] for p in operation["parameters"]}
        assert {*query, *asked} <= described
        if json is not None:
            self._fits(operation["requestBody"]["content"]["application/json"]["schema"], json)
        headers = {"Origin": ORIGIN}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        answer = self.client.open(
            path.format(**asked), method=method.upper(), query_string=query, json=json, headers=headers
        )
        assert answer.status_code == status, answer.text
        self._answers(operation, answer)
        if status < 400:
            self.walked.add((method, path))
        return answer

    def _answers(self, operation: dict[str, Any], answer: TestResponse) -> None:
        described = operation["responses"][str(answer.status_code)]
        if "content" not in described:
            assert answer.data == b""
            return
        assert list(described["content"]) == [answer.mimetype]
        schema = described["content"][answer.mimetype]["schema"]
        self._fits(schema, answer.json if answer.is_json else answer.text)

    def _fits(self, schema: dict[str, Any], value: Any) -> None:
        whole = {**schema, "components": self.document["components"]}
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)


@pytest.fixture
def walk(blog: str, client: FlaskClient, document: dict[str, Any]) -> Walk:
    return Walk(client, document)


def form(body: str, **fields: Any) -> dict[str, Any]:
    return {"page": PAGE, "title": "Bread", "name": "Ada", "email": "ada@ada-lovelace.org", "body": body, **fields}


def test_a_day_in_the_blog_fits_the_description(walk: Walk, document: dict[str, Any]) -> None:
    """Ada writes, Mia decides, everybody reads: every operation answers well, once at least."""
    token = tokens.add("Mia", [SITE], http.now(), Role.OWNER)
    mias: dict[str, Any] = {"token": token}
    own, card = "/api/v1/comments/{comment_id}", f"{MODERATION}/comments/{{comment_id}}"

    began = walk.asks("get", f"{SITES}/token", 200, site_id=SITE, query={"page": PAGE}).json["token"]
    walk.asks("post", f"{SITES}/preview", 200, site_id=SITE, json={"body": "Hello *you*"})
    sent = form("Hello *you*, <https://ada.example>", token=began, website="https://ada.example/")
    accepted = walk.asks("post", f"{SITES}/comments", 202, site_id=SITE, json=sent, key="one").json
    comment, receipt = accepted["comment"]["id"], accepted["receipt"]
    walk.asks("get", own, 200, receipt, comment_id=comment)
    walk.asks("patch", own, 200, receipt, comment_id=comment, json={"body": "Hello you"})

    queue = walk.asks("get", f"{MODERATION}/comments", 200, **mias, query={"status": "pending", "limit": 10}).json
    assert [found["id"] for found in queue["comments"]] == [comment]
    version = walk.asks("get", card, 200, **mias, comment_id=comment).json["version"]
    wish = {"status": "approved", "version": version}
    walk.asks("patch", card, 200, **mias, comment_id=comment, json=wish)
    walk.asks("post", f"{card}/reply", 201, **mias, comment_id=comment, json={"body": "Hello Ada"})

    read = walk.asks("get", f"{SITES}/thread", 200, site_id=SITE, query={"page": PAGE, "sort": "newest"}).json
    assert [found["name"] for found in read["comments"]] == ["Ada", "Mia"]
    walk.asks("get", f"{SITES}/counts", 200, site_id=SITE, query={"page": PAGE})
    assert len(walk.asks("get", f"{SITES}/latest", 200, site_id=SITE, query={"limit": 5}).json["comments"]) == 2
    walk.asks("get", f"{SITES}/feed.atom", 200, site_id=SITE)

    decision = {"id": comment, "status": "spam", "version": version + 1}
    decided = walk.asks("post", f"{MODERATION}/decisions", 200, **mias, json={"decisions": [decision]}, key="two").json
    again = [{**decision, "status": "trash"}]
    late = walk.asks("post", f"{MODERATION}/decisions", 200, **mias, json={"decisions": again}).json
    assert [found["status"] for found in late["conflicts"]] == ["spam"]
    walk.asks("get", f"{MODERATION}/events", 200, **mias, query={"site": SITE})
    walk.asks("post", f"{MODERATION}/events/{{event_id}}/undo", 200, **mias, event_id=decided["event"])
    walk.asks("get", f"{MODERATION}/counts", 200, **mias)
    walk.asks("get", f"{MODERATION}/arrivals", 200, **mias, query={"status": "pending", "site": SITE})
    on_a_discussion(walk, {**mias, "thread_id": queue["comments"][0]["thread"]["id"]})

    walk.asks("post", f"{MODERATION}/search", 200, **mias, json={"q": "from:ada@ada-lovelace.org"})
    blocked = {"site": SITE, "kind": "domain", "what": "pills.example"}
    walk.asks("post", f"{MODERATION}/blocks", 201, **mias, json=blocked)
    walk.asks("post", f"{card}/block", 200, **mias, comment_id=comment, json={"kind": "name"})
    walk.asks("post", f"{card}/trust", 200, **mias, comment_id=comment)
    for entry in walk.asks("get", f"{MODERATION}/blocks", 200, **mias).json["blocks"]:
        walk.asks("delete", f"{MODERATION}/blocks/{{entry_id}}", 200, **mias, entry_id=entry["id"])

    found = walk.asks("get", OF_SITE, 200, **mias, site_id=SITE).json
    walk.asks("patch", OF_SITE, 200, **mias, site_id=SITE, json={"settings": {**found["settings"], "page_size": 50}})

    stale = walk.asks("patch", card, 409, **mias, comment_id=comment, json={**wish, "status": "spam"})
    assert stale.json["current"]["version"] == version + 3
    walk.asks("delete", card, 409, **mias, comment_id=comment)
    trash = {"status": "trash", "version": version + 3}
    walk.asks("patch", card, 200, **mias, comment_id=comment, json=trash)
    walk.asks("delete", card, 204, **mias, comment_id=comment)
    second = walk.asks("post", f"{SITES}/comments", 202, site_id=SITE, json=form("Never mind")).json
    walk.asks("delete", own, 204, second["receipt"], comment_id=second["comment"]["id"])

    assert walk.walked == {(method, path) for method, path, _ in operations(document)}


def on_a_discussion(walk: Walk, mias: dict[str, Any]) -> None:
    """All that Mia does with a discussion as a whole."""
    walk.asks("get", f"{MODERATION}/threads/{{thread_id}}", 200, **mias)
    for change in ({"locked": False}, {"close_after_days": 30}, {"pinned": None}, {"page": "/elsewhere"}):
        walk.asks("patch", f"{MODERATION}/threads/{{thread_id}}", 200, **mias, json=change)
    walk.asks("post", f"{SITES}/comments", 202, site_id=SITE, json=form("Below another page", page="/other"))
    walk.asks("post", f"{MODERATION}/threads/{{thread_id}}/merge", 200, **mias, json={"page": "/other"})


def test_refusals_fit_the_description_too(walk: Walk, ada: Commenter) -> None:
    token = tokens.add("Mia", [SITE], http.now(), Role.OWNER)
    wrong = {"site_id": "nowhere"}
    walk.asks("get", f"{SITES}/thread", 404, **wrong, query={"page": PAGE})
    walk.asks("get", f"{SITES}/thread", 422, site_id=SITE, query={"page": PAGE, "after": "x"})
    walk.asks("post", f"{SITES}/comments", 422, site_id=SITE, json=form("x", email="nobody"))
    ada.submits("Twice")
    walk.asks("post", f"{SITES}/comments", 409, site_id=SITE, json=form("Twice"))
    for method, path in (("get", "/comments"), ("get", "/events"), ("get", "/counts")):
        walk.asks(method, f"{MODERATION}{path}", 401)
        walk.asks(method, f"{MODERATION}{path}", 401, "comments_unknown")
    nobody = str(uuid4())
    walk.asks("get", "/api/v1/comments/{comment_id}", 401, comment_id=nobody)
    walk.asks("get", f"{MODERATION}/comments/{{comment_id}}", 404, token, comment_id=nobody)
    walk.asks("get", f"{MODERATION}/comments", 422, token, query={"limit": 500})
    walk.asks("post", f"{MODERATION}/events/{{event_id}}/undo", 404, token, event_id=nobody)


def test_a_thread_read_again_is_said_to_be_the_same(walk: Walk, client: FlaskClient) -> None:
    path = f"/api/v1/sites/{SITE}/thread?page={PAGE}"
    tag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert "304" in walk.document["paths"][f"{SITES}/thread"]["get"]["responses"]


def test_the_form_the_description_and_the_refusal_name_the_same_lengths(walk: Walk, client: FlaskClient) -> None:
    described = walk.document["components"]["schemas"]["Submission"]["properties"]
    fields = client.get(f"/api/v1/sites/{SITE}/thread?page={PAGE}").json["form"]["fields"]
    for field in fields:
        if field.get("max_length"):
            assert described[field["name"]]["maxLength"] == field["max_length"]
    most = described["name"]["maxLength"]
    walk.asks("post", f"{SITES}/comments", 202, site_id=SITE, json=form("Long", name="x" * most))
    too_long = form("Longer", name="x" * (most + 1))
    answer = client.post(f"/api/v1/sites/{SITE}/comments", json=too_long, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "name")
