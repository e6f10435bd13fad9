"""Mia, who owns the blog, decides what it does: each setting by its name, each change an event, each rule tried before."""

import re
import subprocess
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from door import Browser, add_mia
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, SITE, Commenter, Mia, Reader
from running import COMMAND, environ
from werkzeug.test import TestResponse

from comments_service import cli, config, delivery, http
from comments_service.accounts import moderators, tokens
from comments_service.accounts.models import Role
from comments_service.administration import settings, settings_pages
from comments_service.extensions import db
from comments_service.moderation import sealing
from comments_service.sites import policy, registry, setting
from comments_service.spam import trial

SETTINGS = f"/api/v1/moderation/sites/{SITE}/settings"
LINKS = "See http://a.example and http://b.example and http://c.example"


@pytest.fixture
def mia(blog: str, client: FlaskClient) -> Mia:
    """Who owns the blog."""
    return Mia(client, tokens.add("Mia", [SITE], http.now(), Role.OWNER))


def asks(mia: Mia, method: str, path: str, **json: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {mia.token}"}
    return mia.client.open(path, method=method, json=json or None, headers=headers)


def changes(mia: Mia, **given: Any) -> TestResponse:
    return asks(mia, "PATCH", SETTINGS, settings=given)


def stands(mia: Mia) -> dict[str, Any]:
    return dict(asks(mia, "GET", SETTINGS).json["settings"])


def log(mia: Mia) -> list[dict[str, Any]]:
    return list(asks(mia, "GET", "/api/v1/moderation/events").json["events"])


def undoes(mia: Mia, event: str) -> TestResponse:
    return asks(mia, "POST", f"/api/v1/moderation/events/{event}/undo")


@pytest.fixture
def browser(app: Flask, blog: str) -> Browser:
    add_mia()
    browser = Browser(app)
    browser.signs_in()
    return browser


def form_of(browser: Browser) -> dict[str, str]:
    """The settings form as a browser would send it untouched."""
    page = browser.opens(f"/admin/settings?site={SITE}").text
    with browser.client.application.app_context():
        site = registry.find(SITE)
        form = settings_pages.written(settings.values(site))
        switches = {s.name for s in settings.SETTINGS if s.kind is setting.Kind.SWITCH}
        db.session.rollback()
    (revision,) = re.findall(r'name="revision" value="(\d+)"', page)
    assert all(f'name="{name}"' in page for name in form)
    kept = {name: text for name, text in form.items() if name not in switches or text == "yes"}
    return {"site": SITE, "revision": revision, **kept}


# The declarations


def test_each_setting_says_in_a_sentence_what_it_does() -> None:
    for each in settings.SETTINGS:
        assert each.sentence.endswith("."), each.name
        assert each.title, each.name
        assert str(each.takes).endswith("."), each.name


def test_a_setting_that_is_declared_is_on_the_page_without_more_code() -> None:
    class Rules(msgspec.Struct):
        slow_minutes: int = 0
        away: bool = False

    slow, away = setting.described(Rules)
    assert (slow.title, slow.kind, slow.group) == ("Slow minutes", setting.Kind.NUMBER, setting.ELSEWHERE)
    assert away.kind is setting.Kind.SWITCH


def test_what_is_written_is_read_again_as_it_was() -> None:
    for each in settings.SETTINGS:
        value = [ORIGIN] if each is settings.ORIGINS else each.checked(each.default)
        assert each.checked(each.typed(each.written(value))) == value


# Changing


def test_a_change_is_seen_by_readers_at_once(ada: Commenter, mia: Mia, thread: Reader) -> None:
    for number in range(12):
        mia.approves(ada.submits(f"Number {number}"))
    assert len(thread.names()) == 12
    before = thread.opens().headers["ETag"]
    assert changes(mia, page_size=10, max_depth=1).status_code == 200
    seen = thread.opens()
    assert (len(seen.json["comments"]), seen.json["max_depth"]) == (10, 1)
    assert seen.headers["ETag"] != before


def test_what_a_command_changes_beside_the_service_counts_a_second_later(
    ada: Commenter, thread: Reader, settings: config.Settings
) -> None:
    assert ada.submits().status_code == 202
    assert thread.opens().json["max_depth"] == 3
    given = {"database_url": settings.database_url} if settings.database_url else {}
    command = [*COMMAND, "site", "settings", SITE, "moderation=none", "hold_at=90", "spam_at=99", "max_depth=1"]
    db.session.rollback()
    subprocess.run(command, env=environ(settings.instance_path, **given), check=True)
    time.sleep(registry.KEPT_SECONDS)
    assert thread.opens().json["max_depth"] == 1
    assert ada.submits("Once more!").status_code == 201


def test_an_origin_that_is_added_may_send_and_read(ada: Commenter, mia: Mia, thread: Reader) -> None:
    new = "https://new.example"
    moved = Commenter(ada.client, "Ada", "ada@ada-lovelace.org", origin=new)
    assert moved.submits().status_code == 403
    thread.origin = new
    assert "Access-Control-Allow-Origin" not in thread.opens().headers
    assert changes(mia, origins=[ORIGIN, "HTTPS://New.example:443/", new]).json["settings"]["origins"] == [ORIGIN, new]
    assert moved.submits().status_code == 202
    assert thread.opens().headers["Access-Control-Allow-Origin"] == new


def test_the_site_speaks_its_own_words_and_language(mia: Mia, thread: Reader, client: FlaskClient) -> None:
    changes(mia, language="de", heading="  Say <b>it</b> ", notice="Be kind.\nOr be quiet.")
    texts = thread.opens().json["texts"]
    assert (texts["title"], texts["notice"], texts["post"]) == (
        "Say <b>it</b>",
        "Be kind.\nOr be quiet.",
        "Kommentar abschicken",
    )
    assert thread.opens(lang="fr").json["texts"]["post"] != texts["post"]
    assert thread.opens(lang="tlh").json["texts"]["post"] == texts["post"]
    page = client.get(f"/s/{SITE}/thread?page=/x").text
    assert '<html lang="de"' in page
    assert "<h2>Say &lt;b&gt;it&lt;/b&gt;</h2>" in page
    assert '<html lang="fr"' in client.get(f"/s/{SITE}/thread?page=/x", headers={"Accept-Language": "fr"}).text


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"page_size": 9}, ["page_size"]),
        ({"page_size": "many", "hold_at": "NaN", "moderation": "some"}, ["moderation", "hold_at", "page_size"]),
        ({"hold_words": [""]}, ["hold_words"]),
        ({"hold_words": ["a\x00b"]}, ["hold_words"]),
        ({"hold_words": ["x"] * 501}, ["hold_words"]),
        ({"hold_words": "casino"}, ["hold_words"]),
        ({"hold_at": 1e400, "spam_at": 101}, ["hold_at", "spam_at"]),
        ({"hold_at": 5, "spam_at": 3}, ["spam_at"]),
        ({"hold_at": True}, ["hold_at"]),
        ({"language": "klingon"}, ["language"]),
        ({"heading": "x" * 201}, ["heading"]),
        ({"heading": "x\x1b"}, ["heading"]),
        ({"origins": []}, ["origins"]),
        ({"origins": ["blog.example"]}, ["origins"]),
        ({"origins": ["https://blog.example/path"], "max_depth": -1}, ["max_depth", "origins"]),
        ({"origins": "https://blog.example"}, ["origins"]),
        ({"akismet": "perhaps"}, ["akismet"]),
        ({"unheard_of": 1}, ["unheard_of"]),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_nothing_is_kept(
    mia: Mia, wrong: dict[str, Any], names: list[str]
) -> None:
    before = stands(mia)
    text = msgspec.json.encode({"settings": {"max_links": 7, **wrong}}).decode().replace("null", "1e400")
    answer = mia.client.patch(
        SETTINGS,
        data=text,
        headers={"Authorization": f"Bearer {mia.token}", "Content-Type": "application/json"},
    )
    if answer.status_code != 400:  # 1e400 is no JSON number to some
        assert answer.status_code == 422
        assert sorted(error["field"] for error in answer.json["errors"]) == sorted(names)
    assert stands(mia) == before
    assert log(mia) == []


