"""Mia tries a rule on the past before she switches it on, and scores her queue anew after she did."""

import json
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from people import SITE, Commenter, Mia
from rules import change_rules

from comments_service import cli, http
from comments_service.accounts.actor import COMMAND_LINE
from comments_service.administration import settings
from comments_service.comments.counts import by_status
from comments_service.comments.models import Comment, Status
from comments_service.extensions import db
from comments_service.moderation import listing, sealing
from comments_service.sites import policy
from comments_service.sites.models import Site
from comments_service.spam import trial

LINKS = "See http://a.example and http://b.example and http://c.example"


@pytest.fixture
def rules(blog: str) -> Callable[..., policy.Policy]:
    """The blog's policy with other values, and written to it when it is `kept`."""

    def change(kept: bool = False, **values: object) -> policy.Policy:
        if kept:
            change_rules(**values)
        return policy.checked({**db.session.get_one(Site, SITE).policy, **values})

    return change


@pytest.fixture
def past(ada: Commenter, ben: Commenter, mia: Mia) -> None:
    """Four comments: two that Mia approved, one that she calls spam, one that waits; none with a valid token."""
    mia.approves(ada.submits("I tried it with rye."))
    mia.approves(ben.submits(LINKS))
    mia.decides(ben.submits("Visit my casino"), "spam")
    ada.submits("How warm was the oven in the casino?")


def runs(app: Flask, monkeypatch: pytest.MonkeyPatch, *line: object) -> Result:
    monkeypatch.setattr(cli, "application", lambda: app)
    db.session.rollback()
    return CliRunner().invoke(cli.main, ["spam", *map(str, line)])


def scores_anew() -> trial.Rescored:
    return settings.rescore(SITE, COMMAND_LINE, http.now())


def rows() -> list[tuple[str, float, list[str]]]:
    """What is stored, oldest first: status, points and the checks that found something."""
    db.session.rollback()
    comments = db.session.scalars(sa.select(Comment).order_by(Comment.id))
    return [(c.status.value, c.score, [r["check"] for r in json.loads(c.reasons)]) for c in comments]


@pytest.mark.usefixtures("past")
def test_a_threshold_is_tried_on_the_past(rules: Callable[..., policy.Policy]) -> None:
    before = rows()
    tried = trial.run(SITE, rules(moderation="none", hold_at=1.5), 500)
    # Each has a point for the missing token; three links cost 1.6.
    assert (tried.of, tried.held, tried.held_approved) == (4, 1, 1)
    assert (tried.published, tried.published_spam) == (3, 1)
    assert rows() == before


@pytest.mark.usefixtures("past")
def test_a_list_of_words_is_tried_on_the_past(rules: Callable[..., policy.Policy]) -> None:
    tried = trial.run(SITE, rules(moderation="none", hold_at=3.0, spam_words=["casino"]), 500)
    assert (tried.spam, tried.spam_approved, tried.held, tried.published) == (2, 0, 0, 2)


@pytest.mark.usefixtures("past")
def test_only_the_last_ones_are_looked_at(rules: Callable[..., policy.Policy]) -> None:
    tried = trial.run(SITE, rules(spam_words=["casino"]), 2)
    assert (tried.of, tried.spam) == (2, 2)


def test_a_first_comment_is_known_by_what_was_approved_before_it(
    ada: Commenter, ben: Commenter, mia: Mia, rules: Callable[..., policy.Policy]
) -> None:
    mia.approves(ada.submits("One"))
    ada.submits("Two")
    ben.submits("One of mine")
    tried = trial.run(SITE, rules(moderation="first", hold_at=2.0), 500)
    assert (tried.held, tried.published) == (2, 1)


def test_the_rules_as_they_are_give_what_they_gave(
    ada: Commenter, ben: Commenter, rules: Callable[..., policy.Policy]
) -> None:
    strict = rules(kept=True, moderation="none", hold_words=["oven"], spam_words=["casino"], hold_at=1.5)
    for body in ("Hello", "My oven", LINKS, "My casino", "DEAR FRIENDS LOOK AT THIS OFFER NOW!!!!!!!"):
        ada.submits(body)
        ben.submits(body, name="buy-cheap-pills.example", subject_line="x")
    statuses = [status for status, *_ in rows()]
    tried = trial.run(SITE, strict, 500)
    assert tried.held == statuses.count("pending")
    assert tried.spam == statuses.count("spam")
    assert tried.published == statuses.count("approved") > 0


