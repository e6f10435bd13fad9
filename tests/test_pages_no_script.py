"""Ada's browser runs no scripts, and she can do everything with plain pages: read, write, mend, withdraw."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask.testing import FlaskClient
from people import ORIGIN, PAGE, SITE, Commenter, Mia, Reader
from werkzeug.test import TestResponse

from comments_service import config, create_app, database, http
from comments_service.extensions import db
from comments_service.sites import policy, registry

HOSTILE = """'"><script>alert(1)</script></textarea><img src=x onerror=alert(1)>{{ 7*7 }}&amp;"""
VOID = {"input", "br", "meta", "link", "img", "hr"}


class Page(HTMLParser):
    """A page as a browser without scripts sees it: its elements, its forms and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[dict[str, str]] = []
        self.targets: list[str] = []
        self.texts: dict[str, str] = {}  # what stands in an element with an id, or a textarea
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag == "form":
            assert attributes["method"] == "post"
            self.targets.append(attributes["action"])
            self.forms.append({})
        if tag in {"input", "textarea"} and self.forms and "readonly" not in attributes:
            self.forms[-1][attributes["name"]] = attributes.get("value", "")
        if tag not in VOID:
            self._open.append((tag, attributes.get("name") or attributes.get("id") or attributes.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag, name in self._open:
            self.texts[name] = self.texts.get(name, "") + data
            if tag == "textarea" and self.forms and name in self.forms[-1]:
                self.forms[-1][name] = self.texts[name].removeprefix("\n")

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def link(self, rel: str) -> str | None:
        return next((link["href"] for link in self.all("link") if link["rel"] == rel), None)

    def attributes(self, name: str) -> dict[str, str]:
        """The attributes of the field `name`."""
        return next(attributes for _, attributes in self.elements if attributes.get("name") == name)


@dataclass
class Browser:
    """A browser that runs no scripts: it opens pages and sends the forms that stand in them."""

    client: FlaskClient
    page: Page = field(default_factory=lambda: Page(""))

    def opens(self, address: str) -> TestResponse:
        answer = self.client.get(address)
        self.page = Page(answer.text)
        return answer

    def opens_the_thread(self, page: str = PAGE, **query: str) -> TestResponse:
        answer = self.client.get(f"/s/{SITE}/thread", query_string={"page": page, **query})
        self.page = Page(answer.text)
        return answer

    def sends(self, origin: str | None = "http://127.0.0.1:8000", **typed: str) -> TestResponse:
        """Send the form of this page with `typed` filled in; what is answered is the page then."""
        headers = {"Origin": origin} if origin else {}
        path = urlsplit(self.page.targets[0]).path
        answer = self.client.post(path, data={**self.page.forms[0], **typed}, headers=headers)
        self.page = Page(answer.text)
        return answer

    def follows(self, answer: TestResponse) -> TestResponse:
        assert answer.status_code == 303
        assert answer.location.startswith("/"), "it leads to our own pages"
        return self.opens(answer.location)


ADA = {"name": "Ada", "email": "ada@ada-lovelace.org", "website": "https://ada.example/", "body": "Hello *you*"}


@pytest.fixture
def browser(blog: str, client: FlaskClient) -> Browser:
    return Browser(client)


# Reading ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_is_approved_and_a_form(browser: Browser, ada: Commenter, ben: Commenter, mia: Mia) -> None:
    first = ada.submits("Hello *you*", website="https://ada.example/")
    mia.approves(first)
    mia.approves(ben.submits("Hello back", parent=first.json["comment"]["id"]))
    ada.submits("Not yet")
    answer = browser.opens_the_thread()
    assert answer.status_code == 200
    assert "<p>Hello <em>you</em></p>" in answer.text
    assert "Not yet" not in answer.text
    named = [a for a in browser.page.all("a") if a.get("class") == "comment-name"]
    assert [(a["href"], a["rel"]) for a in named] == [("https://ada.example/", "nofollow ugc noopener")]
    assert {"body", "name", "email", "website", "page", "token"} <= set(browser.page.forms[0])


def test_replies_stand_below_what_they_answer_and_say_it_where_they_cannot(
    browser: Browser, ada: Commenter, mia: Mia
) -> None:
    parent = None
    for level in range(6):
        answer = ada.submits(f"Level {level}", name=f"Ada {level}", parent=parent)
        mia.approves(answer)
        parent = answer.json["comment"]["id"]
    mia.approves(ada.submits("Apart"))
    text = browser.opens_the_thread().text
    marks = re.findall(r"<ol>|<ol class=\"comments-list\">|</ol>|(?:Level \d|Apart)(?=</p>)", text)
    depth, depths = 0, {}
    for mark in marks:
        depth += mark.startswith("<ol") - (mark == "</ol>")
        depths[mark] = depth
    assert [depths[f"Level {level}"] for level in range(6)] == [1, 2, 3, 4, 4, 4]
    assert depths["Apart"] == 1
    assert re.findall(r"in reply to ([^<]*)<", text) == ["Ada 3", "Ada 4"]


def test_a_fragment_has_the_headings_of_a_part(browser: Browser) -> None:
    assert {tag for tag, _ in Page(browser.opens_the_thread().text).elements} >= {"h1", "h2"}
    assert "h1" not in tags_of(browser.opens_the_thread(fragment="1").text)


def test_every_field_has_a_label(browser: Browser) -> None:
    browser.opens_the_thread()
    labelled = {label["for"] for label in browser.page.all("label") if "for" in label}
    for name in ("body", "name", "email", "website"):
        assert browser.page.attributes(name)["id"] in labelled
    assert [name for name in ("body", "name", "email", "website") if "required" in browser.page.attributes(name)] == [
        "body",
        "name",
        "email",
    ]


def test_the_page_points_to_the_article(browser: Browser) -> None:
    browser.opens_the_thread(f"{ORIGIN}{PAGE}/?utm=1#top")
    assert browser.page.link("canonical") == f"{ORIGIN}{PAGE}"
    feed = urlsplit(browser.page.link("alternate") or "")
    assert parse_qs(feed.query) == {"page": [PAGE]}
    assert browser.opens(f"{feed.path}?{feed.query}").status_code == 200


@pytest.mark.parametrize("key", ["article-7", "//evil.example/x", "javascript:alert(1)"])
def test_a_key_that_is_no_path_points_nowhere(browser: Browser, key: str) -> None:
    assert browser.opens_the_thread(key).status_code == 200
    assert browser.page.link("canonical") is None
    assert [a["href"] for a in browser.page.all("a") if "evil" in a["href"] or "javascript" in a["href"]] == []


@pytest.mark.parametrize("address", [f"/s/nowhere/thread?page={PAGE}", "/s/blog/thread", "/s/blog/thread?page="])
def test_a_page_that_is_none_is_refused(browser: Browser, address: str) -> None:
    assert browser.opens(address).status_code in {404, 422}


def test_a_long_thread_has_a_next_page(browser: Browser, ada: Commenter, mia: Mia, holds: Callable[..., None]) -> None:
    holds(page_size=10)
    for number in range(12):
        mia.approves(ada.submits(f"Number {number}."))
    browser.opens_the_thread()
    assert len(browser.page.all("article")) == 10
    (more,) = [a["href"] for a in browser.page.all("a") if a.get("rel") == "next"]
    browser.opens(urlsplit(more).path + "?" + urlsplit(more).query)
    assert len(browser.page.all("article")) == 2


def test_no_page_runs_a_script_or_is_kept(browser: Browser, ada: Commenter) -> None:
    thread = browser.opens_the_thread()
    refused = browser.sends(body="")
    browser.opens_the_thread()
    receipt = browser.follows(browser.sends(**ADA))
    for answer in (thread, refused, receipt):
        policy = dict(rule.partition(" ")[::2] for rule in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "script-src" not in policy
        assert policy["form-action"].split()[:1] == ["'self'"]
        assert ORIGIN in policy["form-action"].split(), "some browsers hold the way back to the article to it"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        page = Page(answer.text)
        assert [script for script in page.all("script") if script.get("type") != "application/ld+json"] == []
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
        assert page.all("style") == []


# Writing ---------------------------------------------------------------------------------------------------------


def test_ada_writes_and_is_led_to_her_own_comment(browser: Browser, mia: Mia, thread: Reader) -> None:
    browser.opens_the_thread()
    answer = browser.follows(browser.sends(**ADA))
    assert "awaiting moderation" in answer.text
    assert "<p>Hello <em>you</em></p>" in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"
    (held,) = mia.queue(status="pending")["comments"]
    assert (held["name"], held["email"], held["website"]) == (ADA["name"], ADA["email"], ADA["website"])
    assert thread.names() == []


def test_what_is_published_at_once_leads_to_the_article(
    browser: Browser, thread: Reader, holds: Callable[..., None]
) -> None:
    holds(moderation="none")
    browser.opens_the_thread()
    with time_machine.travel(http.now() + timedelta(seconds=60), tick=False):
        answer = browser.sends(**ADA)
    (comment,) = thread.opens().json["comments"]
    assert (answer.status_code, answer.location) == (303, f"{ORIGIN}{PAGE}#comment-{comment['id']}")


@pytest.mark.parametrize("key", ["article-7", "//evil.example/x", "/\\evil.example", "/@evil.example", "/x\r\ny"])
def test_a_form_leads_to_the_site_or_to_us_only(browser: Browser, key: str, holds: Callable[..., None]) -> None:
    holds(moderation="none")
    browser.opens_the_thread()
    token = browser.client.get(f"/api/v1/sites/{SITE}/token", query_string={"page": key})
    with time_machine.travel(http.now() + timedelta(seconds=60), tick=False):
        answer = browser.sends(**ADA, page=key, token=(token.json or {}).get("token", ""))
    target = urlsplit(answer.location)
    assert answer.status_code == 303
    assert f"{target.scheme}://{target.netloc}" == ORIGIN or (target.netloc, target.path[:3]) == ("", "/s/")


@pytest.mark.parametrize("extra", ["next", "return", "redirect", "url", "from", "referer"])
def test_no_field_chooses_where_a_form_leads(browser: Browser, extra: str) -> None:
    browser.opens_the_thread()
    answer = browser.sends(**ADA, **{extra: "https://evil.example/"})
    assert answer.location.startswith(f"/s/{SITE}/receipt/")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", None])
def test_eve_cannot_send_the_form_from_her_page(browser: Browser, thread: Reader, mia: Mia, origin: str | None) -> None:
    browser.opens_the_thread()
    assert browser.sends(origin, **ADA).status_code == 403
    assert mia.queue(status="pending")["comments"] == []


def test_the_form_may_stand_in_the_article(browser: Browser, mia: Mia) -> None:
    browser.opens_the_thread(fragment="1")
    assert browser.page.targets == [f"http://127.0.0.1:8000/s/{SITE}/comments#form"]
    assert browser.sends(ORIGIN, **ADA).status_code == 303
    browser.opens_the_thread(fragment="1")
    ben = {**ADA, "name": "Ben", "email": "ben@ben-nevis.org"}
    assert browser.sends(ORIGIN, **ben).status_code == 303
    assert {c["name"] for c in mia.queue(status="pending")["comments"]} == {"Ada", "Ben"}


def test_a_fragment_is_the_same_for_everybody(browser: Browser) -> None:
    first, second = browser.opens_the_thread(fragment="1"), browser.opens_the_thread(fragment="1", utm="x")
    assert first.data == second.data
    assert "idempotency_key" not in browser.page.forms[0]
    assert browser.page.forms[0]["token"] == ""


def posting(answer: TestResponse) -> Any:
    """What search engines read on a page."""
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', answer.text)
    return json.loads(text)


def test_search_engines_learn_of_the_article_what_its_site_says(
    browser: Browser, ada: Commenter, ben: Commenter, mia: Mia
) -> None:
    asked = ada.submits("Why?")
    mia.approves(asked)
    mia.approves(ben.submits("Because.", parent=asked.json["comment"]["id"]))
    said = {"title": "</script>Bread", "author": "Ann Baker", "published": "2026-11-23", "summary": "Flour & time."}
    browser.opens_the_thread(fragment="1")  # who says nothing is answered otherwise
    found = posting(browser.opens_the_thread(fragment="1", **said))
    assert found["headline"] == "</script>Bread"
    assert found["author"] == {"@type": "Person", "name": "Ann Baker"}
    assert (found["datePublished"], found["text"], found["commentCount"]) == ("2026-11-23", "Flour & time.", 2)
    [question] = found["comment"]
    [answer] = question["comment"]
    assert [(c["author"]["name"], c["text"]) for c in (question, answer)] == [("Ada", "Why?"), ("Ben", "Because.")]
    assert datetime.fromisoformat(answer["datePublished"])
    assert question["url"] == f"{ORIGIN}{PAGE}#comment-{asked.json['comment']['id']}"


def test_nothing_is_made_up_of_an_article_of_which_nothing_is_said(browser: Browser) -> None:
    for answer in (browser.opens_the_thread(fragment="1"), browser.opens_the_thread(author="Eve, by a link")):
        assert set(posting(answer)) == {"@context", "@type", "url", "commentCount", "comment"}


@pytest.mark.parametrize("wrong", [{"published": "yesterday"}, {"author": "x" * 1001}])
def test_what_cannot_be_said_of_an_article_is_named(browser: Browser, wrong: dict[str, str]) -> None:
    answer = browser.opens_the_thread(fragment="1", **wrong)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == list(wrong)


def test_ada_presses_the_button_twice_and_says_it_once(browser: Browser, mia: Mia) -> None:
    browser.opens_the_thread()
    form = browser.page
    first = browser.sends(**ADA)
    browser.page = form
    second = browser.sends(**ADA)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert len(mia.queue(status="pending")["comments"]) == 1


def test_ada_goes_back_and_says_something_else(browser: Browser, mia: Mia) -> None:
    browser.opens_the_thread()
    form = browser.page
    browser.sends(**ADA)
    browser.page = form
    answer = browser.sends(**ADA | {"body": "Another thought"})
    assert answer.status_code == 422
    assert browser.page.forms[0]["body"] == "Another thought"
    assert browser.sends().status_code == 303
    assert len(mia.queue(status="pending")["comments"]) == 2


def test_every_wrong_field_is_shown_and_nothing_typed_is_lost(browser: Browser) -> None:
    browser.opens_the_thread()
    typed = {"name": " ", "email": "ada@gmail,com", "website": "ftp://a.example", "body": "\n\n  Two\n lines & <more>"}
    answer = browser.sends(**typed)
    assert answer.status_code == 422
    assert answer.mimetype == "text/html"
    assert {name: browser.page.forms[0][name] for name in typed} == typed
    for name in ("name", "email", "website"):
        shown = browser.page.attributes(name)
        assert shown["aria-invalid"] == "true"
        assert browser.page.texts[shown["aria-describedby"].split()[-1]].strip()
    assert "aria-invalid" not in browser.page.attributes("body")
    assert "ada@gmail.com" in browser.page.texts["email-error"]
    assert answer.text.count('role="alert"') == 1
    assert browser.sends(**ADA).status_code == 303


def test_a_doubtful_address_is_taken_when_sent_again(browser: Browser) -> None:
    browser.opens_the_thread()
    assert browser.sends(**ADA | {"email": "ada@gmial.com"}).status_code == 422
    assert "ada@gmail.com" in browser.page.texts["email-error"]
    assert browser.sends().status_code == 303


def test_a_doubtful_address_may_be_mended(browser: Browser, mia: Mia) -> None:
    browser.opens_the_thread()
    browser.sends(**ADA | {"email": "ada@gmial.com"})
    assert browser.sends(email="ada@gmail.com").status_code == 303
    assert [c["email"] for c in mia.queue(status="pending")["comments"]] == ["ada@gmail.com"]


def test_saying_the_same_twice_keeps_the_text(browser: Browser) -> None:
    browser.opens_the_thread()
    browser.sends(**ADA)
    browser.opens_the_thread()
    answer = browser.sends(**ADA)
    assert answer.status_code == 409
    assert browser.page.forms[0]["body"] == ADA["body"]


def test_ada_replies_by_a_link(browser: Browser, ben: Commenter, mia: Mia, thread: Reader) -> None:
    question = ben.submits("Question?")
    mia.approves(question)
    browser.opens_the_thread()
    (reply,) = [a["href"] for a in browser.page.all("a") if a["href"].endswith("#form")]
    answer = browser.opens(urlsplit(reply).path + "?" + urlsplit(reply).query)
    assert "<h2>Reply to Ben</h2>" in answer.text
    (cancel,) = [a["href"] for a in browser.page.all("a") if a["href"].endswith("#form") and "parent" not in a["href"]]
    form = browser.page
    assert "<h2>Leave a Comment</h2>" in browser.opens(urlsplit(cancel).path + "?" + urlsplit(cancel).query).text
    browser.page = form
    browser.sends(**ADA)
    (held,) = mia.queue(status="pending")["comments"]
    assert held["parent"]["id"] == question.json["comment"]["id"]


def test_a_reply_to_what_is_gone_is_kept_and_stands_on_its_own(browser: Browser, ben: Commenter, mia: Mia) -> None:
    question = ben.submits("Question?")
    mia.approves(question)
    browser.opens_the_thread(parent=question.json["comment"]["id"])
    mia.decides(question, "trash")
    assert browser.sends(**ADA).status_code == 404
    assert browser.page.forms[0]["body"] == ADA["body"]
    assert browser.sends().status_code == 303


def test_a_thread_that_closed_meanwhile_gives_the_text_back(
    browser: Browser, holds: Callable[..., None], ada: Commenter
) -> None:
    ada.submits("Somebody was here")
    browser.opens_the_thread()
    holds(close_after_days=1)
    with time_machine.travel(http.now() + timedelta(days=2), tick=False):
        assert browser.sends(**ADA).status_code == 403
        assert browser.page.forms == []
        assert browser.page.texts["kept"].strip() == ADA["body"]
        assert browser.opens_the_thread().status_code == 200
        assert browser.page.forms == []


def test_too_many_comments_keep_the_text_and_say_when(settings: config.Settings) -> None:
    app = create_app(replace(settings, submit_limits="1 per hour"))
    with app.app_context():
        database.upgrade()
        registry.add(SITE, [ORIGIN], policy.Policy(), http.now())
        browser = Browser(app.test_client(use_cookies=False))
        browser.opens_the_thread()
        assert browser.sends(**ADA).status_code == 303
        browser.opens_the_thread()
        answer = browser.sends(**ADA | {"body": "And another thing"})
        db.session.remove()
        db.engine.dispose()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert browser.page.forms[0]["body"] == "And another thing"


@pytest.mark.parametrize("site", ["nowhere", "BLOG"])
def test_a_form_for_no_site_is_refused(client: FlaskClient, blog: str, site: str) -> None:
    answer = client.post(f"/s/{site}/comments", data={**ADA, "page": PAGE}, headers={"Origin": ORIGIN})
    assert answer.status_code == 404


# What is hostile -------------------------------------------------------------------------------------------------


def test_hostile_text_is_text_wherever_it_stands(browser: Browser, ada: Commenter, mia: Mia) -> None:
    first = ada.submits(HOSTILE, name=HOSTILE[:100], title=HOSTILE, website="https://a.example/?q=&lt;b")
    mia.approves(first)
    calm = tags_of(browser.opens_the_thread("/calm").text)
    answer = browser.opens_the_thread(parent=first.json["comment"]["id"])
    assert tags_of(answer.text) - calm <= {"article", "header", "li", "time", "div", "span", "footer", "p", "small"}
    assert browser.page.all("img") == []
    assert "49" not in browser.page.texts["comment-body"]


def tags_of(html: str) -> set[str]:
    return {tag for tag, _ in Page(html).elements}


def test_a_form_sent_back_holds_hostile_text_as_text(browser: Browser) -> None:
    browser.opens_the_thread()
    calm = tags_of(browser.sends().text)
    typed: dict[str, Any] = dict.fromkeys(("name", "email", "website", "body"), HOSTILE)
    hidden = dict.fromkeys(("token", "idempotency_key", "parent", "lang"), HOSTILE)
    answer = browser.sends(**typed, **hidden)
    assert answer.status_code == 422
    assert tags_of(answer.text) <= calm
    assert {name: browser.page.forms[0][name] for name in typed} == typed


@pytest.mark.parametrize("name", ["page", "parent", "sort", "after", "lang"])
def test_a_hostile_address_is_text(browser: Browser, name: str) -> None:
    calm = tags_of(browser.opens_the_thread(parent="x").text)
    answer = browser.opens_the_thread(**{"page": "/x", name: f"/{HOSTILE}"})
    if answer.mimetype == "text/html":
        assert tags_of(answer.text) <= calm
    else:
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


# One's own comment -----------------------------------------------------------------------------------------------


@pytest.fixture
def at_the_receipt(browser: Browser) -> Browser:
    """The browser at the page of Ada's held comment."""
    browser.opens_the_thread()
    browser.follows(browser.sends(**ADA))
    return browser