@pytest.mark.parametrize("body", [{}, {"settings": []}, {"settings": {}, "revision": "1"}, {"settings": None}])
def test_a_request_that_is_none_is_refused(mia: Mia, body: dict[str, Any]) -> None:
    assert asks(mia, "PATCH", SETTINGS, **body).status_code in {415, 422}


def test_only_those_of_the_site_see_and_change_its_settings(mia: Mia, client: FlaskClient, app: Flask) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    noah = Mia(client, tokens.add("Noah", ["shop"], http.now(), Role.OWNER))
    event = changes(mia, max_links=5).json["event"]
    assert asks(noah, "GET", SETTINGS).status_code == 404
    assert changes(noah, max_links=1).status_code == 404
    assert undoes(noah, event).status_code == 404
    assert asks(noah, "GET", SETTINGS.replace(SITE, "nowhere")).status_code == 404
    assert client.get(SETTINGS).status_code == 401
    assert Browser(app).opens("/admin/settings").status_code == 303
    assert stands(mia)["max_links"] == 5


def test_a_moderator_who_is_no_owner_changes_and_undoes_no_setting(mia: Mia, client: FlaskClient, app: Flask) -> None:
    noah = Mia(client, tokens.add("Noah", [SITE], http.now()))
    event = changes(mia, max_links=5).json["event"]
    assert asks(noah, "GET", SETTINGS).status_code == 403
    assert changes(noah, max_links=1).status_code == 403
    assert undoes(noah, event).status_code == 403
    assert stands(mia)["max_links"] == 5