@pytest.mark.usefixtures("past")
def test_the_queue_is_scored_anew(rules: Callable[..., policy.Policy], ada: Commenter, mia: Mia) -> None:
    ada.submits("Nothing but flour")
    rules(kept=True, spam_words=["casino"])
    assert scores_anew() == trial.Rescored(2, 1, 1)
    assert [status for status, *_ in rows()] == ["approved", "approved", "spam", "spam", "pending"]
    assert rows()[3] == ("spam", 4.5, ["timing", "trusted", "words"])
    assert by_status([SITE])[SITE][Status.SPAM] == 2
    assert mia.queue(status="pending")["total"] == 1
    assert scores_anew() == trial.Rescored(1, 0, 0)


@pytest.mark.usefixtures("past")
def test_what_goes_to_spam_by_scoring_anew_is_an_event_that_can_be_undone(
    rules: Callable[..., policy.Policy], mia: Mia
) -> None:
    rules(kept=True, spam_words=["casino"])
    scores_anew()
    headers = {"Authorization": f"Bearer {mia.token}"}
    event, *_ = mia.client.get("/api/v1/moderation/events", headers=headers).json["events"]
    assert (event["kind"], event["by"], event["changed"]) == ("rescore", "command line", 1)
    undone = mia.client.post(f"/api/v1/moderation/events/{event['id']}/undo", headers=headers)
    assert undone.json["changed"] == 1
    assert [status for status, *_ in rows()] == ["approved", "approved", "spam", "pending"]
    assert all(log.broken is None for log in sealing.verify())


def test_whom_mia_trusts_is_held_by_no_rule_that_is_tried(
    ada: Commenter, mia: Mia, rules: Callable[..., policy.Policy]
) -> None:
    listing.trust(UUID((first := ada.submits()).json["comment"]["id"]), COMMAND_LINE, http.now())
    ada.submits_again(first)
    tried = trial.run(SITE, rules(moderation="all", hold_at=2.0), 500)
    assert (tried.held, tried.published) == (1, 1)


def test_that_the_moderators_were_away_is_forgotten_when_they_are_back(
    ada: Commenter, rules: Callable[..., policy.Policy]
) -> None:
    rules(kept=True, away=True, hold_at=2.0)
    ada.submits("Nobody is here")
    assert rows() == [("pending", 1.0, ["timing", "away"])]
    scores_anew()
    assert rows() == [("pending", 1.0, ["timing", "away"])]
    rules(kept=True, away=False)
    scores_anew()
    assert rows() == [("pending", 1.0, ["timing", "policy"])]


def test_nothing_is_published_by_scoring_anew(ada: Commenter, rules: Callable[..., policy.Policy]) -> None:
    ada.submits("Hello")
    rules(kept=True, moderation="none", hold_at=50.0, spam_at=60.0)
    scores_anew()
    assert rows() == [("pending", 1.0, ["timing"])]


def test_what_was_learned_since_counts_when_the_queue_is_scored_anew(ada: Commenter, ben: Commenter, mia: Mia) -> None:
    waiting = ben.submits("Buy cheap pills at the pharmacy", website="https://pills.example")
    for number in range(12):
        mia.approves(ada.submits(f"Rye and flour, number {number}"))
        mia.decides(ben.submits(f"Buy cheap pills, number {number}", website="https://pills.example"), "spam")
    before = mia.sees(waiting.json["comment"]["id"])["score"]
    scores_anew()
    after = mia.sees(waiting.json["comment"]["id"])
    assert after["score"] > before
    assert "learned" in [reason["check"] for reason in after["reasons"]]


@pytest.mark.usefixtures("past")
def test_the_command_line_says_it_in_sentences(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    said = runs(app, monkeypatch, "try", SITE, "--moderation", "none", "--hold-at", 1.5, "--spam-words", "casino, x")
    assert said.output.splitlines() == [
        "Would have held 1 of the last 4, 1 of them approved by you.",
        "Would have sent 2 to spam, 0 of them approved by you.",
        "Would have published 1, 0 of them spam by your decision.",
    ]
    assert runs(app, monkeypatch, "rescore", SITE).output == (
        "Scored 1 held comments: 0 have other points now, 0 of them went to spam.\n"
    )


@pytest.mark.parametrize("wrong", [["try", "nosite"], ["try", SITE, "--hold-at", "1000"], ["rescore", "nosite"]])
def test_what_cannot_be_tried_is_refused(
    app: Flask, blog: str, monkeypatch: pytest.MonkeyPatch, wrong: list[str]
) -> None:
    assert runs(app, monkeypatch, *wrong).exit_code == 1
