"""A cache at the edge that knows tags keeps what readers get for an hour, and hears of all that changes."""

import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from elsewhere import Outside
from flask import Flask
from people import PAGE, SITE, Commenter, Mia

from comments_service import config, delivery, http
from comments_service.accounts import tokens
from comments_service.accounts.models import Role
from comments_service.extensions import db
from comments_service.notify import edge
from comments_service.notify.models import OutboxMessage

API = f"/api/v1/sites/{SITE}"
CAKE, EMPTY = "/2026/cake", "/2026/empty"
SECRET = "a secret of the operator"
OF_A_PAGE = (f"{API}/thread?page=", f"{API}/feed.atom?page=", f"/s/{SITE}/thread?fragment=1&page=")
KEPT = [start + page for page in (PAGE, CAKE, EMPTY) for start in OF_A_PAGE]
KEPT += [f"{API}/counts?page={PAGE}&page={EMPTY}", f"{API}/latest", f"{API}/feed.atom"]

Does = Callable[..., Any]


@pytest.fixture
def settings(settings: config.Settings, outside: Outside) -> config.Settings:
    """Those of an instance behind a cache that takes a key and is given signatures."""
    given = {"purge_url": f"{outside.url}/purge", "purge_header": "Edge-Key: the key", "purge_secret": SECRET}
    return replace(settings, **given)


@pytest.fixture
def does(mia: Mia) -> Does:
    """Olga, who owns the blog, asks for something by her token."""
    olga = {"Authorization": f"Bearer {tokens.add('Olga', [SITE], http.now(), Role.OWNER)}"}

    def ask(method: str, path: str, **data: Any) -> Any:
        answer = mia.client.open(f"/api/v1/moderation/{path}", method=method, json=data or None, headers=olga)
        assert answer.status_code == 200, answer.json
        return answer.json

    return ask


def read(app: Flask) -> dict[str, tuple[bytes, set[str]]]:
    """What a cache fetches of each kept address: the answer, and its tags."""
    found = {}
    for address in KEPT:
        answer = app.test_client().get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Tag"].split(",") == answer.headers["Surrogate-Key"].split()
        found[address] = answer.data, set(answer.headers["Surrogate-Key"].split())
    return found


def deliver(after: timedelta = edge.SETTLING) -> None:
    db.session.rollback()
    delivery.deliver(config.current(), http.sealer(), http.now() + after)
    db.session.rollback()


def told(outside: Outside) -> set[str]:
    """The tags that the cache has been told of since it was asked last."""
    deliver()
    tags = {tag for _, _, body in outside.asked for tag in json.loads(body)["tags"]}
    outside.asked.clear()
    return tags


def waiting() -> int:
    db.session.rollback()
    return db.session.scalars(sa.select(sa.func.count()).select_from(OutboxMessage)).one()


def newest(does: Does) -> Any:
    return does("GET", "comments?status=approved")["comments"][0]


def first_comment(ada: Commenter, mia: Mia, does: Does) -> None:
    mia.approves(ada.submits("The first on a page that was empty", page=EMPTY))


def taken_back(ada: Commenter, mia: Mia, does: Does) -> None:
    comment = newest(does)
    does("PATCH", f"comments/{comment['id']}", status="spam", version=comment["version"])


def edited(ada: Commenter, mia: Mia, does: Does) -> None:
    comment = newest(does)
    does("PATCH", f"comments/{comment['id']}", body="What she meant", version=comment["version"])


def locked(ada: Commenter, mia: Mia, does: Does) -> None:
    does("PATCH", f"threads/{newest(does)['thread']['id']}", locked=True)


def moved(ada: Commenter, mia: Mia, does: Does) -> Any:
    return does("PATCH", f"threads/{newest(does)['thread']['id']}", page=EMPTY)["event"]


def moved_back(ada: Commenter, mia: Mia, does: Does) -> None:
    does("POST", f"events/{moved(ada, mia, does)}/undo")


def merged(ada: Commenter, mia: Mia, does: Does) -> Any:
    return does("POST", f"threads/{newest(does)['thread']['id']}/merge", page=PAGE)["event"]


def split(ada: Commenter, mia: Mia, does: Does) -> None:
    does("POST", f"events/{merged(ada, mia, does)}/undo")


def renamed(ada: Commenter, mia: Mia, does: Does) -> None:
    does("PATCH", f"sites/{SITE}/settings", settings={"heading": "What do you think?"})