def test_ada_mends_her_text(at_the_receipt: Browser, mia: Mia) -> None:
    assert at_the_receipt.page.forms[0]["body"] == ADA["body"]
    answer = at_the_receipt.follows(at_the_receipt.sends(body="Hello **all**"))
    assert "<strong>all</strong>" in answer.text
    assert [c["body_source"] for c in mia.queue(status="pending")["comments"]] == ["Hello **all**"]


@pytest.mark.parametrize("typed", ["", " \n", "x" * 10_001])
def test_a_wrong_text_is_shown_with_what_is_wrong(at_the_receipt: Browser, mia: Mia, typed: str) -> None:
    answer = at_the_receipt.sends(body=typed)
    assert answer.status_code == 422
    assert at_the_receipt.page.forms[0]["body"] == typed
    assert at_the_receipt.page.attributes("body")["aria-describedby"] == "body-error"
    assert at_the_receipt.page.texts["body-error"].strip()
    assert [c["body_source"] for c in mia.queue(status="pending")["comments"]] == [ADA["body"]]


def test_ada_withdraws_and_is_led_back_to_the_article(at_the_receipt: Browser, mia: Mia) -> None:
    own = at_the_receipt.page.targets[0]
    answer = at_the_receipt.sends(withdraw="1")
    assert (answer.status_code, answer.location) == (303, f"{ORIGIN}{PAGE}")
    assert mia.queue(status="pending")["comments"] == []
    assert at_the_receipt.opens(own).status_code == 404


