"""What each check says of what people, and robots, really write."""

import csv
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa
from arrived import NOBODY, NOON, sent
from flask import Flask
from people import ORIGIN, SITE, Commenter, Mia
from spam_texts import ADVERTISERS, HAM, READERS
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.comments.models import Comment, Status
from comments_service.errors import InvalidForm
from comments_service.extensions import db
from comments_service.sites import policy, registry
from comments_service.sites.policy import Policy
from comments_service.spam import (
    disguised,
    disposable,
    duplicates,
    honeypot,
    links,
    long_name,
    mixed_scripts,
    shouting,
    timing,
    trusted,
    verdict,
    words,
)
from comments_service.spam.judgement import Evidence, Known

PITCH = "Earn 5000 dollars a week from home, see http://evil.example/1 and tell your friends about it!"


@pytest.fixture
def blog(app: Flask) -> str:
    """The blog, where only the checks hold comments back."""
    return registry.add(SITE, [ORIGIN], policy.Policy(moderation="none"), http.now()).id


def points(found: Evidence | None) -> float:
    return found.points if found else 0.0


def reasons(answer: TestResponse) -> dict[str, Evidence]:
    """Why the comment that was acknowledged stands where it stands, by check."""
    db.session.rollback()
    stored = db.session.scalars(sa.select(Comment).where(Comment.id == UUID(answer.json["comment"]["id"]))).one()
    return {each.check: each for each in msgspec.json.decode(stored.reasons, type=list[Evidence])}


def status(answer: TestResponse) -> Status:
    db.session.rollback()
    return db.session.scalars(sa.select(Comment.status).where(Comment.id == UUID(answer.json["comment"]["id"]))).one()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (honeypot.check(sent(honeypot="me"), Policy(), NOBODY), "people do not see"),
        (timing.check(sent(began_at=None), Policy(), NOBODY), "without a valid token"),
        (timing.check(sent(began_at=NOON - timedelta(seconds=1)), Policy(), NOBODY), "in 1.0 seconds"),
        (
            links.check(sent("http://a.example http://b.example http://c.example"), Policy(), NOBODY),
            "3 links: a.example",
        ),
    ],
)
def test_what_a_robot_does_is_said(found: Evidence | None, said: str) -> None:
    assert found
    assert found.points > 0
    assert said in found.said()


def test_every_check_is_silent_on_what_ada_writes(blog: str) -> None:
    judged = verdict.judge(sent(), Policy(moderation="none"))
    assert (judged.status, judged.score, judged.reasons) == (Status.APPROVED, 0.0, ())


def test_no_check_holds_a_reader_for_her_language(blog: str) -> None:
    rows = [(language, text) for language, texts in HAM.items() for text in texts]
    judged = [(row, verdict.judge(sent(row[1]), Policy(moderation="none"))) for row in rows]
    assert [(row, each.reasons) for row, each in judged if each.status is not Status.APPROVED] == []


def test_a_check_that_fails_says_so_and_holds_nobody(blog: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ConnectionError

    broken.__module__ = "comments_service.spam.broken"
    monkeypatch.setattr(verdict, "CHECKS", (broken, honeypot.check))
    judged = verdict.judge(sent(), Policy(moderation="none"))
    assert judged.status is Status.APPROVED
    assert [(each.check, each.points) for each in judged.reasons] == [("broken", 0.0)]


# Disguised links


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[www.bank.example](https://evil.example/login)", "A link reads bank.example and leads to evil.example."),
        ("see https://bit.ly/3x", "bit.ly hides where a link leads."),
        ("https://xn--pypal-4ve.com/", "pаypal.com (xn--pypal-4ve.com) mixes letters of two alphabets."),
    ],
)
def test_a_link_in_disguise_is_seen(body: str, said: str) -> None:
    found = disguised.check(sent(body), Policy(), NOBODY)
    assert found
    assert (found.points > 0, found.said()) == (True, said)