@pytest.mark.parametrize(
    "change", [first_comment, taken_back, edited, locked, moved, moved_back, merged, split, renamed]
)
def test_every_answer_that_a_change_makes_stale_is_dropped(
    app: Flask, ada: Commenter, mia: Mia, does: Does, outside: Outside, change: Does
) -> None:
    mia.approves(ada.submits("Below the bread"))
    mia.approves(ada.submits("Below the cake", page=CAKE))
    told(outside)
    fetched = [read(app)]

    def does_and_reads(*words: Any, **data: Any) -> Any:
        """A cache may have fetched anything between two steps of a change."""
        answer = does(*words, **data)
        fetched.append(read(app))
        return answer

    change(ada, mia, does_and_reads)
    now = read(app)
    dropped = told(outside)
    assert now != fetched[0] or change in {moved_back, split}
    for address, (answer, tags) in [item for each in fetched for item in each.items()]:
        assert answer == now[address][0] or tags & dropped, address


def test_a_comment_below_one_page_leaves_the_others_where_they_are(
    app: Flask, ada: Commenter, mia: Mia, outside: Outside
) -> None:
    mia.approves(ada.submits("Below the cake", page=CAKE))
    told(outside)
    mia.approves(ada.submits("Below the bread"))
    dropped = told(outside)
    kept = [address for address, (_, tags) in read(app).items() if not tags & dropped]
    assert kept == [start + page for page in (CAKE, EMPTY) for start in OF_A_PAGE]


def test_what_waits_tells_nobody(ada: Commenter, outside: Outside, mia: Mia) -> None:
    ada.submits("Held")
    assert told(outside) == set()


def test_the_cache_is_told_with_the_operators_key_and_a_signature(ada: Commenter, mia: Mia, outside: Outside) -> None:
    mia.approves(ada.submits())
    deliver()
    ((path, headers, body),) = outside.asked
    assert path == "/purge"
    assert headers["Edge-Key"] == "the key"
    assert headers["Surrogate-Key"].split() == json.loads(body)["tags"]
    signed = f"{headers['X-Comments-Timestamp']}.".encode() + body
    assert headers["X-Comments-Signature"] == f"sha256={hmac.new(SECRET.encode(), signed, 'sha256').hexdigest()}"


def test_it_is_told_once_all_machines_have_the_change_and_again_until_it_hears(
    ada: Commenter, mia: Mia, outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    mia.approves(ada.submits())
    deliver(timedelta(0))
    assert outside.asked == []
    outside.status = 503
    deliver()
    assert len(outside.asked) == 1
    outside.status = 204
    deliver(timedelta(seconds=30))
    assert len(outside.asked) == 1
    deliver(timedelta(minutes=2))
    assert len(outside.asked) == 2
    deliver(timedelta(minutes=10))
    assert len(outside.asked) == 2
    assert "cannot be told" in caplog.text
    assert "the key" not in caplog.text


def test_what_has_ended_by_itself_is_told_no_more(ada: Commenter, mia: Mia, outside: Outside) -> None:
    outside.status = 503
    mia.approves(ada.submits())
    deliver()
    outside.asked.clear()
    deliver(timedelta(hours=3))
    assert outside.asked == []


def test_mail_goes_on_gathering_while_the_cache_is_told(ada: Commenter, mia: Mia, outside: Outside) -> None:
    mia.approves(ada.submits())
    before = waiting()
    assert told(outside) != set()
    assert waiting() == before - 1


def test_many_changes_are_told_in_few_requests(ada: Commenter, mia: Mia, outside: Outside) -> None:
    for number in range(40):
        mia.approves(ada.submits(f"Number {number}", page=f"/page/{number}"))
    deliver()
    assert [len(json.loads(body)["tags"]) for _, _, body in outside.asked] == [30, 11]


def test_it_keeps_for_an_hour_but_not_beyond_the_closing_of_a_thread(
    app: Flask, ada: Commenter, mia: Mia, holds: Callable[..., None]
) -> None:
    mia.approves(ada.submits())
    assert "s-maxage=3600," in app.test_client().get(KEPT[0]).headers["Cache-Control"]
    holds(close_after_days=7)
    assert "s-maxage=60," in app.test_client().get(KEPT[0] + "&sort=newest").headers["Cache-Control"]


def test_without_a_cache_at_the_edge_nothing_is_tagged_or_told(
    app: Flask, ada: Commenter, mia: Mia, outside: Outside
) -> None:
    app.extensions["settings"] = replace(config.current(), purge_url="")
    before = waiting()
    mia.approves(ada.submits())
    assert waiting() == before + 1  # the mail to those who decide
    assert not {"Cache-Tag", "Surrogate-Key"} & set(app.test_client().get(KEPT[0]).headers.keys())
