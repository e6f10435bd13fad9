"""Noah moderates the shop: of the blog he sees nothing and changes nothing, whatever he asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from door import MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, SITE, Commenter
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.accounts import moderators, secret, sign_in, tokens
from comments_service.accounts.models import ApiToken, Role
from comments_service.extensions import Base, db
from comments_service.sites import policy, registry

NOAHS_ADDRESS, NOAHS_PASSWORD = "noah@noah-moderates.org", "seven copper lanterns downhill"
API, PAGES = ("moderation", "threads"), ("queue", "discussion")  # the blueprints of the moderator's door
SAFE = {"GET", "HEAD", "OPTIONS"}
SEARCHES = {"moderation.make_search", "queue.find"}  # sent as a form so that no address stands in a link
FOREIGN_HEADERS = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Referer": "http://localhost/admin/"},
    {},
]


@dataclass
class Case:
    """What lies on a site's desk: something for every address of the moderator's door."""

    comment_id: str
    spam_id: str
    event_id: str
    thread_id: str
    entry_id: str
    site: str
    other_page: str

    def paths(self, app: Flask, rule: Rule) -> str:
        """The address of `rule` for this case; fails for a route with a part that it does not know."""
        known = {"comment_id": self.comment_id, "event_id": self.event_id, "thread_id": self.thread_id}
        known["entry_id"] = self.entry_id
        if rule.endpoint.endswith("purge_comment"):
            known["comment_id"] = self.spam_id
        unknown = rule.arguments - known.keys()
        assert not unknown, f"teach this test what {unknown} of {rule} are"
        with app.test_request_context():
            return app.url_map.bind("localhost").build(rule.endpoint, {a: known[a] for a in rule.arguments})

    def bodies(self) -> list[dict[str, Any]]:
        """What the JSON routes take: for each, one of these is right."""
        return [
            {"status": "approved", "version": 1},
            {"body": "Written by Noah", "version": 1},
            {"decisions": [{"id": self.comment_id, "status": "approved", "version": 1}]},
            {"locked": True},
            {"page": f"/{self.site}/{uuid4()}"},
            {"page": self.other_page},
            {"filter": "is:pending", "status": "trash", "site": self.site},
            {"q": "from:ada@example.org"},
            {"kind": "address"},
            {"site": self.site, "kind": "domain", "what": f"{uuid4().hex}.example"},
        ]

    def forms(self) -> list[dict[str, str]]:
        """What the pages take."""
        return [
            {"decision": f"approved:{self.comment_id}:1"},
            {f"choice-{self.comment_id}": f"spam:{self.comment_id}:1"},
            {"body": "Written by Noah", "version": "1"},
            {"body": "Written by Noah", "reply": "1"},
            {"locked": "true"},
            {"do": "lock", "locked": "true"},
            {"do": "merge", "page": self.other_page},
            {"list": "pending", "status": "trash", "site": self.site, "q": ""},
            {"q": "from:ada@example.org", "status": "pending"},
            {"kind": "address", "reason": "", "days": "7"},
            {"site": self.site, "kind": "domain", "what": f"{uuid4().hex}.example", "days": "0"},
        ]


def routes(app: Flask, *blueprints: str) -> Iterator[tuple[Rule, str]]:
    """Every route of the blueprints with each of its methods."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in blueprints and not rule.endpoint.endswith(".static"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def everything() -> dict[str, list[Any]]:
    """Every row there is."""
    db.session.rollback()
    return {
        table.name: sorted(map(repr, db.session.execute(sa.select(table)))) for table in Base.metadata.sorted_tables
    }


def case_of(client: FlaskClient, site: str, origin: str) -> Case:
    ada = Commenter(client, f"Ada of the {site}", f"ada-{uuid4().hex}@{site}-private.org", origin=origin, site=site)
    owner = tokens.add(f"Owner of the {site}", [site], http.now())
    headers = {"Authorization": f"Bearer {owner}"}
    page = f"/{site}/{uuid4()}"
    kinds = ("Held", "Spam", "Gone")
    held, spam, gone = (ada.submits(f"{kind} words of the {site}, {page}", page=page) for kind in kinds)
    decisions = [
        {"id": spam.json["comment"]["id"], "status": "spam", "version": 1},
        {"id": gone.json["comment"]["id"], "status": "trash", "version": 1},
    ]
    event = client.post("/api/v1/moderation/decisions", json={"decisions": decisions}, headers=headers).json["event"]
    comment = held.json["comment"]["id"]
    thread = client.get(f"/api/v1/moderation/comments/{comment}", headers=headers).json["thread"]["id"]
    foe = {"site": site, "kind": "name", "what": f"Foe of the {site} {uuid4()}"}
    assert client.post("/api/v1/moderation/blocks", json=foe, headers=headers).status_code == 201
    entry = client.get("/api/v1/moderation/blocks", headers=headers).json["blocks"][0]["id"]
    other_page = f"/{site}/{uuid4()}"
    ada.submits(f"More words of the {site}", page=other_page)
    return Case(comment, decisions[0]["id"], event, thread, entry, site, other_page)