def test_a_website_in_disguise_is_seen_and_the_worst_disguise_counts() -> None:
    short = disguised.check(sent(website="https://tinyurl.com/x"), Policy(), NOBODY)
    worst = disguised.check(sent("[bank.com](http://evil.example) https://bit.ly/1"), Policy(), NOBODY)
    assert 0 < points(short) < points(worst) == 3.0


@pytest.mark.parametrize(
    "body",
    [
        "[the recipe](https://bread.example/rye)",
        "[blog.bread.example](https://bread.example/rye)",
        "https://bread.example/",
        "[p.5 and e.g. this](https://bread.example)",
        "https://xn--e1afmkfd.xn--p1ai/ is Russian throughout",
    ],
)
def test_an_honest_link_is_none(body: str) -> None:
    assert disguised.check(sent(body), Policy(), NOBODY) is None


# Duplicates


def test_the_same_pitch_under_another_name_and_page_is_seen(ada: Commenter, ben: Commenter) -> None:
    assert "duplicates" not in reasons(ada.submits(PITCH))
    again = ben.submits(PITCH.replace("5000", "7 000").replace("/1", "/77").upper(), page="/2026/cake")
    found = reasons(again)["duplicates"]
    assert (found.points, found.said()) == (1.0, "1 other comment says the same.")


def test_the_same_as_marked_spam_counts_more_and_many_count_most(ada: Commenter, ben: Commenter, mia: Mia) -> None:
    mia.decides(ada.submits(PITCH), "spam")
    first = reasons(ben.submits(PITCH))["duplicates"]
    assert (first.points, first.said()) == (2.0, "1 other comment says the same. 1 of them is spam.")
    for place in range(6):
        last = ben.submits(PITCH, page=f"/2026/{place}")
    assert reasons(last)["duplicates"].points == 4.0
    assert status(last) is Status.SPAM


def test_two_who_say_thank_you_are_no_duplicates(ada: Commenter, ben: Commenter) -> None:
    ada.submits("Thank you, this was a great help!")
    assert "duplicates" not in reasons(ben.submits("Thank you, this was a great help!"))


def test_an_edit_is_no_duplicate_of_itself(ada: Commenter) -> None:
    answer = ada.submits(PITCH)
    ada.changes(answer, PITCH + "!!")
    assert "duplicates" not in reasons(answer)


def test_a_shape_forgets_numbers_signs_case_and_tricks() -> None:
    tricked = (
        PITCH.replace("Earn", "Ｅarn").replace("dollars", "dоllars").replace("week", "we\u200bek").replace("!", " ✅")
    )
    assert duplicates.shape(PITCH) == duplicates.shape(tricked) is not None
    assert duplicates.shape(PITCH) != duplicates.shape(PITCH.replace("home", "work"))


