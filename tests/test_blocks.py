"""Mia blocks Eve, who is answered as if she waited; trusts Ada, whose name nobody else can use unnoticed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from door import MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, SITE, Commenter, Mia, Reader
from rules import change_rules
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.accounts import moderators, tokens
from comments_service.accounts.models import Role
from comments_service.extensions import db
from comments_service.moderation import sealing
from comments_service.sites import policy, registry
from comments_service.spam.folding import outline

API = "/api/v1/moderation"


@pytest.fixture
def eve(blog: str, client: FlaskClient) -> Commenter:
    """A stranger at the blog itself."""
    return Commenter(client, "Eve", "eve@eavesdrop.org", address="198.51.100.66")


def asks(mia: Mia, method: str, path: str, **data: Any) -> TestResponse:
    return mia.client.open(f"{API}/{path}", method=method, json=data or None, headers=mia._headers())


def id_of(answer: TestResponse) -> str:
    return str(answer.json["comment"]["id"])


def blocks(mia: Mia, answer: TestResponse, kind: str, **data: Any) -> str:
    """Block whoever wrote the comment that `answer` acknowledged; gives the event."""
    told = asks(mia, "POST", f"comments/{id_of(answer)}/block", kind=kind, **data)
    assert told.status_code == 200, told.json
    return str(told.json["event"])


def listed(mia: Mia) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["shown"]) for entry in asks(mia, "GET", "blocks").json["blocks"]]


def trusts(mia: Mia, answer: TestResponse) -> str:
    """Trust whoever wrote the comment that `answer` acknowledged; gives the event."""
    told = asks(mia, "POST", f"comments/{id_of(answer)}/trust")
    assert told.status_code == 200, told.json
    return str(told.json["event"])


def judged(mia: Mia, answer: TestResponse) -> tuple[str, list[str]]:
    """Where a comment went, and what the lists said of it."""
    card = mia.sees(id_of(answer))
    said = [reason["evidence"] for reason in card["reasons"] if reason["check"] in {"blocked", "impostor", "vouched"}]
    return card["status"], said


# Blocking


@pytest.mark.parametrize(
    ("kind", "same", "other"),
    [
        ("address", {"name": "Somebody"}, {"email": "other@example.org"}),
        ("name", {"email": "other@example.org"}, {"name": "Eva"}),
        ("domain", {"body": "Buy at http://shop.pills.example/x"}, {"body": "Buy at http://other.example/x"}),
        ("network", {"name": "Somebody", "email": "other@example.org"}, {}),
    ],
)
def test_a_blocked_comment_goes_to_spam_and_is_answered_as_if_it_waited(
    eve: Commenter, ada: Commenter, mia: Mia, kind: str, same: dict[str, str], other: dict[str, str]
) -> None:
    first = eve.submits("Buy at http://pills.example/x")
    blocks(mia, first, kind, reason="Sells pills")
    before, after = first.json, eve.submits(**{"body": "Again", **same})
    assert judged(mia, after)[0] == "spam"
    assert "Sells pills" in judged(mia, after)[1][0]
    assert (after.status_code, after.json["status"]) == (first.status_code, before["status"]) == (202, "pending")
    assert after.json.keys() == before.keys()
    if kind == "network":
        eve.address = "198.51.100.67"
    assert judged(
        mia, eve.submits(**{"body": "Another thing", "name": "Eva", **other, "email": "new@example.org"})
    ) == (
        "pending",
        [],
    )
    assert judged(mia, ada.submits("Nothing to do with it"))[0] == "pending"


@pytest.mark.parametrize("name", ["EVE", "Ève", "\u0415v\u0435", "E v e", "E\u200bve", "Eve."])
def test_a_blocked_name_is_blocked_however_it_is_drawn(eve: Commenter, mia: Mia, name: str) -> None:
    blocks(mia, eve.submits(), "name")
    assert judged(mia, eve.submits("Again", name=name, email="x@example.org"))[0] == "spam"


def test_a_blocked_domain_is_blocked_as_a_website_and_behind_an_address(
    eve: Commenter, ada: Commenter, mia: Mia
) -> None:
    asks(mia, "POST", "blocks", site=SITE, kind="domain", what="https://Pills.example/buy")
    assert listed(mia) == [("domain", "pills.example")]
    assert judged(mia, eve.submits("One", website="https://www.pills.example"))[0] == "spam"
    assert judged(mia, eve.submits("Two", email="eve@mail.pills.example"))[0] == "spam"
    assert judged(mia, ada.submits("Three", website="https://morepills.example"))[0] == "pending"


def test_a_block_ends_when_it_was_said_to(eve: Commenter, mia: Mia) -> None:
    blocks(mia, eve.submits(), "address", days=7)
    with time_machine.travel(http.now() + timedelta(days=6), tick=False):
        assert judged(mia, eve.submits("Within the week"))[0] == "spam"
    with time_machine.travel(http.now() + timedelta(days=8), tick=False):
        later = eve.submits("A week later")
        assert judged(mia, later) == ("pending", [])
        blocks(mia, later, "address")
        assert judged(mia, eve.submits("Blocked again"))[0] == "spam"


def test_a_block_is_an_event_that_is_undone_and_done_again(eve: Commenter, mia: Mia) -> None:
    event = blocks(mia, eve.submits(), "address", reason="Rude")
    (logged,) = asks(mia, "GET", "events").json["events"]
    assert (logged["id"], logged["kind"], logged["by"], logged["detail"]["reason"]) == (event, "list", "Mia", "Rude")
    undone = asks(mia, "POST", f"events/{event}/undo").json["event"]
    assert listed(mia) == []
    assert judged(mia, eve.submits("Free"))[0] == "pending"
    assert asks(mia, "POST", f"events/{event}/undo").status_code == 409
    assert asks(mia, "POST", f"events/{undone}/undo").status_code == 200
    assert listed(mia) == [("address", "Eve")]
    (entry,) = asks(mia, "GET", "blocks").json["blocks"]
    taken_off = asks(mia, "DELETE", f"blocks/{entry['id']}").json["event"]
    assert listed(mia) == []
    asks(mia, "POST", f"events/{taken_off}/undo")
    assert judged(mia, eve.submits("Not free"))[0] == "spam"
    db.session.rollback()
    assert [log.broken for log in sealing.verify()] == [None]


def test_who_is_blocked_already_is_not_blocked_twice(eve: Commenter, mia: Mia) -> None:
    first = eve.submits()
    blocks(mia, first, "address")
    assert asks(mia, "POST", f"comments/{id_of(first)}/block", kind="address").status_code == 409
    assert len(listed(mia)) == 1


def test_no_address_stands_in_the_list_or_the_log(eve: Commenter, mia: Mia) -> None:
    asks(mia, "POST", "blocks", site=SITE, kind="address", what=" Eve@Eavesdrop.org ")
    assert "eavesdrop" not in asks(mia, "GET", "blocks").text.lower() + asks(mia, "GET", "events").text.lower()
    assert judged(mia, eve.submits())[0] == "spam"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "address", "what": "no address"},
        {"kind": "domain", "what": "nothing"},
        {"kind": "name", "what": " … "},
        {"kind": "network", "what": "203.0.113.7"},
        {"kind": "trusted", "what": "eve@eavesdrop.org"},
        {"kind": "name", "what": "Eve", "days": -1},
        {"kind": "name", "what": "Eve", "days": "soon"},
    ],
)
def test_a_block_that_cannot_be_meant_is_refused(blog: str, mia: Mia, wrong: dict[str, Any]) -> None:
    assert asks(mia, "POST", "blocks", site=SITE, **wrong).status_code == 422
    assert listed(mia) == []


def test_mias_lists_are_those_of_her_site(eve: Commenter, mia: Mia, client: FlaskClient) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    noah = Mia(client, tokens.add("Noah", ["shop"], http.now()))
    first = eve.submits()
    assert asks(noah, "POST", f"comments/{id_of(first)}/block", kind="name").status_code == 404
    assert asks(noah, "POST", f"comments/{id_of(first)}/trust").status_code == 404
    assert asks(noah, "POST", "blocks", site=SITE, kind="name", what="Eve").status_code == 404
    event = blocks(mia, first, "name")
    (entry,) = asks(mia, "GET", "blocks").json["blocks"]
    assert listed(noah) == []
    assert asks(noah, "DELETE", f"blocks/{entry['id']}").status_code == 404
    assert asks(noah, "POST", f"events/{event}/undo").status_code == 404
    shopping = Commenter(client, "Eve", eve.email, origin="https://shop.example", site="shop")
    assert judged(noah, shopping.submits())[0] == "pending"
    assert asks(mia, "DELETE", f"blocks/{uuid4()}").status_code == 404


# Trust, and those who use another's name


VOUCHED = "Trusted by a moderator: the site's rule does not hold it."
UNPROVEN = "Signed with the name and address of somebody trusted, and nothing proves that it is them."


def test_ada_is_trusted_and_published_at_once_from_the_browser_that_wrote_before(
    ada: Commenter, mia: Mia, thread: Reader
) -> None:
    first = ada.submits()
    trusts(mia, first)
    assert listed(mia) == [("trusted", "Ada")]
    assert thread.names() == ["Ada"]
    assert [event["kind"] for event in asks(mia, "GET", "events").json["events"]] == ["list", "decide"]
    again = ada.submits_again(first)
    assert (again.status_code, again.json["status"]) == (201, "approved")
    assert judged(mia, again) == ("approved", [VOUCHED])
    assert thread.names() == ["Ada", "Ada"]
    third = ada.submits_again(again, body="From then on each proves the next", email="ADA@Ada-Lovelace.org")
    assert third.json["status"] == "approved"


def test_who_types_adas_name_and_address_elsewhere_is_held_and_flagged(ada: Commenter, mia: Mia) -> None:
    trusts(mia, ada.submits())
    assert judged(mia, ada.submits("Without a receipt")) == ("pending", [UNPROVEN])
    assert judged(mia, ada.submits("With rubbish", known="rubbish . .. é")) == ("pending", [UNPROVEN])


def test_a_receipt_proves_its_own_name_and_address_only(ada: Commenter, ben: Commenter, mia: Mia) -> None:
    first, bens = ada.submits(), ben.submits()
    trusts(mia, first)
    mia.approves(bens)
    assert judged(mia, ada.submits_again(bens, body="With Ben's receipt")) == ("pending", [UNPROVEN])
    assert judged(mia, ben.submits_again(first, body="As Ben, with Ada's"))[0] == "pending"
    assert judged(mia, ada.submits_again(first, body="Under another name", name="Adam"))[0] == "pending"
    assert judged(mia, ben.submits_again(bens, body="Proven, and not trusted"))[0] == "pending"
    mia.approves(namesakes := ben.submits("A namesake", name="Ada"))
    assert judged(mia, ada.submits_again(namesakes, body="With a namesake's")) == ("pending", [UNPROVEN])


@pytest.mark.parametrize(
    "forged", [lambda r: r[:-1] + ("A" if r[-1] != "A" else "B"), lambda r: r[:-20], lambda r: r * 2]
)
def test_a_forged_receipt_proves_nothing_and_loses_nothing(ada: Commenter, mia: Mia, forged: Any) -> None:
    first = ada.submits()
    trusts(mia, first)
    again = ada.submits("Again", known=forged(first.json["receipt"]))
    assert (again.status_code, judged(mia, again)) == (202, ("pending", [UNPROVEN]))


def test_a_receipt_of_another_site_proves_nothing(ada: Commenter, mia: Mia, client: FlaskClient) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    shopping = Commenter(client, "Ada", ada.email, origin="https://shop.example", site="shop")
    Mia(client, tokens.add("Noah", ["shop"], http.now())).approves(bought := shopping.submits("At the shop"))
    trusts(mia, ada.submits())
    assert judged(mia, ada.submits_again(bought)) == ("pending", [UNPROVEN])


def test_a_receipt_proves_nothing_after_its_time(ada: Commenter, mia: Mia) -> None:
    first = ada.submits()
    trusts(mia, first)
    with time_machine.travel(http.now() + timedelta(days=401), tick=False):
        assert judged(mia, ada.submits_again(first)) == ("pending", [UNPROVEN])


@pytest.mark.parametrize("status", ["pending", "spam", "trash"])
def test_a_comment_that_is_not_approved_any_more_proves_nothing(ada: Commenter, mia: Mia, status: str) -> None:
    first = ada.submits()
    trusts(mia, first)
    mia.decides(first, status)
    assert judged(mia, ada.submits_again(first)) == ("pending", [UNPROVEN])


def test_a_comment_that_ada_withdrew_proves_nothing_and_an_earlier_one_still_does(ada: Commenter, mia: Mia) -> None:
    first = ada.submits()
    trusts(mia, first)
    second = ada.submits_again(first)
    ada.withdraws(second)
    assert judged(mia, ada.submits_again(second, body="Third")) == ("pending", [UNPROVEN])
    assert judged(mia, ada.submits_again(second, first, body="Fourth")) == ("approved", [VOUCHED])


def test_trust_ends_when_it_is_taken_back(ada: Commenter, mia: Mia) -> None:
    first = ada.submits()
    event = trusts(mia, first)
    asks(mia, "POST", f"events/{event}/undo")
    assert judged(mia, ada.submits_again(first)) == ("pending", [])


def test_what_the_checks_find_is_held_also_of_somebody_trusted(ada: Commenter, mia: Mia) -> None:
    first = ada.submits()
    trusts(mia, first)
    assert judged(mia, ada.submits_again(first, body="By a robot in her browser", subject_line="x"))[0] == "pending"
    change_rules(hold_words=["casino"])
    assert judged(mia, ada.submits_again(first, body="At the casino"))[0] == "pending"
    change_rules(away=True)
    assert judged(mia, ada.submits_again(first, body="While Mia is away"))[0] == "pending"
    change_rules(away=False)
    blocks(mia, first, "address")
    assert judged(mia, ada.submits_again(first, body="Blocked"))[0] == "spam"


def test_ada_changes_what_was_published_at_once(ada: Commenter, mia: Mia) -> None:
    first = ada.submits()
    trusts(mia, first)
    again = ada.submits_again(first)
    with time_machine.travel(http.now() + timedelta(minutes=1), tick=False):
        assert ada.changes(again, "Better words").json["status"] == "approved"
    assert judged(mia, again) == ("approved", [VOUCHED])


def test_what_only_the_checks_published_proves_nothing(open_blog: str, client: FlaskClient) -> None:
    mia = Mia(client, tokens.add("Mia", [SITE], http.now()))
    email = "ada@ada-lovelace.org"
    anybodys = writes(client, "Ada", email)
    trusts(mia, hers := writes(client, "Ada", email, "Words of her own"))
    assert judged(mia, writes(client, "Ada", email, "By what the checks let pass", anybodys)) == ("pending", [UNPROVEN])
    assert judged(mia, writes(client, "Ada", email, "By what Mia looked at", hers)) == ("approved", [VOUCHED])


def test_the_same_submission_with_other_receipts_is_the_same(ada: Commenter, mia: Mia) -> None:
    first = ada.submits()
    trusts(mia, first)
    again = ada.submits_again(first, key="once")
    assert id_of(ada.submits("Again!", key="once")) == id_of(again)


@pytest.mark.parametrize("status", ["spam", "trash"])
def test_only_who_was_approved_is_trusted(ada: Commenter, mia: Mia, status: str) -> None:
    first = ada.submits()
    mia.decides(first, status)
    assert asks(mia, "POST", f"comments/{id_of(first)}/trust").status_code == 409
    assert listed(mia) == []


@pytest.fixture
def open_blog(app: Flask) -> str:
    """A blog that holds no comment but for a reason."""
    return registry.add(SITE, [ORIGIN], policy.Policy(moderation="none"), http.now()).id


def writes(client: FlaskClient, name: str, email: str, body: str = "", *before: TestResponse) -> TestResponse:
    somebody = Commenter(client, name, email)
    with time_machine.travel(http.now(), tick=False) as clock:
        token = somebody.touches_the_form()
        clock.shift(timedelta(minutes=5))
        return somebody.submits_again(*before, body=body or f"A friendly word from {name}", token=token)


@pytest.mark.parametrize("name", ["Mia", "mia", "MIA", "M\u0456a", "\u041c\u0456\u0430", "M i a", "Mía", "M1a", "Mla"])
def test_whoever_types_a_moderators_name_is_held_and_flagged(open_blog: str, client: FlaskClient, name: str) -> None:
    mia = Mia(client, tokens.add("Mia", [SITE], http.now()))
    assert writes(client, "Marta", "marta@example.org").json["status"] == "approved"
    add_mia()
    answer = writes(client, name, "eve@eavesdrop.org")
    assert answer.json["status"] == "pending"
    assert judged(mia, answer) == ("pending", ["Signed with a moderator's name, and not by the moderator."])


def test_a_moderator_of_another_site_is_nobody_here(open_blog: str, client: FlaskClient) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    moderators.add("noah@example.org", "Noah", {"shop": Role.MODERATOR}, http.sealer(), http.now())
    assert writes(client, "Noah", "other@example.org").json["status"] == "approved"


def test_a_trusted_name_from_another_address_is_held(open_blog: str, client: FlaskClient) -> None:
    mia = Mia(client, tokens.add("Mia", [SITE], http.now()))
    first = writes(client, "Ada", "ada@ada-lovelace.org")
    trusts(mia, first)
    stranger = writes(client, "АDA", "eve@eavesdrop.org")
    assert stranger.json["status"] == "pending"
    assert judged(mia, stranger)[1] == ["Signed with the name of somebody trusted, from another address."]
    assert judged(mia, writes(client, "ada", "ada@ada-lovelace.org"))[1] == [UNPROVEN]
    assert writes(client, "Ada", "ada@ada-lovelace.org", "It is me", first).json["status"] == "approved"


def test_names_that_only_resemble_are_other_names() -> None:
    assert len({outline(name) for name in ("Mia", "Mina", "Mai", "Mira", "Миша", "美亜", "مها")}) == 7
    assert outline("…") == ""


# On the pages


@pytest.fixture
def browser(app: Flask, blog: str) -> Browser:
    add_mia()
    browser = Browser(app)
    browser.signs_in(MIAS_PASSWORD)
    return browser


def test_blocks_are_listed_made_and_undone_by_forms(eve: Commenter, browser: Browser) -> None:
    first = eve.submits("See http://pills.example")
    answer = browser.sends(f"/admin/comments/{id_of(first)}/block", kind="domain", reason="<b>Pills</b>", days="7")
    assert answer.status_code == 303
    page = browser.opens(answer.location).text
    assert "pills.example" in page
    assert "&lt;b&gt;Pills&lt;/b&gt;" in page
    assert "Blocked." in page
    event = answer.location.rpartition("event=")[2]
    undone = browser.sends(f"/admin/undo/{event}", back="/admin/blocks")
    assert undone.status_code == 303
    assert "Undid." in browser.opens(undone.location).text
    assert "Nobody is blocked." in browser.opens("/admin/blocks").text
    answer = browser.sends("/admin/blocks", site=SITE, kind="name", what="Eve", reason="", days="0")
    assert answer.status_code == 303
    entry = browser.opens("/admin/blocks").text.partition("/admin/blocks/")[2].partition("/remove")[0]
    assert browser.sends(f"/admin/blocks/{entry}/remove").status_code == 303
    assert "Nobody is blocked." in browser.opens("/admin/blocks").text
    log = browser.opens("/admin/events").text
    assert "Took off the list" in log
    assert "blocked domain" in log


def test_a_wrong_block_is_told_on_the_page(browser: Browser) -> None:
    answer = browser.sends("/admin/blocks", site=SITE, kind="domain", what="nothing")
    assert answer.status_code == 422
    assert "Type an address, a domain or a name" in answer.text


def test_trust_is_a_button_away(ada: Commenter, browser: Browser) -> None:
    first = ada.submits()
    assert "Approve and trust Ada" in browser.opens(f"/admin/comments/{id_of(first)}").text
    answer = browser.sends(f"/admin/comments/{id_of(first)}/trust")
    assert "Trusted." in browser.opens(answer.location).text


def test_to_trust_whom_the_checks_published_is_a_decision_of_the_log(ada: Commenter, browser: Browser) -> None:
    change_rules(moderation="none", hold_at=2.0)
    first = ada.submits()
    assert first.json["status"] == "approved"
    browser.sends(f"/admin/comments/{id_of(first)}/trust")
    assert "1 from approved to approved" in browser.opens("/admin/events").text