@pytest.fixture
def blogs(blog: str, client: FlaskClient) -> Case:
    return case_of(client, SITE, ORIGIN)


@pytest.fixture
def shops(app: Flask, client: FlaskClient) -> Case:
    # So many comments that are so alike would be spam one day: what the checks find is not what is asked here.
    registry.add("shop", ["https://shop.example"], policy.Policy(spam_at=100.0), http.now())
    return case_of(client, "shop", "https://shop.example")


@pytest.fixture
def bearer(shops: Case) -> dict[str, str]:
    """The headers of Noah's program."""
    return {"Authorization": f"Bearer {tokens.add('Noah', ['shop'], http.now())}"}


@pytest.fixture
def noah(app: Flask, shops: Case) -> Browser:
    """Noah's browser, signed in."""
    moderator, _ = moderators.add(NOAHS_ADDRESS, "Noah", {"shop": Role.MODERATOR}, http.sealer(), http.now())
    sign_in.set_password(moderator.id, NOAHS_PASSWORD, (), b"")
    browser = Browser(app)
    assert browser.signs_in(NOAHS_PASSWORD, NOAHS_ADDRESS).status_code == 303
    return browser


@pytest.fixture
def mia(app: Flask) -> Browser:
    """Mia's browser, signed in, for every site."""
    add_mia()
    browser = Browser(app)
    assert browser.signs_in(MIAS_PASSWORD).status_code == 303
    return browser


def tells(answer: TestResponse, case: Case) -> bool:
    """Whether an answer holds anything of a case that was not in its own address."""
    words = (
        f"words of the {case.site}",
        f"{case.site}-private",
        f"Ada of the {case.site}",
        f"Owner of the {case.site}",
        f"Foe of the {case.site}",
    )
    return any(word in answer.text for word in words)


def ask(client: FlaskClient, path: str, method: str, body: dict[str, Any], headers: dict[str, str]) -> TestResponse:
    return client.open(path, method=method, json=None if method in SAFE else body, headers=headers)


def send(browser: Browser, path: str, method: str, form: dict[str, str]) -> TestResponse:
    return browser.opens(path) if method == "GET" else browser.sends(path, **form)


def test_noahs_program_moves_nothing_of_the_blog(
    app: Flask, client: FlaskClient, blogs: Case, bearer: dict[str, str]
) -> None:
    before = everything()
    for rule, method in routes(app, *API):
        for body in blogs.bodies():
            answer = ask(client, blogs.paths(app, rule), method, body, bearer)
            assert answer.status_code in {200, 404, 422}, (method, rule, body)
            assert not rule.arguments or answer.status_code != 200, (method, rule, body)
            assert "blog" not in answer.text, (method, rule, body)
            assert everything() == before, (method, rule, body)


def test_noahs_browser_moves_nothing_of_the_blog(app: Flask, noah: Browser, blogs: Case) -> None:
    before = everything()
    for rule, method in routes(app, *PAGES):
        for form in blogs.forms():
            answer = send(noah, blogs.paths(app, rule), method, form)
            assert answer.status_code in {200, 303, 404, 422}, (method, rule, form)
            assert not (rule.arguments and answer.status_code < 400), (method, rule, form)
            assert not tells(answer, blogs), (method, rule, form)
            assert everything() == before, (method, rule, form)


def test_what_is_the_blogs_answers_like_what_is_nowhere(
    app: Flask, client: FlaskClient, blogs: Case, bearer: dict[str, str]
) -> None:
    nowhere = Case(*(str(uuid4()) for _ in range(5)), "blog", "/nowhere")
    for rule, method in routes(app, *API):
        for theirs, nobodys in zip(blogs.bodies(), nowhere.bodies(), strict=True):
            foreign = ask(client, blogs.paths(app, rule), method, theirs, bearer)
            absent = ask(client, nowhere.paths(app, rule), method, nobodys, bearer)
            assert (foreign.status_code, foreign.json) == (absent.status_code, absent.json), (method, rule)