def test_a_change_that_comes_too_late_gives_the_text_back(at_the_receipt: Browser, mia: Mia) -> None:
    form = at_the_receipt.page
    approve_the_only_one(mia)
    with time_machine.travel(http.now() + timedelta(minutes=16), tick=False):
        answer = at_the_receipt.sends(body="A long and careful second thought")
        assert (answer.status_code, answer.mimetype) == (403, "text/html")
        assert at_the_receipt.page.texts["kept"].strip() == "A long and careful second thought"
        assert "The time for changing this comment is over." in answer.text
        assert at_the_receipt.page.forms == []
        at_the_receipt.page = form
        assert at_the_receipt.sends(withdraw="1").status_code == 403


def approve_the_only_one(mia: Mia) -> None:
    (held,) = mia.queue(status="pending")["comments"]
    answer = mia.client.patch(
        f"/api/v1/moderation/comments/{held['id']}",
        json={"status": "approved", "version": held["version"]},
        headers={"Authorization": f"Bearer {mia.token}"},
    )
    assert answer.status_code == 200


def test_a_receipt_shows_what_became_of_the_comment(at_the_receipt: Browser, mia: Mia) -> None:
    own = at_the_receipt.page.targets[0]
    approve_the_only_one(mia)
    assert "Your comment is published." in at_the_receipt.opens(own).text
    assert at_the_receipt.page.forms
    with time_machine.travel(http.now() + timedelta(minutes=16), tick=False):
        at_the_receipt.opens(own)
        assert at_the_receipt.page.forms == []
        assert at_the_receipt.page.all("textarea") == []