def test_readers_of_three_videos_are_no_duplicates_of_each_other(data: Path) -> None:
    seen: dict[bytes, str] = {}
    again = {"0": 0, "1": 0}
    for path in sorted((data / "spam").glob("Youtube*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found = duplicates.shape(row["CONTENT"])
                if found:
                    again[row["CLASS"]] += found in seen
                    seen[found] = row["CONTENT"]
    assert again["0"] == 0
    assert again["1"] > 0


# Speed


def test_ten_comments_in_ten_minutes_are_a_household_and_more_are_not(ada: Commenter, ben: Commenter) -> None:
    answers = [ada.submits(f"Number {number}") for number in range(13)]
    said = [reasons(answer).get("speed") for answer in answers]
    assert said[:10] == [None] * 10
    assert points(said[10]) == 1.0
    assert said[10].said() == "10 other comments from the same place within 10 minutes."
    assert points(said[12]) == 1.2
    assert "speed" not in reasons(ben.submits("From elsewhere"))


def test_yesterdays_comments_are_not_speed(ada: Commenter) -> None:
    for number in range(12):
        ada.submits(f"Number {number}")
    query = sa.select(Comment.network_key).where(Comment.name == "Ada").limit(1)
    key = db.session.scalars(query).one()
    tomorrow = http.now() + timedelta(days=1)
    later = sent(network_key=key, arrived_at=tomorrow, began_at=tomorrow - timedelta(minutes=1))
    assert verdict.judge(later, Policy()).score == 0.0
    assert verdict.judge(replace(later, arrived_at=http.now()), Policy()).score > 1.0


# Words


@pytest.mark.parametrize(
    ("entry", "fields"),
    [
        ("casino", {"body": "Best CASINO in town"}),
        ("casino", {"body": "best cаsinо"}),  # Cyrillic а and о
        ("casino", {"body": "ｃａｓ\u200bｉｎｏ"}),
        ("casino", {"name": "Casino Royal"}),
        ("casino", {"website": "https://best-casino.example/"}),
        ("casino", {"page": "/2026/casino"}),
        ("mail.example", {"email_domain": "mail.example"}),
        ("casin*", {"body": "casinos everywhere"}),
        ("*pharm*", {"website": "http://onlinepharmacy.example/"}),
        ("v*ag*a", {"body": "cheap viagra"}),
        ("payday loan*", {"body": "get payday\nloans now"}),
        ("bit.ly", {"body": "see bit.ly/3x"}),
        ("name:seo", {"name": "SEO expert"}),
        ("赌场", {"body": "最好的赌场在这里"}),
        ("казино", {"body": "Лучшее КАЗИНО"}),
    ],
)
def test_a_word_of_the_list_is_found_however_it_is_written(entry: str, fields: dict[str, str]) -> None:
    found = words.check(sent(**fields), Policy(spam_words=("ribosome", entry)), NOBODY)
    assert found
    assert (found.points, found.said()) == (4.0, f"On the site's list: “{entry}”.")


@pytest.mark.parametrize(
    ("entry", "fields"),
    [
        ("ass", {"body": "A classic assumption"}),
        ("cialis", {"body": "My specialist, a socialist"}),
        ("casino", {"body": "casinos"}),
        ("casin*", {"body": "occasin"}),
        ("v*ag*a", {"body": "vigra agv"}),
        ("aba*ba", {"body": "abab"}),
        ("payday loan", {"body": "payday or loan"}),
        ("name:seo", {"body": "SEO"}),
        ("email:evil.example", {"website": "http://evil.example"}),
        ("*", {"body": "anything"}),
        ("...", {"body": "so ... yes"}),
    ],
)
def test_a_word_is_not_found_in_another(entry: str, fields: dict[str, str]) -> None:
    assert words.check(sent(**fields), Policy(spam_words=(entry,)), NOBODY) is None


def test_the_sites_word_is_the_last_whatever_speaks_for_the_comment() -> None:
    friend = Known(approved=9, found=[Evidence("trusted", -1.5, ""), Evidence("learned", -2.0, "")])
    held = words.check(sent("a casino"), Policy(hold_words=("casino",)), friend)
    spam = words.check(sent("a casino"), Policy(spam_words=("casino",), hold_words=("casino",)), friend)
    assert points(held) - 3.5 == 1.0
    assert points(spam) - 3.5 == 4.0


def test_a_held_word_holds_and_a_spam_word_is_spam(blog: str) -> None:
    rules = Policy(moderation="none", hold_words=("rye",), spam_words=("casino",))
    assert verdict.judge(sent("With wheat."), rules).status is Status.APPROVED
    assert verdict.judge(sent("With rye."), rules).status is Status.PENDING
    assert verdict.judge(sent("With rye, at the casino."), rules).status is Status.SPAM


def test_a_list_takes_five_hundred_words_and_no_more() -> None:
    assert len(policy.checked({"spam_words": ["casino"] * 500}).spam_words) == 500
    with pytest.raises(InvalidForm) as caught:
        policy.checked({"spam_words": ["casino"] * 501})
    assert caught.value.errors[0].field == "spam_words"


# Shouting


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("CHECK OUT MY NEW CHANNEL AND SUBSCRIBE PLEASE", "capitals"),
        ("click here $$$$$$$$$$", "row of signs"),
        ("subscribe now subscribe now subscribe now subscribe now", "again and again"),
    ],
)
def test_shouting_is_seen(body: str, said: str) -> None:
    found = shouting.check(sent(body), Policy(), NOBODY)
    assert said in (found.said() if found else "")