def test_the_same_asked_of_his_own_shop_is_done(
    app: Flask, client: FlaskClient, noah: Browser, shops: Case, bearer: dict[str, str]
) -> None:
    """Else the tests above would prove nothing: each route takes one of the bodies that they send."""
    for rule, method in routes(app, *API, *PAGES):
        fresh = case_of(client, "shop", "https://shop.example")
        path, before = fresh.paths(app, rule), everything()
        if rule.endpoint.startswith(API):
            reached = {ask(client, path, method, body, bearer).status_code for body in fresh.bodies()}
        else:
            reached = {send(noah, path, method, form).status_code for form in fresh.forms()}
        assert reached & {200, 201, 204, 303}, (method, rule, reached)
        changes = method not in SAFE and rule.endpoint not in SEARCHES
        assert (everything() != before) is changes, (method, rule)


@pytest.mark.parametrize("path", ["/comments", "/events"])
def test_the_blog_cannot_be_asked_for(
    client: FlaskClient, noah: Browser, blogs: Case, bearer: dict[str, str], path: str
) -> None:
    asked = client.get(f"/api/v1/moderation{path}?site=blog", headers=bearer)
    absent = client.get(f"/api/v1/moderation{path}?site=nowhere", headers=bearer)
    assert asked.status_code == absent.status_code == 404
    assert asked.json == absent.json
    page = noah.opens(f"/admin{path if path == '/events' else '/'}?site=blog")
    assert page.status_code == 404
    assert not tells(page, blogs)


def test_the_lists_hold_the_shop_alone(client: FlaskClient, shops: Case, blogs: Case, bearer: dict[str, str]) -> None:
    lists = {name: client.get(f"/api/v1/moderation/{name}", headers=bearer).json for name in ("comments", "events")}
    assert {card["site"] for card in lists["comments"]["comments"]} == {"shop"}
    assert lists["comments"]["total"] == 4
    assert {event["site"] for event in lists["events"]["events"]} == {"shop"}
    assert client.get("/api/v1/moderation/counts", headers=bearer).json == {
        "shop": {"approved": 0, "pending": 2, "spam": 1, "trash": 1}
    }


def test_a_batch_over_the_fence_moves_his_own_only(
    client: FlaskClient, shops: Case, blogs: Case, bearer: dict[str, str]
) -> None:
    wanted = [{"id": case.comment_id, "status": "approved", "version": 1} for case in (shops, blogs)]
    answer = client.post("/api/v1/moderation/decisions", json={"decisions": wanted}, headers=bearer)
    assert (answer.json["changed"], answer.json["conflicts"]) == (1, [])
    stale = [{**decision, "status": "spam", "version": 7} for decision in wanted]
    answer = client.post("/api/v1/moderation/decisions", json={"decisions": stale}, headers=bearer)
    assert [card["id"] for card in answer.json["conflicts"]] == [shops.comment_id]


def test_an_event_of_both_sites_is_undone_on_his_side_only(
    client: FlaskClient, shops: Case, blogs: Case, bearer: dict[str, str]
) -> None:
    boss = {"Authorization": f"Bearer {tokens.add('Boss', [], http.now())}"}
    wanted = [{"id": case.comment_id, "status": "spam", "version": 1} for case in (shops, blogs)]
    event = client.post("/api/v1/moderation/decisions", json={"decisions": wanted}, headers=boss).json["event"]
    (seen,) = [e for e in client.get("/api/v1/moderation/events", headers=bearer).json["events"] if e["id"] == event]
    assert [change["comment"] for change in seen["changes"]] == [shops.comment_id]
    undone = client.post(f"/api/v1/moderation/events/{event}/undo", headers=bearer).json
    assert (undone["changed"], undone["conflicts"]) == (1, [])
    statuses = [
        client.get(f"/api/v1/moderation/comments/{case.comment_id}", headers=boss).json["status"]
        for case in (shops, blogs)
    ]
    assert statuses == ["pending", "spam"]


def test_one_key_on_two_sites_is_two_decisions(
    client: FlaskClient, shops: Case, blogs: Case, bearer: dict[str, str]
) -> None:
    theirs = {"Authorization": f"Bearer {tokens.add('Noah', ['blog'], http.now())}"}
    for headers, case in ((theirs, blogs), (bearer, shops)):
        answer = client.post(
            "/api/v1/moderation/decisions",
            json={"decisions": [{"id": case.comment_id, "status": "approved", "version": 1}]},
            headers=headers | {"Idempotency-Key": "same"},
        )
        assert answer.json["changed"] == 1


