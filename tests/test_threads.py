"""Mia looks after whole discussions: they close, move and merge, keep a comment on top, and all of it can be undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from people import PAGE, SITE, Commenter, Mia, Reader
from rules import change_rules
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.comments.models import Comment, Thread, ThreadAlias
from comments_service.extensions import db
from comments_service.moderation import sealing

API = "/api/v1/moderation"
CAKE, PIE = "/2026/cake", "/2026/pie"

Asks = Callable[..., TestResponse]


@pytest.fixture
def asks(mia: Mia) -> Asks:
    def ask(method: str, path: str, status: int = 200, **data: Any) -> TestResponse:
        answer = mia.client.open(f"{API}/{path}", method=method, json=data or None, headers=mia._headers())
        assert answer.status_code == status, answer.json
        return answer

    return ask


@pytest.fixture
def rule(blog: str) -> Callable[..., None]:
    """Change rules of the blog's policy."""
    return change_rules


def write(who: Commenter, mia: Mia, *bodies: str, page: str = PAGE) -> list[str]:
    """Comments that were approved; gives their ids."""
    answers = [who.submits(body, page=page) for body in bodies]
    for answer in answers:
        mia.approves(answer)
    return [answer.json["comment"]["id"] for answer in answers]


def thread_of(mia: Mia, comment: str) -> str:
    return str(mia.sees(comment)["thread"]["id"])


def bodies(thread: Reader, page: str = PAGE, **query: Any) -> list[str]:
    return [comment["body"][0][1] for comment in thread.opens(page, **query).json["comments"]]