@pytest.mark.parametrize("change", [{"body": "Eve was here"}, {"withdraw": "1"}])
def test_eve_cannot_change_it_from_her_page(at_the_receipt: Browser, mia: Mia, change: dict[str, str]) -> None:
    assert at_the_receipt.sends("https://evil.example", **change).status_code == 403
    assert [c["body_source"] for c in mia.queue(status="pending")["comments"]] == [ADA["body"]]


@pytest.mark.parametrize("verb", ["GET", "HEAD", "OPTIONS"])
def test_looking_changes_nothing(at_the_receipt: Browser, mia: Mia, verb: str) -> None:
    own = at_the_receipt.page.targets[0]
    at_the_receipt.client.open(own, method=verb, query_string={"withdraw": "1", "body": "x"})
    assert [c["body_source"] for c in mia.queue(status="pending")["comments"]] == [ADA["body"]]


def test_a_receipt_of_another_site_or_of_nobody_opens_nothing(at_the_receipt: Browser) -> None:
    own = at_the_receipt.page.targets[0]
    for address in (own.replace("/blog/", "/shop/"), own[:-1], own + "x", f"/s/{SITE}/receipt/x"):
        assert at_the_receipt.client.get(address).status_code == 404
        sent = at_the_receipt.client.post(address, data={"body": "x"}, headers={"Origin": ORIGIN})
        assert sent.status_code == 404