def test_a_moderator_is_not_shown_what_only_an_owner_may_do(mia: Mia, app: Flask) -> None:
    changes(mia, max_links=5)
    link = moderators.add("noah@noah-moderates.org", "Noah", {SITE: Role.MODERATOR}, http.sealer(), http.now())[1]
    noah = Browser(app)
    noah.sends(f"/admin/sign-in/{link}")
    log = noah.opens("/admin/events").text
    assert "Changed the settings" in log
    assert "/admin/undo/" not in log
    assert "/admin/settings" not in log
    assert noah.opens(f"/admin/settings?site={SITE}").status_code == 403


# The log


def test_every_change_is_an_event_that_says_what_changed(mia: Mia) -> None:
    changes(mia, hold_words=["casino", "pills"])
    changes(mia, hold_words=["pills", "seo"], page_size=50)
    changes(mia, page_size=50)
    second, first = log(mia)
    assert first["kind"] == second["kind"] == "settings"
    assert second["detail"] == {
        "before": {"hold_words": ["casino", "pills"], "page_size": 100},
        "after": {"hold_words": ["pills", "seo"], "page_size": 50},
    }
    told = [str(part) for part in settings.told(second["detail"])]
    assert told == ["Words that hold: +seo, −casino", "Comments at once: 100 → 50"]
    assert all(found.broken is None for found in sealing.verify())


def test_a_change_is_undone_and_the_undo_too(mia: Mia) -> None:
    event = changes(mia, hold_at=2, origins=[ORIGIN, "https://new.example"]).json["event"]
    undone = undoes(mia, event)
    assert undone.status_code == 200
    assert (stands(mia)["hold_at"], stands(mia)["origins"]) == (1.0, [ORIGIN])
    assert undoes(mia, undone.json["event"]).status_code == 200
    assert (stands(mia)["hold_at"], stands(mia)["origins"]) == (2.0, [ORIGIN, "https://new.example"])


def test_what_has_moved_on_is_not_undone(mia: Mia) -> None:
    event = changes(mia, hold_at=2, page_size=50).json["event"]
    changes(mia, max_depth=5)
    changes(mia, hold_at=3)
    assert undoes(mia, event).status_code == 409
    assert (stands(mia)["hold_at"], stands(mia)["page_size"], stands(mia)["max_depth"]) == (3.0, 50, 5)


def test_who_was_overtaken_is_told(mia: Mia) -> None:
    seen = asks(mia, "GET", SETTINGS).json["revision"]
    changes(mia, page_size=50)
    late = asks(mia, "PATCH", SETTINGS, settings={"max_depth": 1}, revision=seen)
    assert late.status_code == 409
    assert stands(mia)["max_depth"] == 3


# Rules and what waits


