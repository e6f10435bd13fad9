"""Each check of the registry on what it is for, and on the honest thing that looks like it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from arrived import NOON, sent
from door import add_mia
from flask import Flask
from people import SITE, Commenter, Mia

from comments_service import http
from comments_service.accounts.actor import COMMAND_LINE
from comments_service.comments.form import Submission
from comments_service.comments.models import Comment
from comments_service.extensions import db
from comments_service.moderation import listing
from comments_service.privacy.sealing import SealedAddress
from comments_service.sites import policy
from comments_service.spam import blocked, foreign_script, verdict
from comments_service.spam.models import ListKind

PITCH = "Great article! Come and visit my shop, we sell cheap watches and bags for the whole family, shipped today."
RETOLD = "Nice article! Come and visit my shop, we sell cheap watches and shoes for the whole family, shipped today."
HONEST = "I tried it with rye, and it took twice as long to rise. Is that what you would expect?"
LINKED = "See http://a.example, http://b.example and http://c.example"
AKISMET, HOOK = ("akismet", 2.5, "Akismet calls it spam."), ("hook", 2.0, "Sold here before.")


@dataclass(frozen=True)
class Case:
    """What a check sees, what looks like it and is honest, and what there was before."""

    seen: dict[str, Any]
    left: dict[str, Any]
    before: str = "nothing"
    rules: dict[str, Any] = field(default_factory=dict)
    by_the_same: bool = False  # who had sent the last comment before


CASES = {
    "honeypot": Case({"honeypot": "Ada"}, {"honeypot": ""}),
    "timing": Case({"began_at": NOON - timedelta(seconds=1)}, {"began_at": NOON - timedelta(seconds=9)}),
    "links": Case({"body": LINKED}, {"body": LINKED.rpartition(" and ")[0]}),
    "disguised": Case(
        {"body": "[www.bank.example](https://evil.example/login)"}, {"body": "[my bank](https://bank.example/login)"}
    ),
    "duplicates": Case({"body": RETOLD}, {"body": HONEST}, before="the pitch on another page"),
    "speed": Case({}, {}, before="ten from one place", by_the_same=True),
    "shouting": Case({"body": "SUBSCRIBE TO MY CHANNEL, EVERYBODY"}, {"body": "NASA said so, and the ESA too"}),
    "long-name": Case({"name": "best cheap car insurance quotes"}, {"name": "María de los Ángeles"}),
    "mixed-scripts": Case({"name": "Аdmіn"}, {"name": "Ольга Smith"}),
    "foreign-script": Case({"body": "Лучшие часы в городе"}, {"body": HONEST}, before="one approved"),
    "disposable": Case({"email_domain": "mailinator.com"}, {"email_domain": "mail.example"}),
    "unproven": Case({"unproven": True}, {"unproven": False}),
    "akismet": Case({"outside": (AKISMET,)}, {"outside": (HOOK,)}),
    "hook": Case({"outside": (HOOK,)}, {"outside": (AKISMET,)}),
    "trusted": Case({}, {}, before="one approved", by_the_same=True),
    "proven": Case({}, {}, before="one approved", by_the_same=True),
    "vouched": Case({}, {}, before="Mia trusts Ada", by_the_same=True),
    "learned": Case(
        {"body": "Subscribe to my channel please"}, {"body": "She loved the ending"}, before="twenty decisions"
    ),
    "impostor": Case({"name": "Miа"}, {"name": "Miriam"}, before="Mia moderates"),
    "words": Case({"body": "The best CASINоS"}, {"body": "An occasion"}, rules={"spam_words": ["casin*"]}),
    "blocked": Case({"name": "Eve"}, {"name": "Evelyn"}, before="Eve is blocked"),
}


def name_of(check: verdict.Check) -> str:
    """What a check calls itself in its evidence: its file, or its function where a file has two."""
    own = check.__name__ if check.__name__ != "check" else check.__module__.rpartition(".")[2]
    return own.replace("_", "-")


@pytest.fixture
def happens(app: Flask, ada: Commenter, mia: Mia, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Bring about what there was before."""

    def ten() -> None:
        for number in range(10):
            ada.submits(f"Number {number}")

    def approved() -> None:
        monkeypatch.setattr(foreign_script, "ENOUGH", 1)
        mia.approves(ada.submits("It works with rye, too."))

    def decided() -> None:
        for number in range(10):
            mia.decides(ada.submits(f"Subscribe to my channel {number} please"), "spam")
            mia.approves(ada.submits(f"I loved the ending of part {number}, and her voice"))

    def eve() -> None:
        whom = listing.Whom(ListKind.NAME, blocked.name_key("Eve") or b"", "Eve")
        listing.block(SITE, whom, COMMAND_LINE, http.now())

    def trusts() -> None:
        listing.trust(UUID(ada.submits("It works with rye, too.").json["comment"]["id"]), COMMAND_LINE, http.now())

    scenes: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "the pitch on another page": lambda: ada.submits(PITCH, page="/2026/cake"),
        "ten from one place": ten,
        "one approved": approved,
        "twenty decisions": decided,
        "Mia moderates": add_mia,
        "Mia trusts Ada": trusts,
        "Eve is blocked": eve,
    }
    return lambda scene: scenes[scene]()


def by_the_same(submission: dict[str, Any]) -> dict[str, Any]:
    """`submission`, from the address, the place and the browser of the last comment."""
    db.session.rollback()
    last = db.session.scalars(sa.select(Comment).order_by(Comment.id.desc()).limit(1)).one()
    return {
        **submission,
        "address": SealedAddress(b"", last.address_key or b""),
        "network_key": last.network_key,
        "known": (last.id,),
        "arrived_at": http.now(),
        "began_at": http.now() - timedelta(minutes=1),
    }


def points(submission: Submission, rules: policy.Policy, check: str) -> float | None:
    """The points that `check` gave, None where it said nothing."""
    db.session.rollback()
    found = {each.check: each for each in verdict.judge(submission, rules).reasons}
    assert check not in found or found[check].evidence, "points without evidence"
    return found[check].points if check in found else None


def test_no_check_is_without_its_case_nor_a_case_without_its_check() -> None:
    assert sorted(map(name_of, verdict.CHECKS)) == sorted(CASES)


@pytest.mark.parametrize("check", CASES)
def test_a_check_sees_what_it_is_for_and_says_so(check: str, happens: Callable[[str], None]) -> None:
    case, rules = CASES[check], policy.checked(CASES[check].rules)
    happens(case.before)
    seen = points(sent(**(by_the_same(case.seen) if case.by_the_same else case.seen)), rules, check)
    assert seen is not None
    assert (seen < 0) is (check in {"trusted", "vouched"})


@pytest.mark.parametrize("check", CASES)
def test_a_check_leaves_what_only_looks_like_it(check: str, happens: Callable[[str], None]) -> None:
    case, rules = CASES[check], policy.checked(CASES[check].rules)
    happens(case.before)
    left = points(sent(**case.left), rules, check)
    assert left is None or (check == "learned" and left < 0)


def test_the_table_of_the_docs_names_every_check() -> None:
    page = (Path(__file__).parents[1] / "docs" / "spam.md").read_text("utf-8")
    assert [check for check in CASES if f"| `{check}` |" not in page] == []