# Who is nobody


@pytest.mark.parametrize(
    "header", [None, "Bearer comments_unknown", "Bearer", "Bearer ", "Basic bWlhOm1pYQ==", "", "Bearer é", "revoked"]
)
def test_who_is_nobody_is_told_so_on_every_route(
    app: Flask, client: FlaskClient, shops: Case, bearer: dict[str, str], header: str | None
) -> None:
    if header == "revoked":
        header = bearer["Authorization"]
        db.session.execute(sa.delete(ApiToken).where(ApiToken.id == secret.digest(header.partition(" ")[2])))
        db.session.commit()
    before = everything()
    for rule, method in routes(app, *API):
        for body in shops.bodies():
            headers = {} if header is None else {"Authorization": header}
            answer = ask(client, shops.paths(app, rule), method, body, headers)
            assert (answer.status_code, answer.json["code"]) == (401, "not-signed-in"), (method, rule)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert everything() == before


def test_a_wrong_token_is_not_made_good_by_a_session(noah: Browser, shops: Case) -> None:
    answer = noah.client.get("/api/v1/moderation/comments", headers={"Authorization": "Bearer comments_unknown"})
    assert answer.status_code == 401


def test_a_receipt_opens_no_door_of_the_moderators(client: FlaskClient, ada: Commenter) -> None:
    headers = {"Authorization": f"Bearer {ada.submits().json['receipt']}"}
    assert client.get("/api/v1/moderation/comments", headers=headers).status_code == 401


def test_every_page_sends_a_stranger_to_the_door(app: Flask, shops: Case) -> None:
    before, eve = everything(), Browser(app)
    for rule, method in routes(app, *PAGES):
        for form in shops.forms():
            answer = send(eve, shops.paths(app, rule), method, form)
            assert answer.status_code == 303, (method, rule)
            assert answer.location.startswith("/admin/sign-in"), (method, rule)
            assert not tells(answer, shops)
    assert everything() == before


def test_a_session_that_ended_is_nobodys(app: Flask, noah: Browser, shops: Case) -> None:
    noah.sends("/admin/sign-out")
    before = everything()
    for rule, method in routes(app, *PAGES):
        assert send(noah, shops.paths(app, rule), method, shops.forms()[0]).status_code == 303
    assert everything() == before


# What another website makes Mia's browser send


@pytest.mark.parametrize("headers", FOREIGN_HEADERS, ids=str)
def test_no_other_website_decides_with_mias_browser(
    app: Flask, mia: Browser, shops: Case, headers: dict[str, str]
) -> None:
    before, refused = everything(), 0
    for rule, method in routes(app, *API, *PAGES, "accounts"):
        if method in SAFE:
            continue
        path = str(rule) if rule.endpoint.startswith("accounts.") else shops.paths(app, rule)
        for form, body in zip(shops.forms(), [*shops.bodies(), {}], strict=True):
            asked = {"json": body} if rule.endpoint.startswith(API) else {"data": form}
            answer = mia.client.open(path, method=method, headers=mia.headers | headers, **asked)
            assert answer.status_code == 403, (method, rule)
            refused += 1
    assert refused > 20
    assert everything() == before
    assert mia.is_signed_in()


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}], ids=str)
def test_our_own_pages_do(mia: Browser, shops: Case, headers: dict[str, str]) -> None:
    answer = mia.sends("/admin/decide", headers, decision=f"approved:{shops.comment_id}:1")
    assert answer.status_code == 303
    assert "changed=1" in answer.location


def test_mias_script_may_use_the_api_by_her_session(mia: Browser, shops: Case) -> None:
    path = f"/api/v1/moderation/comments/{shops.comment_id}"
    body = {"status": "approved", "version": 1}
    assert mia.client.patch(path, json=body, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_program_needs_no_origin(client: FlaskClient, shops: Case, bearer: dict[str, str]) -> None:
    """Its token is nothing that a browser sends by itself."""
    headers = bearer | {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    body = {"status": "approved", "version": 1}
    answer = client.patch(f"/api/v1/moderation/comments/{shops.comment_id}", json=body, headers=headers)
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_another_website_may_not_read_the_queue_by_script(mia: Browser, shops: Case) -> None:
    answer = mia.client.get("/api/v1/moderation/comments", headers={"Origin": "https://shop.example"})
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
    assert "no-store" in answer.headers["Cache-Control"]