def test_a_changed_rule_scores_what_waits_anew_and_its_undo_too(ada: Commenter, mia: Mia) -> None:
    waiting = ada.submits(LINKS)
    points = mia.sees(waiting.json["comment"]["id"])["score"]
    event = changes(mia, max_links=10).json["event"]
    fewer = mia.sees(waiting.json["comment"]["id"])["score"]
    assert fewer < points
    undoes(mia, event)
    assert mia.sees(waiting.json["comment"]["id"])["score"] == points
    changes(mia, spam_words=["see"])
    assert mia.sees(waiting.json["comment"]["id"])["status"] == "spam"
    assert [entry["kind"] for entry in log(mia)][:2] == ["rescore", "settings"]


def test_a_long_queue_is_scored_while_the_owner_does_something_else(
    app: Flask, ada: Commenter, mia: Mia, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "AT_ONCE", 2)
    monkeypatch.setattr(settings, "AT_ONCE", 2)
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.05)
    for number in range(7):
        ada.submits(f"{LINKS} number {number}")
    changes(mia, spam_words=["see"])
    assert settings.unfinished() == [SITE]
    assert (mia.queue(status="pending")["total"], mia.queue(status="spam")["total"]) == (3, 4)
    assert "number 2" in mia.queue(status="pending")["comments"][0]["body_source"]  # the newest first
    stop = Event()
    beside = Thread(target=delivery.run_forever, args=(app, stop))
    beside.start()
    deadline = time.monotonic() + 10
    while settings.unfinished() and time.monotonic() < deadline:
        db.session.rollback()
        time.sleep(0.05)
    stop.set()
    beside.join()
    assert settings.unfinished() == []
    assert mia.queue(status="spam")["total"] == 7
    kinds = [(entry["kind"], entry["by"], entry["changed"]) for entry in log(mia)]
    assert kinds == [("rescore", "system", 3), ("rescore", "Mia", 4), ("settings", "Mia", 0)]
    assert all(found.broken is None for found in sealing.verify())
    assert undoes(mia, log(mia)[0]["id"]).json["changed"] == 3


# On the page


def test_the_page_saves_says_so_and_offers_to_undo(browser: Browser, mia: Mia, ada: Commenter) -> None:
    ada.submits(LINKS)
    form = {**form_of(browser), "max_links": "5", "hold_words": " casino \r\n\r\nname:seo  king ", "akismet": "yes"}
    answer = browser.sends("/admin/settings", **form)
    assert answer.status_code == 303
    page = browser.opens(answer.location)
    assert "Saved. 1 comment that waits was scored anew, none went to spam." in browser.reads(page)
    changed = stands(mia)
    assert (changed["max_links"], changed["hold_words"], changed["akismet"]) == (5, ["casino", "name:seo king"], True)
    assert set(log(mia)[0]["detail"]["after"]) == {"max_links", "hold_words", "akismet"}
    (undo,) = re.findall(r'action="(/admin/undo/[^"]+)"', page.text)
    undone = browser.sends(undo, back=f"/admin/settings?site={SITE}")
    assert "Undid." in browser.reads(browser.opens(undone.location))
    assert stands(mia)["max_links"] == 2
    assert "Changed the settings" in browser.opens("/admin/events").text


def test_a_form_that_changes_nothing_is_no_event(browser: Browser, mia: Mia) -> None:
    answer = browser.sends("/admin/settings", **form_of(browser))
    assert "Nothing was changed." in browser.reads(browser.opens(answer.location))
    assert log(mia) == []


def test_wrong_values_are_named_and_the_form_stays_as_it_was_typed(browser: Browser, mia: Mia) -> None:
    typed = {"page_size": "7<", "hold_words": "<i>one</i>\nx" + "y" * 100, "heading": 'A "new" one', "hook": "yes"}
    answer = browser.sends("/admin/settings", **{**form_of(browser), **typed})
    assert answer.status_code == 422
    page = answer.text
    assert 'value="7&lt;"' in page
    assert "&lt;i&gt;one&lt;/i&gt;" in page
    assert "A &#34;new&#34; one" in page
    assert re.search(r'name="hook" value="yes" checked', page)
    for name in ("page_size", "hold_words"):
        assert re.search(rf'id="{name}"[^>]*aria-describedby="{name}-says {name}-wrong" aria-invalid="true"', page)
        assert f'<a href="#{name}">' in page
    assert "A whole number from 10 to 200." in page
    assert stands(mia)["heading"] == ""


