"""Mia searches: by words and operators, in an address that names nobody, and decides on all that she found."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from door import MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, PAGE, SITE, Commenter, Mia
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.accounts import tokens
from comments_service.comments.models import Comment
from comments_service.errors import InvalidForm
from comments_service.extensions import db
from comments_service.moderation import decisions, matching, queue, search
from comments_service.moderation.models import Change, Event
from comments_service.sites import policy, registry

API = "/api/v1/moderation"


@dataclass
class Desk(Mia):
    """Mia at her desk, who searches."""

    def asks(self, method: str, path: str, key: str | None = None, **data: Any) -> TestResponse:
        headers = self._headers() | ({"Idempotency-Key": key} if key else {})
        return self.client.open(f"{API}/{path}", method=method, json=data or None, headers=headers)

    def finds(self, q: str, **query: Any) -> list[str]:
        """The texts that a search finds, the oldest first."""
        found = self.queue(q=q, **query)
        assert "comments" in found, found
        assert found["total"] == len(found["comments"])
        return [card["body_source"] for card in found["comments"]][::-1]

    def is_refused(self, q: str) -> str:
        """What she is told of a search that cannot be meant."""
        answer = self.client.get(f"{API}/comments", query_string={"q": q}, headers=self._headers())
        assert (answer.status_code, answer.json["code"]) == (422, "invalid-form")
        assert {error["field"] for error in answer.json["errors"]} == {"q"}
        return " ".join(error["message"] for error in answer.json["errors"])


@pytest.fixture
def desk(mia: Mia) -> Desk:
    return Desk(mia.client, mia.token)


def id_of(answer: TestResponse) -> str:
    return str(answer.json["comment"]["id"])


def statuses() -> list[str]:
    db.session.rollback()
    return [status.value for status in db.session.scalars(sa.select(Comment.status).order_by(Comment.id))]


# Words


def test_words_are_found_wherever_they_stand_and_whatever_their_case(
    ada: Commenter, ben: Commenter, desk: Desk
) -> None:
    ada.submits("Sourdough takes time")
    ben.submits("Rye", website="https://sourdough.example/")
    ada.submits("An oven", name="Ada Sourdough")
    ben.submits("Nothing of the kind")
    assert desk.finds("SOURDOUGH") == ["Sourdough takes time", "Rye", "An oven"]
    assert desk.finds("sourdough takes") == desk.finds("takes sourdough") == ["Sourdough takes time"]
    assert desk.finds("sour") == []
    assert desk.finds("sour*") == ["Sourdough takes time", "Rye", "An oven"]
    assert desk.finds("text:sourdough") == ["Sourdough takes time"]
    assert desk.finds("name:sourdough") == ["An oven"]


def test_quotes_hold_words_together(ada: Commenter, desk: Desk) -> None:
    ada.submits("The oven was too hot")
    ada.submits("Too hot, the oven was")
    assert desk.finds('"oven was too"') == desk.finds('text:"oven was too"') == ["The oven was too hot"]
    assert desk.finds('name:"oven was"') == []
    for quoted in ("“oven was too”", "„oven was too“", "«oven was too»", "text:“oven was too”"):
        assert desk.finds(quoted) == ["The oven was too hot"]
    assert len(desk.finds('oven was "too hot"')) == 2


@pytest.mark.parametrize(
    ("text", "found", "missed"),
    [
        ("100% rye", "100%", "%rye%"),
        ("snake_case here", "snake_case", "snake case_"),
        ("Größe und Übermut", "größe", "grosse"),
        ("хлеб и соль", "ХЛЕБ", "хле"),
        ("面包很好吃", "面包", "包面"),
        ("see https://example.org/a-b?c=d now", "https://example.org/a-b?c=d", "https://example.org/a-b?c=e"),
        ("at 10:30 sharp", "10:30", "10:31"),
        ("it's 'quoted' \\ here", "it's", "'quoted''"),
        ("100 & more | all !", "&", "!&"),
    ],
)
def test_odd_words_are_words_too(ada: Commenter, desk: Desk, text: str, found: str, missed: str) -> None:
    ada.submits(text)
    assert desk.finds(found) == [text]
    assert desk.finds(missed) == []


@pytest.mark.parametrize(
    "q",
    ['"', '""', '" OR 1', "NEAR(a b)", "a AND OR NOT", "(", "{name}", "^a", "a* b*", "*", "'; DROP", ":*", "a:* \\"],
)
def test_signs_that_databases_know_are_only_signs(ada: Commenter, desk: Desk, q: str) -> None:
    ada.submits("Plain words")
    answer = desk.client.get(f"{API}/comments", query_string={"q": q}, headers=desk._headers())
    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or answer.json["comments"] == [] or q in {'""'}


def test_the_index_follows_edits_and_purges(ada: Commenter, desk: Desk) -> None:
    answer = ada.submits("First a baguette")
    ada.changes(answer, "Then a pretzel")
    assert (desk.finds("baguette"), desk.finds("pretzel")) == ([], ["Then a pretzel"])
    desk.asks("PATCH", f"comments/{id_of(answer)}", body="At last a bagel", version=2)
    assert (desk.finds("pretzel"), desk.finds("bagel")) == ([], ["At last a bagel"])
    desk.decides(answer, "trash")
    assert desk.finds("bagel", status="trash") == ["At last a bagel"]
    assert desk.asks("DELETE", f"comments/{id_of(answer)}").status_code == 204
    assert desk.finds("bagel") == []
    ada.submits("Another bagel")
    assert desk.finds("bagel") == ["Another bagel"]


def test_matches_are_counted_on_the_own_sites_only(ada: Commenter, desk: Desk, client: FlaskClient) -> None:
    registry.add("shop", [ORIGIN], policy.Policy(), http.now())
    ada.submits("Bread here")
    Commenter(client, "Ada", ada.email, site="shop").submits("Bread there")
    assert desk.finds("is:any bread") == desk.finds("is:any bread", site=SITE) == ["Bread here"]
    everywhere = Mia(client, tokens.add("Owner", [], http.now())).queue(q="is:any bread")
    assert everywhere["total"] == len(everywhere["comments"]) == 2


# Operators


def test_a_status_in_the_search_goes_before_the_list(ada: Commenter, desk: Desk) -> None:
    for number, status in enumerate(("approved", "spam", "trash")):
        desk.decides(ada.submits(f"Bread {number}"), status)
    ada.submits("Bread 3")
    assert desk.finds("is:spam bread", status="pending") == ["Bread 1"]
    assert desk.finds("is:any", status="pending") == [f"Bread {number}" for number in range(4)]
    assert desk.finds("bread", status="pending") == ["Bread 3"]


def test_somebody_is_found_by_the_key_of_an_address(ada: Commenter, ben: Commenter, desk: Desk) -> None:
    ada.submits("By Ada")
    ben.submits("By Ben")
    ada.submits("By Ada again", name="A. L.")
    for typed in ("from:ada@ada-lovelace.org", "ADA@ada-lovelace.org", 'from:"ada@ada-lovelace.org"'):
        q = desk.asks("POST", "search", q=typed).json["q"]
        assert q == f"from:key-{http.sealer().lookup('ada@ada-lovelace.org').hex()}"
        assert desk.finds(q) == ["By Ada", "By Ada again"]
    (card,) = [card for card in desk.queue()["comments"] if card["name"] == "Ben"]
    assert desk.finds(card["commenter"]["search"]) == ["By Ben"]


@pytest.mark.parametrize("q", ["from:ada@ada-lovelace.org", "ada@ada-lovelace.org", 'text:"mail ada@x.org now"'])
def test_an_address_never_stands_in_a_link(desk: Desk, q: str) -> None:
    assert "may not stand in a link" in desk.is_refused(q)


def test_a_domain_is_found_in_links_and_websites(ada: Commenter, desk: Desk) -> None:
    ada.submits("See https://shop.pills.example/buy now")
    ada.submits("A website", website="https://pills.example/")
    ada.submits("pills for example")
    ada.submits("Elsewhere: https://pills-example.org/")
    assert desk.finds("domain:pills.example") == ["See https://shop.pills.example/buy now", "A website"]


def test_a_page_and_its_answers_are_found(ada: Commenter, ben: Commenter, desk: Desk) -> None:
    first = ada.submits("Question")
    desk.approves(first)
    ben.submits("Answer", parent=id_of(first))
    ben.submits("Elsewhere", page="/2026/cake")
    assert desk.finds(f"page:{PAGE}") == ["Question", "Answer"]
    assert desk.finds("page:/2026/cake") == ["Elsewhere"]
    assert desk.finds(f"reply-to:{id_of(first)}") == ["Answer"]
    assert desk.finds(f"reply-to:{UUID(int=0)}") == []


def test_links_are_counted(ada: Commenter, desk: Desk) -> None:
    texts = ["None", "One http://a.example", "Two http://a.example http://b.example"]
    for text in texts:
        ada.submits(text)
    found = {
        "link:>1": texts[2:],
        "link:>=1": texts[1:],
        "link:<2": texts[:2],
        "link:<=0": texts[:1],
        "link:1": texts[1:2],
        "link:=0": texts[:1],
        "link:>0 link:<2": texts[1:2],
    }
    assert {q: desk.finds(q) for q in found} == found
    assert desk.finds("link:>1", status="pending") == texts[2:]
    ada.changes(ada.submits("Soon http://a.example"), "None any more")
    assert desk.finds("link:1") == texts[1:2]


def test_comments_are_found_by_what_held_them(ada: Commenter, desk: Desk) -> None:
    ada.submits("http://a.example http://b.example http://c.example http://d.example")
    ada.submits('They wrote "check":"links","points" here')
    assert len(desk.finds("rule:links")) == 1
    assert len(desk.finds("rule:timing")) == 2
    assert desk.finds("rule:honeypot") == []
    assert desk.finds("timing") == []  # what a check says is not what people wrote


def test_times_are_those_of_arrival(ada: Commenter, desk: Desk) -> None:
    for number in range(3):
        ada.submits(f"Bread {number}")
    middle = db.session.scalars(sa.select(Comment).order_by(Comment.id)).all()[1]
    at = datetime.fromtimestamp((middle.id.int >> 80) / 1000, UTC).isoformat()
    before, after = desk.finds(f"before:{at}"), desk.finds(f"after:{at}")
    assert sorted(before + after) == [f"Bread {number}" for number in range(3)]
    assert "Bread 1" in after
    assert desk.finds("after:2020-01-01 before:2020-01-02") == []
    assert len(desk.finds("after:2020-01-01")) == 3


@pytest.mark.parametrize(
    ("q", "said"),
    [
        ("ip:203.0.113.7", "There is no “ip:”."),
        ("colour:red bread", "There is no “colour:”."),
        ("is:open", "is:open"),
        ("is:spam is:pending", "is:pending"),
        ("from:ada", "from:ada"),
        ("from:key-12", "from:key-12"),
        ("link:many", "link:many"),
        ("link:²", "link:²"),
        ("rule:<b>", "rule:<b>"),
        ("before:yesterday", "before:yesterday"),
        ("after:0001-01-01", "after:0001-01-01"),
        ("reply-to:ada", "reply-to:ada"),
        ("domain:...", "domain:..."),
        ("name:", "Something is missing after “name:”."),
        ('text:""', "Something is missing after “text:”."),
        ("word " * 21, "20 words"),
        ("x" * 501, "500 characters"),
    ],
)
def test_what_cannot_be_meant_is_told_and_never_left_out(desk: Desk, q: str, said: str) -> None:
    assert said in desk.is_refused(q)


def test_everything_wrong_is_told_at_once(desk: Desk) -> None:
    told = desk.is_refused("is:open colour:red bread link:x")
    assert all(word in told for word in ("is:open", "colour:", "link:x"))


def test_the_other_site_is_not_searched(blog: str, ada: Commenter, desk: Desk) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    ada.submits("Bread here")
    Commenter(ada.client, "Ada", ada.email, origin="https://shop.example", site="shop").submits("Bread there")
    assert desk.finds("bread") == desk.finds("is:any name:ada") == ["Bread here"]
    told = desk.asks("POST", "decisions", filter="bread", status="spam").json
    assert (told["changed"], statuses()) == (1, ["spam", "pending"])


# All that match


def test_all_that_match_are_one_event_and_one_undo(ada: Commenter, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST", 3)
    for number in range(8):
        ada.submits(f"Pills {number}")
    ada.submits("Bread")
    total = desk.queue(q="is:pending pills")["total"]
    told = desk.asks("POST", "decisions", filter="is:pending pills", status="spam", count=total).json
    assert (told["changed"], told["matched"], told["conflicts"]) == (8, 8, [])
    assert statuses() == ["spam"] * 8 + ["pending"]
    (event,) = desk.asks("GET", "events").json["events"]
    assert (event["id"], event["changed"], event["note"]) == (
        told["event"],
        8,
        "All that match is:pending pills to spam",
    )
    parts = db.session.scalars(sa.select(Change.part).order_by(Change.part)).all()
    assert parts == [0, 0, 0, 1, 1, 1, 2, 2]
    undone = desk.asks("POST", f"events/{told['event']}/undo").json
    assert (undone["changed"], undone["conflicts"]) == (8, [])
    assert statuses() == ["pending"] * 9
    assert desk.asks("POST", f"events/{undone['event']}/undo").json["changed"] == 8
    assert statuses() == ["spam"] * 8 + ["pending"]


def test_a_filter_may_name_an_address_and_the_log_does_not(ada: Commenter, ben: Commenter, desk: Desk) -> None:
    ada.submits("By Ada")
    ben.submits("By Ben")
    told = desk.asks("POST", "decisions", filter=f"is:pending from:{ada.email}", status="approved").json
    assert told["changed"] == 1
    assert statuses() == ["approved", "pending"]
    db.session.rollback()
    notes = list(db.session.scalars(sa.select(Event.note)))
    assert "from:key-" in notes[0]
    assert ada.email not in notes[0]


def test_a_filter_sent_twice_is_carried_out_once(ada: Commenter, desk: Desk) -> None:
    first = ada.submits("Pills")
    told = desk.asks("POST", "decisions", "one", filter="pills", status="spam").json
    desk.decides(first, "approved")
    ada.submits("More pills")
    again = desk.asks("POST", "decisions", "one", filter="pills", status="spam").json
    assert (again["event"], again["changed"]) == (told["event"], 1)
    assert statuses() == ["approved", "pending"]


def test_a_filter_that_was_cut_short_goes_on_with_its_event(
    ada: Commenter, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "MOST", 2)
    for number in range(5):
        ada.submits(f"Pills {number}")
    record, written = decisions.record, []

    def stops(*args: Any, **about: Any) -> Any:
        written.append(args)
        if len(written) == 2:
            raise KeyboardInterrupt
        return record(*args, **about)

    with monkeypatch.context() as stopping:
        stopping.setattr(decisions, "record", stops)
        with pytest.raises(KeyboardInterrupt):
            desk.asks("POST", "decisions", "one", filter="pills", status="spam")
    assert sorted(statuses()) == ["pending"] * 3 + ["spam"] * 2
    told = desk.asks("POST", "decisions", "one", filter="pills", status="spam").json
    assert told["changed"] == 5
    assert statuses() == ["spam"] * 5
    assert len(desk.asks("GET", "events").json["events"]) == 1
    assert desk.asks("POST", f"events/{told['event']}/undo").json["changed"] == 5


def test_nothing_that_matches_makes_no_event(ada: Commenter, desk: Desk) -> None:
    ada.submits("Bread")
    told = desk.asks("POST", "decisions", filter="pills", status="spam").json
    assert told == {"event": None, "changed": 0, "matched": 0, "conflicts": []}
    assert desk.asks("GET", "events").json["events"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"filter": "colour:red", "status": "spam"},
        {"filter": None, "status": "spam"},
        {"filter": ["a"], "status": "spam"},
        {"filter": "pills", "status": "gone"},
        {"filter": "pills"},
        {"filter": "pills", "status": "spam", "count": "many"},
        {"filter": "pills", "status": "spam", "site": 7},
    ],
)
def test_a_filter_that_is_none_changes_nothing(ada: Commenter, desk: Desk, wrong: dict[str, Any]) -> None:
    ada.submits("Pills")
    answer = desk.asks("POST", "decisions", **wrong)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-form")
    assert statuses() == ["pending"]


def test_matches_are_counted_a_little_way_and_to_the_end_when_it_is_asked_for(
    ada: Commenter, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        ada.submits(f"Pills {number}")
    assert counted(desk.queue(q="pills")) == (5, False)
    monkeypatch.setattr(queue, "COUNTED", 3)
    assert counted(desk.queue(q="pills", limit=2)) == (3, True)
    last = desk.queue(q="pills", limit=2)["next"]
    assert counted(desk.queue(q="pills", limit=2, after=last)) == (3, True)
    assert counted(desk.queue(q="pills", limit=2, count="all")) == (5, False)
    assert counted(desk.queue(status="pending", limit=2)) == (5, False)  # without a search it is known
    monkeypatch.setattr(queue, "ALL", 4)
    assert counted(desk.queue(q="pills", limit=2, count="all")) == (4, True)
    assert desk.queue(q="pills", count="some")["errors"][0]["field"] == "count"


def counted(found: Any) -> tuple[int, bool]:
    """How many a search found, and whether there may be more."""
    return found["total"], found["at_least"]


# On the page


@pytest.fixture
def browser(app: Flask, blog: str) -> Browser:
    add_mia()
    browser = Browser(app)
    browser.signs_in(MIAS_PASSWORD)
    return browser


def test_the_search_form_leads_to_an_address_without_an_address(ada: Commenter, browser: Browser) -> None:
    ada.submits("By Ada")
    answer = browser.sends("/admin/search", q="from:ada@ada-lovelace.org is:any", status="pending")
    assert answer.status_code == 303
    assert "@" not in answer.location
    assert "%40" not in answer.location
    assert "By Ada" in browser.opens(answer.location).text


def test_the_page_tells_what_is_wrong_and_keeps_what_was_typed(browser: Browser) -> None:
    answer = browser.opens("/admin/?q=colour:red")
    assert answer.status_code == 422
    assert "There is no “colour:”." in answer.text
    assert 'value="colour:red"' in answer.text


def test_all_that_match_are_decided_by_a_form(ada: Commenter, browser: Browser) -> None:
    for number in range(3):
        ada.submits(f"Pills {number}")
    ada.submits("Bread")
    assert "Spam all 3" in browser.opens("/admin/?q=pills").text
    form = {"q": "pills", "list": "pending", "site": "", "count": "3", "status": "spam", "back": "/admin/?q=pills"}
    answer = browser.sends("/admin/decide-all", **form)
    assert answer.status_code == 303
    assert "Marked as spam: 3 comments." in browser.opens(answer.location).text
    assert statuses() == ["spam"] * 3 + ["pending"]


def test_a_key_of_no_use_is_only_a_search_without_results(desk: Desk) -> None:
    assert search.key_text(bytes(16)) == f"from:key-{'0' * 32}"
    assert desk.finds(search.key_text(bytes(16))) == []
    with pytest.raises(InvalidForm):
        search.parse("from:key-xyz")


def test_what_the_site_is_called_is_no_operator(desk: Desk) -> None:
    assert "There is no “site:”." in desk.is_refused(f"site:{ORIGIN}")


def test_what_was_not_counted_to_the_end_is_before_it_is_decided(
    ada: Commenter, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COUNTED", 2)
    for number in range(4):
        ada.submits(f"Pills {number}")
    page = browser.opens("/admin/?q=pills&limit=1").text
    assert "Pending comments, 2+" in page
    assert "All 2+ matching" in page
    assert "Spam all" not in page
    (counting,) = re.findall(r'href="([^"]*)">count them', page)
    counted = browser.opens(unescape(counting)).text
    assert "Pending comments, 4" in counted
    assert "Spam all 4" in counted
    assert "count them" not in counted