@pytest.mark.parametrize(
    "body", ["NASA and the ESA", "Wow!!!", "no no no", "ÄÖÜ", "我我我我", "---------- quote", "1000000000000"]
)
def test_liveliness_is_no_shouting(body: str) -> None:
    assert shouting.check(sent(body), Policy(), NOBODY) is None


def test_shouting_alone_holds_nobody() -> None:
    shouted = shouting.check(sent("I LOVE THIS SONG AND EVERYTHING ABOUT IT"), Policy(), NOBODY)
    assert 0 < points(shouted) < Policy().hold_at


# Names and addresses


@pytest.mark.parametrize(
    "name", ["best cheap car insurance quotes", "www.cheap-watches.shop", "https://evil.example/x"]
)
def test_a_name_that_is_none_is_seen(name: str) -> None:
    assert points(long_name.check(sent(name=name), Policy(), NOBODY)) > 0


@pytest.mark.parametrize("name", ["Ada", "M. Dupont", "María de los Ángeles", "Mies van der Rohe", "Dr.Who", "李小龙"])
def test_a_long_name_of_a_person_is_a_name(name: str) -> None:
    assert long_name.check(sent(name=name), Policy(), NOBODY) is None


def test_no_reader_of_the_cast_has_a_name_that_is_none() -> None:
    assert [name for name, _ in READERS if long_name.check(sent(name=name), Policy(), NOBODY)] == []
    assert [name for name, _ in ADVERTISERS if mixed_scripts.check(sent(name=name), Policy(), NOBODY)] == []


@pytest.mark.parametrize(("name", "mixed"), [("Аdmіn", True), ("Pаypal", True), ("Αlex", True)])
def test_a_word_of_two_alphabets_is_seen(name: str, mixed: bool) -> None:
    assert (mixed_scripts.check(sent(name=name), Policy(), NOBODY) is not None) is mixed


@pytest.mark.parametrize("name", ["Ольга Smith", "Altınışık", "Ελένη", "Ольга", "山田 Taro", "김ABC", "Zoë"])
def test_a_name_of_two_words_in_two_alphabets_is_a_name(name: str) -> None:
    assert mixed_scripts.check(sent(name=name), Policy(), NOBODY) is None


def test_a_throw_away_address_is_seen_below_its_service_too() -> None:
    for domain in ("mailinator.com", "MAILINATOR.com", "eve.mailinator.com"):
        found = disposable.check(sent(email_domain=domain), Policy(), NOBODY)
        assert points(found) == 1.0
        assert "mailinator.com" in (found.said() if found else "")
    for domain in ("gmail.com", "ada-lovelace.org", "not-mailinator.com", ""):
        assert disposable.check(sent(email_domain=domain), Policy(), NOBODY) is None


# Trust


def test_who_was_approved_is_trusted_a_little_and_never_after_spam() -> None:
    assert points(trusted.check(sent(), Policy(), Known(approved=1))) == -0.5
    assert points(trusted.check(sent(), Policy(), Known(approved=50))) == -1.5
    assert trusted.check(sent(), Policy(), Known(pending=5)) is None
    assert trusted.check(sent(), Policy(), Known(approved=5, spam=1)) is None


def test_trust_does_not_skip_the_queue_of_a_site_that_holds_everything(ada: Commenter, mia: Mia) -> None:
    mia.approves(ada.submits("First!"))
    found = reasons(ada.submits("Second!"))
    assert found["trusted"].points == -0.5
    judged = verdict.judge(sent(), Policy(moderation="all"))
    assert judged.status is Status.PENDING


def test_another_who_uses_adas_name_is_not_trusted(ada: Commenter, ben: Commenter, mia: Mia) -> None:
    mia.approves(ada.submits("First!"))
    assert "trusted" not in reasons(ben.submits("Second!", name="Ada"))