def test_a_form_that_somebody_overtook_is_kept_and_can_be_sent_again(browser: Browser, mia: Mia) -> None:
    form = {**form_of(browser), "heading": "Mine"}
    changes(mia, page_size=50)
    late = browser.sends("/admin/settings", **form)
    assert late.status_code == 409
    assert 'value="Mine"' in late.text
    assert "Somebody else changed the settings in the meantime" in late.text
    (revision,) = re.findall(r'name="revision" value="(\d+)"', late.text)
    assert browser.sends("/admin/settings", **{**form, "revision": revision}).status_code == 303


def test_a_rule_is_tried_before_it_is_switched_on(browser: Browser, mia: Mia, ada: Commenter, ben: Commenter) -> None:
    mia.approves(ada.submits("I tried it with rye."))
    mia.approves(ben.submits(LINKS))
    mia.decides(ben.submits("Visit my casino"), "spam")
    form = {**form_of(browser), "moderation": "none", "hold_at": "1.5", "spam_words": "casino", "heading": "Unsaved"}
    tried = browser.sends("/admin/settings/try", **form)
    assert tried.status_code == 200
    assert "Would have held 1 of the last 3, 1 of them approved by you." in browser.reads(tried)
    assert 'name="hold_at" value="1.5"' in tried.text
    assert 'value="Unsaved"' in tried.text
    assert (stands(mia)["hold_at"], log(mia)[0]["kind"]) == (1.0, "decide")
    assert browser.sends("/admin/settings/try", **{**form, "hold_at": "x"}).status_code == 422


def test_a_stranger_s_page_changes_nothing(browser: Browser, mia: Mia) -> None:
    form = {**form_of(browser), "heading": "Evil"}
    evil = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert browser.sends("/admin/settings", evil, **form).status_code == 403
    assert stands(mia)["heading"] == ""


def test_who_has_several_sites_chooses(browser: Browser) -> None:
    assert 'id="which"' not in browser.opens("/admin/settings").text
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    page = browser.opens("/admin/settings?site=shop").text
    assert "Settings of shop" in page
    assert "https://shop.example" in page
    assert "<option>blog</option><option selected>shop</option>" in page
    assert browser.opens("/admin/settings?site=nowhere").status_code == 404
    assert browser.opens("/admin/settings?site=%00").status_code == 404


# By command


@pytest.fixture
def runs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(*line: str) -> Result:
        monkeypatch.setattr(cli, "application", lambda: app)
        db.session.rollback()
        return CliRunner().invoke(cli.main, list(line))

    return run


def test_the_command_line_prints_and_changes_settings(runs: Callable[..., Result], mia: Mia, ada: Commenter) -> None:
    ada.submits(LINKS)
    printed = runs("site", "settings", SITE).output
    assert "hold_at=1\n" in printed
    assert f"origins={ORIGIN}\n" in printed
    said = runs("site", "settings", SITE, "hold_words=casino, name:seo", "akismet=on", "client_pending=5")
    assert said.output.splitlines()[0] == "Saved."
    assert "Scored 1 held comments" in said.output
    changed = stands(mia)
    assert (changed["hold_words"], changed["akismet"], changed["client_pending"]) == (["casino", "name:seo"], True, 5)
    assert runs("site", "settings", SITE, "client_pending=").exit_code == 0
    assert stands(mia)["client_pending"] is None
    assert log(mia)[0]["by"] == "command line"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (["blog", "page_size=5"], 1, "page_size: A whole number from 10 to 200."),
        (["blog", "nothing=5"], 2, "nothing is no setting"),
        (["blog", "page_size"], 2, "page_size is no setting"),
        (["nowhere", "page_size=50"], 1, "There is no such site."),
        (["nowhere"], 1, "There is no such site."),
    ],
)
def test_the_command_line_says_what_is_wrong(
    runs: Callable[..., Result], blog: str, line: list[str], code: int, said: str
) -> None:
    result = runs("site", "settings", *line)
    assert (result.exit_code, said in result.output) == (code, True), result.output


def test_any_rule_can_be_tried_by_command(runs: Callable[..., Result], mia: Mia, ada: Commenter) -> None:
    mia.approves(ada.submits("I tried it with rye."))
    assert (
        "Would have held 1 of the last 1, 1 of them approved by you."
        in runs("spam", "try", SITE, "hold_words=rye", "moderation=none").output
    )
    assert stands(mia)["hold_words"] == []