def later(days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    at = http.now() + timedelta(days=days)
    monkeypatch.setattr(http, "now", lambda: at)


def log_holds() -> bool:
    db.session.rollback()
    return all(log.broken is None for log in sealing.verify())


# Closing by age


def test_a_thread_closes_by_its_own_days(
    ada: Commenter, mia: Mia, thread: Reader, asks: Asks, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = write(ada, mia, "First!")
    changed = asks("PATCH", f"threads/{thread_of(mia, first)}", close_after_days=7).json
    assert changed["close_after_days"] == 7
    later(8, monkeypatch)
    assert thread.opens().json["state"] == "closed"
    assert ada.submits("Too late").status_code == 403
    asks("POST", f"events/{changed['event']}/undo")
    assert thread.opens().json["state"] == "open"
    assert log_holds()


def test_a_thread_may_stay_open_where_the_site_closes_its_threads(
    ada: Commenter, mia: Mia, thread: Reader, asks: Asks, rule: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(close_after_days=3)
    (first,) = write(ada, mia, "First!")
    later(4, monkeypatch)
    assert thread.opens().json["state"] == "closed"
    where = f"threads/{thread_of(mia, first)}"
    asks("PATCH", where, close_after_days=0)
    assert thread.opens().json["state"] == "open"
    asks("PATCH", where, close_after_days=None)
    assert thread.opens().json["state"] == "closed"


@pytest.mark.parametrize("days", [-1, 36_501, 1.5, "7", True, []])
def test_only_days_are_days(ada: Commenter, mia: Mia, asks: Asks, days: Any) -> None:
    (first,) = write(ada, mia, "First!")
    refused = asks("PATCH", f"threads/{thread_of(mia, first)}", 422, close_after_days=days)
    assert refused.json["errors"][0]["field"] == "close_after_days"


@pytest.mark.parametrize("change", [{}, {"colour": "red"}, {"locked": True, "page": "/x"}])
def test_one_thing_is_changed_at_a_time(ada: Commenter, mia: Mia, asks: Asks, change: dict[str, Any]) -> None:
    (first,) = write(ada, mia, "First!")
    asks("PATCH", f"threads/{thread_of(mia, first)}", 422, **{"x": 1, **change})


def test_a_lock_is_undone_like_everything(ada: Commenter, mia: Mia, thread: Reader, asks: Asks) -> None:
    (first,) = write(ada, mia, "First!")
    locked = asks("PATCH", f"threads/{thread_of(mia, first)}", locked=True).json["event"]
    assert thread.opens().json["state"] == "locked"
    undone = asks("POST", f"events/{locked}/undo").json["event"]
    assert thread.opens().json["state"] == "open"
    asks("POST", f"events/{locked}/undo", 409)
    asks("POST", f"events/{undone}/undo")
    assert thread.opens().json["state"] == "locked"
    assert log_holds()


# Pinning


@pytest.mark.parametrize("sort", ["oldest", "newest"])
def test_a_pinned_comment_comes_first_and_once(
    ada: Commenter, mia: Mia, thread: Reader, asks: Asks, rule: Callable[..., None], sort: str
) -> None:
    rule(page_size=10)
    ids = write(ada, mia, *(f"Comment {number:02}" for number in range(25)))
    pinned = asks("PATCH", f"threads/{thread_of(mia, ids[0])}", pinned=ids[12]).json
    answer = thread.opens(sort=sort).json
    assert answer["pinned"] == pinned["pinned"] == ids[12]
    read = bodies(thread, sort=sort)
    while answer["next"]:
        read += bodies(thread, sort=sort, after=answer["next"])
        answer = thread.opens(sort=sort, after=answer["next"]).json
    others = [f"Comment {number:02}" for number in range(25) if number != 12]
    assert read == ["Comment 12", *(others if sort == "oldest" else others[::-1])]
    asks("POST", f"events/{pinned['event']}/undo")
    assert thread.opens(sort=sort).json["pinned"] is None
    assert bodies(thread)[0] == "Comment 00"


def test_a_pinned_comment_that_is_held_shows_nowhere(ada: Commenter, mia: Mia, thread: Reader, asks: Asks) -> None:
    kept = [ada.submits(body) for body in ("One", "Two")]
    for answer in kept:
        mia.approves(answer)
    two = kept[1].json["comment"]["id"]
    asks("PATCH", f"threads/{thread_of(mia, two)}", pinned=two)
    assert bodies(thread) == ["Two", "One"]
    mia.decides(kept[1], "pending")
    assert bodies(thread) == ["One"]
    assert thread.opens().json["pinned"] is None


def test_only_what_can_be_read_in_the_thread_is_pinned(ada: Commenter, mia: Mia, asks: Asks) -> None:
    (first,) = write(ada, mia, "First!")
    (other,) = write(ada, mia, "Elsewhere", page=CAKE)
    held = ada.submits("Held").json["comment"]["id"]
    where = f"threads/{thread_of(mia, first)}"
    asks("PATCH", where, 404, pinned=other)
    asks("PATCH", where, 409, pinned=held)
    asks("PATCH", where, 422, pinned="x")


def test_the_page_and_search_engines_see_the_pinned_comment_first(
    ada: Commenter, mia: Mia, asks: Asks, thread: Reader
) -> None:
    ids = write(ada, mia, "One", "Two")
    asks("PATCH", f"threads/{thread_of(mia, ids[0])}", pinned=ids[1])
    page = thread.client.get(f"/s/{SITE}/thread?page={PAGE}").text
    structured = msgspec.json.decode(page.partition('ld+json">')[2].partition("</script>")[0])
    assert [comment["text"] for comment in structured["comment"]] == ["Two", "One"]
    assert page.index("Pinned") < page.index("<p>Two</p>") < page.index("<p>One</p>")


# Moving


def test_a_moved_thread_is_found_below_both_pages(
    ada: Commenter, ben: Commenter, mia: Mia, thread: Reader, asks: Asks
) -> None:
    (first,) = write(ada, mia, "First!")
    assert (bodies(thread), bodies(thread, CAKE)) == (["First!"], [])
    moved = asks("PATCH", f"threads/{thread_of(mia, first)}", page=f"https://blog.example{CAKE}").json
    assert (moved["page"], moved["aliases"]) == (CAKE, [PAGE])
    assert bodies(thread) == bodies(thread, CAKE) == ["First!"]
    write(ben, mia, "From the old page")
    write(ben, mia, "From the new page", page=CAKE)
    everything = ["First!", "From the old page", "From the new page"]
    assert bodies(thread) == bodies(thread, CAKE) == everything
    counted = thread.client.get(f"/api/v1/sites/{SITE}/counts", query_string={"page": [PAGE, CAKE, PIE]}).json
    assert counted["counts"] == {PAGE: 3, CAKE: 3, PIE: 0}
    for page in (PAGE, CAKE):
        assert thread.client.get(f"/api/v1/sites/{SITE}/feed.atom?page={page}").text.count("<entry>") == 3
        assert thread.client.get(f"/s/{SITE}/thread?page={page}").text.count("<article") == 3
    asks("POST", f"events/{moved['event']}/undo")
    assert (bodies(thread), bodies(thread, CAKE)) == (everything, [])
    assert log_holds()


def test_a_thread_does_not_take_the_page_of_another(ada: Commenter, mia: Mia, asks: Asks) -> None:
    (first,) = write(ada, mia, "First!")
    write(ada, mia, "Cake", page=CAKE)
    asks("PATCH", f"threads/{thread_of(mia, first)}", 409, page=CAKE)
    asks("PATCH", f"threads/{thread_of(mia, first)}", 422, page="https://evil.example/x")


def test_a_page_that_a_thread_left_may_get_another_and_have_it_back(
    ada: Commenter, mia: Mia, thread: Reader, asks: Asks
) -> None:
    (bread,) = write(ada, mia, "Bread")
    (cake,) = write(ada, mia, "Cake", page=CAKE)
    asks("PATCH", f"threads/{thread_of(mia, bread)}", page=PIE)
    assert bodies(thread) == ["Bread"]
    moved = asks("PATCH", f"threads/{thread_of(mia, cake)}", page=PAGE).json["event"]
    assert (bodies(thread), bodies(thread, CAKE), bodies(thread, PIE)) == (["Cake"], ["Cake"], ["Bread"])
    asks("POST", f"events/{moved}/undo")
    assert (bodies(thread), bodies(thread, CAKE), bodies(thread, PIE)) == (["Bread"], ["Cake"], ["Bread"])
    assert log_holds()


def test_a_thread_moved_twice_and_home_again_keeps_every_reader(
    ada: Commenter, mia: Mia, thread: Reader, asks: Asks
) -> None:
    (first,) = write(ada, mia, "First!")
    where = f"threads/{thread_of(mia, first)}"
    first_move = asks("PATCH", where, page=CAKE).json["event"]
    asks("PATCH", where, page=PIE)
    assert [bodies(thread, page) for page in (PAGE, CAKE, PIE)] == [["First!"]] * 3
    asks("POST", f"events/{first_move}/undo", 409)
    asks("PATCH", where, page=PAGE)
    assert [bodies(thread, page) for page in (PAGE, CAKE, PIE)] == [["First!"]] * 3
    db.session.rollback()
    assert set(db.session.scalars(sa.select(ThreadAlias.page))) == {CAKE, PIE}


# Merging


def test_two_threads_become_one_and_two_again(
    ada: Commenter, ben: Commenter, mia: Mia, thread: Reader, asks: Asks
) -> None:
    bread = write(ada, mia, "Bread one", "Bread two")
    (cake,) = write(ben, mia, "Cake", page=CAKE)
    held = ben.submits("Held", page=CAKE).json["comment"]["id"]
    reply = ben.submits("A reply", page=CAKE, parent=cake)
    mia.approves(reply)
    asks("PATCH", f"threads/{thread_of(mia, cake)}", pinned=cake)
    merged = asks("POST", f"threads/{thread_of(mia, cake)}/merge", page=PAGE).json
    assert (merged["count"], merged["page"], merged["aliases"]) == (4, PAGE, [CAKE])
    assert bodies(thread) == bodies(thread, CAKE) == ["Bread one", "Bread two", "Cake", "A reply"]
    assert thread_of(mia, held) == thread_of(mia, bread[0])
    late = ada.submits("A late reply", page=CAKE, parent=cake)
    mia.approves(late)
    asks("POST", f"events/{merged['event']}/undo")
    assert bodies(thread) == ["Bread one", "Bread two"]
    assert bodies(thread, CAKE) == ["Cake", "A reply", "A late reply"]
    assert thread.opens(CAKE).json["pinned"] == cake
    assert (thread.opens().json["count"], thread.opens(CAKE).json["count"]) == (2, 3)
    assert thread_of(mia, held) == thread_of(mia, cake)
    assert log_holds()


def test_a_merge_undone_and_made_again_loses_nothing(ada: Commenter, mia: Mia, thread: Reader, asks: Asks) -> None:
    write(ada, mia, "Bread")
    (cake,) = write(ada, mia, "Cake", page=CAKE)
    event = asks("POST", f"threads/{thread_of(mia, cake)}/merge", page=PAGE).json["event"]
    for turn in range(4):
        both = ["Bread", "Cake"]
        assert bodies(thread, CAKE) == (["Cake"] if turn % 2 else both)
        assert bodies(thread) == (["Bread"] if turn % 2 else both)
        event = asks("POST", f"events/{event}/undo").json["event"]
    db.session.rollback()
    for row in db.session.scalars(sa.select(Thread)):
        same = sa.select(sa.func.count()).select_from(Comment).where(Comment.thread_id == row.id)
        assert db.session.scalar(same) == row.comment_count
    assert log_holds()


def test_a_merge_that_somebody_built_on_is_not_undone(ada: Commenter, mia: Mia, asks: Asks) -> None:
    (bread,) = write(ada, mia, "Bread")
    (cake,) = write(ada, mia, "Cake", page=CAKE)
    (pie,) = write(ada, mia, "Pie", page=PIE)
    first = asks("POST", f"threads/{thread_of(mia, cake)}/merge", page=PAGE).json["event"]
    asks("POST", f"threads/{thread_of(mia, bread)}/merge", page=PIE)
    asks("POST", f"events/{first}/undo", 409)
    assert mia.sees(cake)["page"] == mia.sees(pie)["page"] == PIE


def test_a_thread_is_merged_into_another_only(ada: Commenter, mia: Mia, asks: Asks) -> None:
    (bread,) = write(ada, mia, "Bread")
    where = f"threads/{thread_of(mia, bread)}/merge"
    for page in (PAGE, CAKE):
        assert asks("POST", where, 422, page=page).json["errors"][0]["field"] == "page"
    asks("POST", where, 422, page=None)


def test_the_log_tells_in_words_what_became_of_a_thread(ada: Commenter, mia: Mia, asks: Asks) -> None:
    (bread,) = write(ada, mia, "Bread")
    write(ada, mia, "Cake", page=CAKE)
    where = f"threads/{thread_of(mia, bread)}"
    for change in ({"close_after_days": 7}, {"pinned": bread}, {"page": PIE}):
        asks("PATCH", where, **change)
    asks("POST", f"{where}/merge", page=CAKE)
    found = {event["kind"]: event["detail"] for event in asks("GET", "events").json["events"]}
    assert (found["close"]["before"], found["close"]["after"]) == (None, 7)
    assert (found["move"]["before"], found["move"]["after"]) == (PAGE, PIE)
    assert (found["merge"]["page"], found["merge"]["into_page"], found["merge"]["comments"]) == (PIE, CAKE, 1)


# Slow mode, and away


def test_in_slow_mode_everybody_writes_once_in_a_while(
    ada: Commenter, ben: Commenter, rule: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(slow_minutes=10)
    assert ada.submits("One", key="one").status_code == 202
    refused = ada.submits("Two")
    assert refused.status_code == 429
    assert 590 <= int(refused.headers["Retry-After"]) <= 600
    assert "again in 10 min" in refused.json["detail"]
    assert ada.submits("One", key="one").status_code == 202
    assert ada.submits("Two", email="ada@another-address.org").status_code == 429
    moved = Commenter(ada.client, "Ada", ada.email, address="198.51.100.23")
    assert moved.submits("Two").status_code == 429
    assert ben.submits("Two").status_code == 202
    at = http.now() + timedelta(minutes=11)
    monkeypatch.setattr(http, "now", lambda: at)
    assert ada.submits("Three").status_code == 202


def test_the_form_without_scripts_says_when_to_try_again_in_the_reader_s_language(
    ada: Commenter, rule: Callable[..., None]
) -> None:
    rule(slow_minutes=10)
    ada.submits("One")
    form = {"page": PAGE, "name": "Ada", "email": ada.email, "body": "Two", "lang": "de"}
    where = {"Origin": ada.origin}
    refused = ada.client.post(
        f"/s/{SITE}/comments", data=form, headers=where, environ_base={"REMOTE_ADDR": ada.address}
    )
    assert refused.status_code == 429
    assert "in 10 Min." in refused.text
    assert "Two</textarea>" in refused.text


def test_while_the_moderators_are_away_everything_waits_and_readers_are_told(
    ada: Commenter, mia: Mia, thread: Reader, rule: Callable[..., None]
) -> None:
    rule(moderation="none", hold_at=50)
    assert ada.submits("Before").status_code == 201
    assert "moderators are away" not in thread.opens().json["texts"]["notice"]
    rule(moderation="none", hold_at=50, away=True)
    waiting = ada.submits("While they are away")
    assert waiting.status_code == 202
    assert mia.sees(waiting.json["comment"]["id"])["reasons"][-1]["evidence"] == "The moderators are away."
    assert thread.opens().json["texts"]["notice"].startswith("The moderators are away.")
    assert thread.opens(lang="de").json["texts"]["notice"].startswith("Die Moderation ist gerade nicht da.")
    rule(moderation="none", hold_at=50, away=True, away_notice="Back on <Monday>.")
    assert thread.opens().json["texts"]["notice"].startswith("Back on <Monday>. Your email")
    assert "Back on &lt;Monday&gt;." in thread.client.get(f"/s/{SITE}/thread?page={PAGE}").text
