"""Whatever comes in, the answer is a clear refusal or a stored comment: never a 5xx, never a silent loss."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import ORIGIN, PAGE, SITE, Commenter
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from comments_service import create_app, database, http, openapi
from comments_service.accounts import tokens
from comments_service.accounts.models import Role
from comments_service.config import Settings
from comments_service.sites import policy, registry

COMMENTS = f"/api/v1/sites/{SITE}/comments"
FIELDS = ("body", "name", "email", "website", "page", "title", "parent", "token")


def is_clear(answer: Any) -> bool:
    """Whether an answer is a success, or a refusal that says what it is and tells no secret."""
    if answer.status_code < 400:
        return True
    fine = answer.status_code < 500 and answer.mimetype == "application/problem+json" and answer.json["code"]
    return bool(fine) and not any(word in answer.text for word in ("Traceback", "sqlite", "SELECT", ".py", "/home"))


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"null", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "application/json", 400),
        (b'{"body": ' + b"9" * 5_000 + b"}", "application/json", (400, 422)),
        (b'{"body": NaN}', "application/json", 400),
        (b'{"body": "\xff\xfe"}', "application/json", 400),
        (b'{"body": "\\ud800"}', "application/json", (400, 422)),
        (b"{}", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"{}", "multipart/form-data; boundary=x", 415),
        (b"{}", None, 415),
        (b'{"body": "' + b"x" * 140_000 + b'"}', "application/json", 413),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_broken_bodies_are_refused(
    client: FlaskClient, blog: str, body: bytes, kind: str | None, status: int | tuple[int, ...]
) -> None:
    answer = client.post(COMMENTS, data=body, content_type=kind, headers={"Origin": ORIGIN})
    assert answer.status_code in (status if isinstance(status, tuple) else (status,))
    assert is_clear(answer)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [None, 0, -1, 1.5, True, [], {}, ["x"], {"x": "y"}, "\ud800", "x" * 20_000, "\x00"])
def test_every_field_takes_every_type(ada: Commenter, field: str, value: object) -> None:
    assert is_clear(ada.submits(**{field: value}))


def test_naughty_strings_are_stored_whole_or_refused(ada: Commenter, data: Path) -> None:
    strings = json.loads((data / "naughty" / "blns.json").read_text())
    for number, naughty in enumerate(strings):
        for fields in (("body", "name", "title"), ("email",), ("website",), ("page",), ("parent", "token")):
            answer = ada.submits(**{"body": f"Comment {number} {fields}", **dict.fromkeys(fields, naughty)})
            assert is_clear(answer), (fields, naughty)
            if answer.status_code == 202 and "body" in fields:
                assert ada.looks_at(answer).json["body_source"]


@pytest.mark.parametrize("length", [9_999, 10_000, 10_001, 65_534, 65_537])
@pytest.mark.parametrize("character", ["x", "é", "\U0001f35e"])
def test_a_text_is_stored_whole_or_refused(ada: Commenter, length: int, character: str) -> None:
    answer = ada.submits(character * length)
    if length <= 10_000:
        assert answer.status_code == 202
        assert ada.looks_at(answer).json["body_source"] == character * length
    else:
        assert answer.status_code in {413, 422}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.dictionaries(
        st.sampled_from([*FIELDS, "notify", "status", "id"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=4,
        ),
    )
)
def test_any_object_is_answered_clearly(client: FlaskClient, blog: str, form: dict[str, Any]) -> None:
    assert is_clear(client.post(COMMENTS, json=form, headers={"Origin": ORIGIN}))


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/embed.js/../../secret.key",
        "/demo/static/../../config.py",
        "/s/blog/thread",
        "/s/blog/receipt/x",
        "/s/blog/receipt/" + "A" * 3_000,
        "/s/%00/thread?page=/x",
        "/api/v1/sites/%ff/thread?page=/x",
        "/api/v1/sites/blog/latest?limit=99999999999999999999",
        "/api/v1/sites/blog/latest?limit=x",
        "/api/v1/comments/not-an-id",
        f"/api/v1/sites/blog/thread?page={PAGE}&after=%F0%9F%8D%9E",
        f"/api/v1/sites/blog/thread?page={PAGE}&lang=../../x",
        "/admin/../secret.key",
    ],
)
def test_odd_addresses_are_refused(client: FlaskClient, blog: str, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code < 500
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete", "trace"])
def test_other_verbs_change_nothing(client: FlaskClient, ada: Commenter, verb: str) -> None:
    answer = client.open(COMMENTS, method=verb.upper(), headers={"Origin": ORIGIN})
    assert answer.status_code == 405


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    described = {(o.method, o.path) for o in openapi.OPERATIONS}
    routed = {
        (method.lower(), str(rule).replace("<uuid:", "{").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/v1/") and "openapi" not in str(rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed == described


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The API by its own description, with a moderator's token, on a database of its own."""
    folder = tmp_path_factory.mktemp("schemathesis")
    folder.chmod(0o700)
    many = "1000000 per minute"
    app = create_app(Settings(instance_path=folder, submit_limits=many, preview_limits=many))
    with app.app_context():
        database.upgrade()
        registry.add(SITE, [ORIGIN], policy.Policy(), http.now())
        token = tokens.add("fuzz", [SITE], http.now(), Role.OWNER)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    return schema, token


class_of_checks = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def test_the_api_is_what_its_description_says(described: Any) -> None:
    schema, token = described
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == len(openapi.OPERATIONS)
    for operation in operations:

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def conforms(case: Any) -> None:
            if "site_id" in (case.path_parameters or {}):
                case.path_parameters["site_id"] = SITE
            # What comes compressed, schemathesis does not read.
            headers = {"Origin": ORIGIN, "Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
            case.validate_response(case.call(headers=headers), checks=class_of_checks)

        conforms()
