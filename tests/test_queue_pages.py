"""Mia at her desk without scripts: links and buttons do everything, and what people wrote is only text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from door import MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from markupsafe import escape
from people import ORIGIN, SITE, Commenter, Reader
from werkzeug.test import TestResponse

from comments_service.accounts.http import told
from comments_service.comments.models import Comment, EarlierBody, Status, Thread
from comments_service.extensions import db
from comments_service.http import now
from comments_service.i18n import Sentence
from comments_service.moderation import decisions
from comments_service.moderation.decisions import Decision
from comments_service.moderation.models import Event
from comments_service.sites import policy, registry

VOID = {"meta", "link", "input", "br", "img", "hr", "path"}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*191}}'
RIGHT_TO_LEFT = "\u202egpj.exe\u2066"


@dataclass
class Element:
    """An element of a page, with the text in it and the elements around it."""

    tag: str
    attributes: dict[str, str]
    around: list["Element"]
    text: str = ""

    def says(self, words: str) -> bool:
        return " ".join(self.text.split()).startswith(words)


@dataclass
class Page(HTMLParser):
    """A page as a browser without scripts has it: its links can be followed, its buttons pressed."""

    browser: Browser
    path: str
    answer: TestResponse
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []
        self.feed(self.answer.text)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, list(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs), list(self._open)))  # type: ignore[arg-type]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    @property
    def words(self) -> str:
        return self.browser.reads(self.answer)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = attributes.items()
        return [e for e in self.elements if e.tag == tag and wanted <= e.attributes.items()]

    def form_of(self, control: Element) -> Element | None:
        if "form" in control.attributes:
            return self.all("form", id=control.attributes["form"])[0]
        return next((e for e in reversed(control.around) if e.tag == "form"), None)

    def filled(self, form: Element) -> dict[str, str]:
        """What the form sends as it stands."""
        sent = {}
        for control in self.elements:
            kind = control.attributes.get("type")
            if control.tag not in {"input", "textarea"} or self.form_of(control) is not form:
                continue
            if kind not in {"radio", "checkbox"} or "checked" in control.attributes:
                value = control.text.removeprefix("\n") if control.tag == "textarea" else control.attributes["value"]
                sent[control.attributes["name"]] = value
        return sent

    def sends(self, words: str, nth: int = 0, **typed: str) -> TestResponse:
        """Press the button that begins with `words`, having typed into the fields."""
        button = [e for e in self.elements if e.tag == "button" and e.says(words)][nth]
        form = self.form_of(button)
        assert form is not None, "a button that needs a script"
        data = self.filled(form) | typed
        if "name" in button.attributes:
            data[button.attributes["name"]] = button.attributes["value"]
        action = form.attributes.get("action", self.path)
        if form.attributes.get("method") == "get":
            return self.browser.client.get(action, query_string=data, headers=self.browser.headers)
        return self.browser.sends(action, **data)

    def presses(self, words: str, nth: int = 0, **typed: str) -> "Page":
        """Press a button and see the page that comes of it."""
        answer = self.sends(words, nth, **typed)
        assert answer.status_code == 303
        assert answer.location.startswith("/admin/")
        return opens(self.browser, answer.location)

    def follows(self, words: str) -> "Page":
        (link,) = [e for e in self.elements if e.tag == "a" and e.says(words)]
        return opens(self.browser, link.attributes["href"])

    def buttons(self) -> list[str]:
        """The buttons of the first card, by their visible words."""
        card = next(e for e in self.elements if e.tag == "article")
        found = [e for e in self.elements if e.tag == "button" and card in e.around]
        return [" ".join(button.text.split()).partition(" the comment by")[0] for button in found]


def opens(browser: Browser, path: str = "/admin/") -> Page:
    answer = browser.opens(path)
    assert answer.status_code == 200, path
    return Page(browser, urlsplit(path).path, answer)


@pytest.fixture
def mia(app: Flask, blog: str) -> Browser:
    """Mia's browser, signed in."""
    add_mia()
    browser = Browser(app)
    browser.signs_in(MIAS_PASSWORD)
    return browser


def id_of(answer: TestResponse) -> str:
    return str(answer.json["comment"]["id"])


def stored() -> list[Comment]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Comment).order_by(Comment.id)))


def decided_elsewhere(status: Status) -> None:
    """Somebody else gives every comment a status meanwhile."""
    actor = decisions.Actor(None, "Noah", None)
    decisions.decide([Decision(c.id, status, c.version) for c in stored()], actor, now())


# The queue


def test_mia_approves_and_takes_it_back(ada: Commenter, mia: Browser, thread: Reader) -> None:
    ada.submits("First!")
    page = opens(mia).presses("Approve")
    assert "Approved: 1 comment." in page.words
    assert "Nothing waits." in page.words
    assert thread.names() == ["Ada"]
    page = page.presses("Undo")
    assert "Undid: 1 comment." in page.words
    assert thread.names() == []
    assert [c.status for c in stored()] == [Status.PENDING]


@pytest.mark.parametrize(
    ("tab", "button", "told", "after"),
    [
        ("pending", "Approve", "Approved: 1 comment.", "approved"),
        ("pending", "Spam", "Marked as spam: 1 comment.", "spam"),
        ("pending", "Trash", "Moved to the trash: 1 comment.", "trash"),
        ("approved", "Hold", "Held: 1 comment.", "pending"),
        ("approved", "Spam", "Marked as spam: 1 comment.", "spam"),
        ("approved", "Trash", "Moved to the trash: 1 comment.", "trash"),
        ("spam", "Approve", "Approved: 1 comment.", "approved"),
        ("spam", "Not spam", "Held: 1 comment.", "pending"),
        ("spam", "Trash", "Moved to the trash: 1 comment.", "trash"),
        ("trash", "Restore", "Restored: 1 comment.", "approved"),
    ],
)
def test_each_button_does_what_it_says(
    ada: Commenter, mia: Browser, tab: str, button: str, told: str, after: str
) -> None:
    ada.submits()
    decided_elsewhere(Status.APPROVED)
    decided_elsewhere(Status(tab))
    page = opens(mia, f"/admin/?status={tab}").presses(button)
    assert told in page.words
    assert parse_qs(urlsplit(page.answer.request.full_path).query)["status"] == [tab]
    assert [c.status for c in stored()] == [after]
    assert "Undid: 1 comment." in page.presses("Undo").words
    assert [c.status for c in stored()] == [tab]


@pytest.mark.parametrize("former", list(Status))
def test_what_was_thrown_away_is_brought_back_to_where_it_was(ada: Commenter, mia: Browser, former: Status) -> None:
    ada.submits()
    decided_elsewhere(former)
    decided_elsewhere(Status.TRASH)
    opens(mia, "/admin/?status=trash").presses("Restore")
    assert [c.status for c in stored()] == [Status.PENDING if former is Status.TRASH else former]


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        ("pending", ["Approve", "Spam", "Trash"]),
        ("approved", ["Hold", "Spam", "Trash"]),
        ("spam", ["Approve", "Not spam", "Trash", "Purge for good"]),
        ("trash", ["Restore", "Purge for good"]),
    ],
)
def test_only_what_can_be_done_is_offered(ada: Commenter, mia: Browser, status: str, buttons: list[str]) -> None:
    ada.submits()
    decided_elsewhere(Status(status))
    assert opens(mia, f"/admin/?status={status}").buttons() == buttons


def test_a_choice_on_each_is_saved_as_one_event(ada: Commenter, mia: Browser) -> None:
    ids = [id_of(ada.submits(f"Comment {number}")) for number in range(4)]
    wanted = dict(zip(ids, ("approved", "approved", "spam"), strict=False))
    choices = {f"choice-{comment}": f"{status}:{comment}:1" for comment, status in wanted.items()}
    page = opens(mia)
    assert all(
        any(radio.attributes["value"] == value for radio in page.all("input", type="radio", name=name))
        for name, value in choices.items()
    )
    page = page.presses("Save all", **choices)
    assert "Approved: 3 comments." in page.words
    assert [c.status for c in stored()] == ["approved", "approved", "spam", "pending"]
    assert len(db.session.scalars(sa.select(Event)).all()) == 1
    assert "Undid: 3 comments." in page.presses("Undo").words


def test_to_save_with_nothing_chosen_changes_nothing(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    opens(mia).presses("Save all")
    assert [c.version for c in stored()] == [1]


def test_mia_is_told_when_somebody_was_faster(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    page = opens(mia)
    decided_elsewhere(Status.TRASH)
    page = page.presses("Approve")
    assert "Nothing was changed. 1 comment had been changed by somebody else, and stayed." in page.words
    assert not [button for button in page.all("button") if button.says("Undo")]
    assert [c.status for c in stored()] == [Status.TRASH]


def test_a_purge_is_for_good_and_offers_no_undo(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    decided_elsewhere(Status.SPAM)
    page = opens(mia, "/admin/?status=spam").presses("Purge for good")
    assert "Purged for good: 1 comment." in page.words
    assert not [button for button in page.all("button") if button.says("Undo")]
    assert stored() == []


def test_the_tabs_count_and_keep_the_site(ada: Commenter, mia: Browser) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), now())
    for number in range(3):
        ada.submits(f"Comment {number}")
    decided_elsewhere(Status.SPAM)
    ada.submits("One more")
    Commenter(ada.client, "Ada", ada.email, origin="https://shop.example", site="shop").submits()
    assert "Pending 2 Approved 0 Spam 3 Trash 0" in opens(mia).words
    page = opens(mia, "/admin/?site=blog")
    assert "Pending 1 Approved 0 Spam 3 Trash 0" in page.words
    page = page.follows("Spam")
    assert [option.text for option in page.all("option") if "selected" in option.attributes] == [SITE]
    assert len(page.all("article")) == 3


def test_older_comments_are_a_link_away(ada: Commenter, mia: Browser) -> None:
    for number in range(5):
        ada.submits(f"Same words {number}")
    page = opens(mia, "/admin/?limit=3&q=words")
    assert len(page.all("article")) == 3
    older = page.follows("Older comments")
    assert len(older.all("article")) == 2
    assert older.all("input", name="q")[0].attributes["value"] == "words"
    assert not [link for link in older.all("a") if link.says("Older")]
    assert not {e.attributes["id"] for e in page.all("article")} & {e.attributes["id"] for e in older.all("article")}


def test_it_is_said_why_each_is_held_and_what_it_replies_to(ada: Commenter, ben: Commenter, mia: Browser) -> None:
    first = ada.submits("Question?")
    decided_elsewhere(Status.APPROVED)
    ben.submits("Answer", parent=id_of(first))
    page = opens(mia)
    (why,) = page.all("ul", **{"aria-label": "Why it was held"})
    assert "timing" in why.text
    assert "The form was sent without a valid token." in why.text
    assert "In reply to Ada Question?" in page.words
    assert "From this address: 1 pending" in page.words


def test_what_a_check_saw_is_only_text_and_keeps_its_direction(app: Flask, ada: Commenter, mia: Browser) -> None:
    ada.submits("http://a.example http://b.example http://c.example")
    page = opens(mia)
    assert "links 3 links: a.example, b.example, c.example +" in page.words
    assert "a.example, b.example, c.example" in [element.text for element in page.all("bdi")]
    with app.test_request_context():
        assert told(Sentence("<i>{who}</i>", {"who": HOSTILE})) == f"&lt;i&gt;<bdi>{escape(HOSTILE)}</bdi>&lt;/i&gt;"


def test_what_was_held_before_checks_were_translated_says_what_it_said(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    kept = '[{"check":"links","points":1.6,"evidence":"3 links: {count} <b>"}]'
    db.session.execute(sa.update(Comment).values(reasons=kept))
    db.session.commit()
    assert "links 3 links: {count} <b> +1.6" in opens(mia).words


def test_a_word_of_the_list_is_marked_in_the_text_however_it_is_written(
    ada: Commenter, mia: Browser, holds: Callable[..., None]
) -> None:
    holds(hold_words=["casin*", "cheap watches", "赌场", "name:ada"], spam_at=100)
    ada.submits("<b>My CАSINO</b> & ca\u200bsinos, che\u00adap\nwatches; 最好的赌场")
    page = opens(mia)
    assert [mark.text for mark in page.all("mark")] == ["CАSINO", "ca\u200bsinos", "che\u00adap\nwatches", "赌场"]
    assert "<b>My CАSINO</b> &" in page.all("p", **{"class": "body"})[0].text


def test_every_link_is_shown_in_full_and_leads_nowhere_until_asked_for(ada: Commenter, mia: Browser) -> None:
    ada.submits("[my bank](http://exаmple.com/login) http://a.example/?q=1#x", website="https://ada.example")
    page = opens(mia)
    (links,) = page.all("details", **{"class": "links"})
    assert "open" not in links.attributes
    assert links.says("3 links: ada.example, exаmple.com (xn--exmple-4nf.com), a.example")
    shown = [a for a in page.all("a") if links in a.around]
    assert [a.attributes["href"] for a in shown] == [a.text for a in shown]
    assert "http://exаmple.com/login exаmple.com (xn--exmple-4nf.com)" in page.words
    assert [a.text for a in shown] == [
        "https://ada.example",
        "http://exаmple.com/login",
        "http://a.example/?q=1#x",
    ]


def test_it_is_said_how_often_a_text_came_today(ada: Commenter, mia: Browser, holds: Callable[..., None]) -> None:
    holds(spam_at=100)
    text = "Buy the very best pills at our most wonderful shop of the whole week"
    for number in range(3):
        ada.submits(f"{text}, number {number}", email=f"s{number}@pills.example")
    ada.submits("What a nice shop")
    page = opens(mia)
    assert page.words.count("This text came 3 times today.") == 1


def test_the_record_of_an_address_tells_its_names_and_what_came_of_them(ada: Commenter, mia: Browser) -> None:
    ada.submits("First!")
    decided_elsewhere(Status.APPROVED)
    ada.submits("Second!", name="Adam")
    db.session.execute(sa.update(Comment).where(Comment.name == "Adam").values(status=Status.SPAM))
    db.session.commit()
    ada.submits("Third!")
    day = now().strftime("%Y-%m-%d")
    known = f"From this address: 1 approved, 1 pending, 1 spam; first seen {day}; as Ada, Adam. All of it by Ada"
    assert known in opens(mia).words


def test_each_card_is_called_after_who_wrote_it_and_says_its_keys(ada: Commenter, mia: Browser) -> None:
    ada.submits("First!")
    ada.submits("Second!", name="Adam")
    page = opens(mia)
    names = {e.attributes["id"]: " ".join(e.text.split()) for e in page.elements if "id" in e.attributes}
    assert [names[card.attributes["aria-labelledby"]] for card in page.all("article")] == ["Adam", "Ada"]
    assert [len(page.all(tag)) for tag in ("h1", "h2")] == [1, 2 + len(page.all("dialog"))]
    keys = [e.attributes["aria-keyshortcuts"] for e in page.all("button") if "aria-keyshortcuts" in e.attributes]
    assert keys == ["a", "s", "d"] * 2


# The search box


def test_mia_searches(ada: Commenter, ben: Commenter, mia: Browser) -> None:
    ada.submits("About sourdough")
    ben.submits("About rye")
    page = opens(mia)
    (form,) = page.all("form", role="search")
    assert (form.attributes["method"], form.attributes["action"]) == ("post", "/admin/search")
    (label,) = page.all("label", **{"for": "q"})
    assert label.says("Search")
    found = page.presses("Search", q="SOURDOUGH")
    assert [article.text.count("About sourdough") for article in found.all("article")] == [1]
    nothing = found.presses("Search", q="spelt")
    assert "Nothing matches." in nothing.words


def test_a_decision_leads_back_to_what_was_searched(ada: Commenter, mia: Browser) -> None:
    ada.submits("About sourdough & rye")
    page = opens(mia).presses("Search", q="sourdough & rye")
    page = page.presses("Approve")
    assert page.all("input", name="q")[0].attributes["value"] == "sourdough & rye"


def test_a_hostile_search_is_only_text(mia: Browser) -> None:
    page = opens(mia).presses("Search", q=HOSTILE)
    assert page.all("input", name="q")[0].attributes["value"] == HOSTILE
    assert_plain(page)


# The page of a comment


def test_mia_changes_a_text_and_the_earlier_one_stays(ada: Commenter, mia: Browser) -> None:
    ada.submits("\n  Frist!")
    page = opens(mia).follows("Edit or reply")
    (area,) = page.all("textarea", id="body")
    assert area.text.removeprefix("\n") == stored()[0].body
    page = page.presses("Save the text", body="First!")
    assert page.all("textarea", id="body")[0].text == "\nFirst!"
    assert "Text before the edit" in page.words
    assert [c.body for c in stored()] == ["First!"]
    assert "Frist!" in db.session.scalars(sa.select(EarlierBody)).one().body


def test_what_mia_typed_is_not_lost_when_somebody_was_faster(ada: Commenter, mia: Browser) -> None:
    ada.submits("Frist!")
    page = opens(mia).follows("Edit or reply")
    decided_elsewhere(Status.APPROVED)
    answer = page.sends("Save the text", body="First & foremost")
    assert answer.status_code == 409
    again = Page(mia, page.path, answer)
    assert again.all("p", role="alert")[0].says("Somebody changed this comment")
    assert again.all("textarea", id="body")[0].text == "\nFirst & foremost"
    assert stored()[0].body == "Frist!"
    again.presses("Save the text")
    assert stored()[0].body == "First & foremost"


def test_an_empty_text_is_refused_on_the_page(ada: Commenter, mia: Browser) -> None:
    ada.submits("Frist!")
    answer = opens(mia).follows("Edit or reply").sends("Save the text", body="  ")
    assert answer.status_code == 422
    assert answer.mimetype == "text/html"
    assert stored()[0].body == "Frist!"


def test_mia_answers_as_the_site(ada: Commenter, mia: Browser, thread: Reader) -> None:
    ada.submits("Question?")
    page = opens(mia).follows("Edit or reply").presses("Approve and reply", body="Answer")
    assert "Approved, on Bread" in page.words
    assert thread.names() == ["Ada", "Mia"]


def test_mia_locks_and_unlocks_a_discussion(ada: Commenter, mia: Browser, thread: Reader) -> None:
    ada.submits()
    page = opens(mia).follows("Edit or reply")
    locked = page.presses("Lock this discussion")
    assert locked.path == page.path
    assert thread.opens().json["state"] == "locked"
    locked.presses("Unlock this discussion")
    assert thread.opens().json["state"] == "open"


# The log


def test_the_log_is_read_and_undone(ada: Commenter, mia: Browser) -> None:
    ada.submits("One")
    ada.submits("Two")
    decided_elsewhere(Status.APPROVED)
    opens(mia, "/admin/?status=approved").presses("Spam")
    page = opens(mia).follows("Log")
    assert "Decided 1 from approved to spam Mia on blog" in page.words
    assert "Decided 2 from pending to approved Noah on blog" in page.words
    undone = page.presses("Undo", nth=1)
    assert "Undid: 1 comment. 1 comment had been changed by somebody else, and stayed." in undone.words
    assert sorted(c.status for c in stored()) == ["pending", "spam"]
    assert "Undid 1 from approved to pending Mia on blog" in undone.words
    assert "UTC ; undone" in undone.words
    # That Noah's decision was undone shows in its line, which has no button any more: three lines, two buttons.
    rows = [e for e in undone.all("button") if e.says("Undo what")]
    assert len(rows) == 2


def test_every_kind_of_event_has_its_line(ada: Commenter, mia: Browser) -> None:
    ada.submits("One")
    page = opens(mia).follows("Edit or reply").presses("Save the text", body="Two")
    page.presses("Lock this discussion").presses("Unlock this discussion")
    opens(mia).presses("Trash").presses("Undo")
    decided_elsewhere(Status.SPAM)
    opens(mia, "/admin/?status=spam").presses("Purge for good")
    words = opens(mia, "/admin/events").words
    for line in ("Purged", "Undid 1", "Decided 1", "Unlocked a discussion", "Locked a discussion", "Edited"):
        assert line in words


def test_an_empty_log_says_so(mia: Browser) -> None:
    assert "Nothing was decided yet." in opens(mia, "/admin/events").words


# Hostile texts


def assert_plain(page: Page) -> None:
    """Nothing on the page runs, loads or leads anywhere but what we put there."""
    for element in page.elements:
        names = set(element.attributes)
        assert "style" not in names, element
        assert not [name for name in names if name.startswith("on")], element
        assert element.tag not in {"style", "iframe", "img", "object", "embed", "base"}, element
        for name in ("href", "src", "action"):
            link = element.attributes.get(name, "/")
            if any(around.attributes.get("class") == "links" for around in element.around):
                assert element.attributes["rel"] == "noreferrer nofollow noopener"
                assert link.startswith(("http://", "https://"))
                continue
            assert link.startswith(("/admin/", "#", "/", f"{ORIGIN}/")), element
            assert not link.startswith("//"), element
        if element.tag == "script":
            assert element.attributes["src"].startswith("/admin/queue/")
            assert element.text == ""
    assert "1337" not in page.words


def all_pages(browser: Browser) -> list[Page]:
    """Every page of the desk, with the first comment there is."""
    comment = stored()[0].id
    pages = [f"/admin/?status={status}" for status in ("", *Status)]
    return [opens(browser, path) for path in (*pages, f"/admin/comments/{comment}", "/admin/events")]


def test_what_people_wrote_is_only_text(ada: Commenter, mia: Browser) -> None:
    answer = ada.submits(HOSTILE, name=HOSTILE[:100], title=HOSTILE, page=f"/{HOSTILE}")
    assert answer.status_code == 202
    decided_elsewhere(Status.APPROVED)
    ada.submits(HOSTILE, name=HOSTILE[:100], title=HOSTILE, page=f"/{HOSTILE}", parent=id_of(answer), website="")
    comment = stored()[0]
    comment.website = "javascript:alert(3)"  # as an import of an old database may bring it
    db.session.commit()
    for page in all_pages(mia):
        assert_plain(page)
    assert HOSTILE in opens(mia, "/admin/?status=").all("p", **{"class": "body"})[0].text


@pytest.mark.parametrize("key", ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "post-4711"])
def test_a_page_that_is_no_address_is_no_link(ada: Commenter, mia: Browser, key: str) -> None:
    assert ada.submits(page=key).status_code in {202, 422}
    for thread in db.session.scalars(sa.select(Thread)):
        thread.page = key
    db.session.commit()
    for page in (opens(mia), opens(mia, f"/admin/comments/{stored()[0].id}")):
        assert_plain(page)
        assert "Bread" in page.words


def test_a_text_that_turns_the_line_round_turns_only_itself(ada: Commenter, mia: Browser) -> None:
    ada.submits(f"Look {RIGHT_TO_LEFT}")
    comment = stored()[0]
    comment.name = RIGHT_TO_LEFT
    db.session.commit()
    page = opens(mia)
    visible = [e for e in page.elements if e.tag not in {"html", "body", "main", "head", "title"} and "gpj" in e.text]
    innermost = [e for e in visible if not any(e in other.around for other in visible)]
    assert len(innermost) >= 2
    for element in innermost:
        around = [element, *element.around]
        hidden = any(e.attributes.get("class") == "unseen" for e in around)
        assert hidden or any(e.tag == "bdi" or e.attributes.get("dir") == "auto" for e in around), element


def test_a_hostile_name_of_a_moderator_is_only_text_in_the_log(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    actor = decisions.Actor(None, HOSTILE[:100], None)
    decisions.decide([Decision(stored()[0].id, Status.SPAM, 1)], actor, now())
    page = opens(mia, "/admin/events")
    assert HOSTILE[:100] in page.words
    assert_plain(page)


# What a browser is told


def test_the_policy_of_every_page_is_strict(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    answers = [page.answer for page in all_pages(mia)]
    answers += [
        mia.opens("/admin/comments/nothing"),
        mia.opens("/admin/?status=x"),
        mia.sends("/admin/decide", back="/"),
    ]
    for answer in answers:
        directives = dict(
            part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
        assert directives["script-src"] == directives["style-src"] == directives["form-action"] == "'self'"
        assert "require-trusted-types-for" in directives
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_link_to_the_article_does_not_tell_where_it_was_followed(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    outward = [a for a in opens(mia).all("a") if a.attributes["href"].startswith("https:")]
    assert outward
    assert all("noreferrer" in link.attributes["rel"] for link in outward)


def test_every_button_works_without_a_script(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    for page in all_pages(mia):
        for button in page.all("button"):
            if any(around.tag == "dialog" for around in button.around):  # which a script opens, or nobody
                continue
            form = page.form_of(button)
            assert form is not None, button
            if form.attributes["method"] == "post":
                assert form.attributes.get("action", page.path).startswith("/admin/")
            else:
                assert form.attributes["method"] == "get"


# The address


def test_an_address_stands_on_its_own_card_and_nowhere_else(ada: Commenter, ben: Commenter, mia: Browser) -> None:
    first = ada.submits("Question?")
    decided_elsewhere(Status.APPROVED)
    ben.submits("Answer", parent=id_of(first))
    decided_elsewhere(Status.SPAM)
    decided_elsewhere(Status.APPROVED)
    for page in all_pages(mia):
        for element in page.elements:
            assert ada.email not in str(element.attributes), element
        assert page.answer.text.count(ada.email) == sum(
            ada.email in e.text for e in page.all("span", **{"class": "private"})
        )
    card = opens(mia, "/admin/?status=approved").all("article")
    assert [(ada.email in article.text, ben.email in article.text) for article in card] == [
        (False, True),
        (True, False),
    ]
    for path in ("/admin/events", "/admin/account", f"/admin/comments/{stored()[1].id}"):
        assert ada.email not in mia.opens(path).text


def test_no_address_is_in_what_a_form_answers(ada: Commenter, mia: Browser) -> None:
    ada.submits()
    page = opens(mia)
    answer = page.sends("Approve")
    assert ada.email.partition("@")[0] + "@" not in answer.location + answer.text
    late = page.sends("Spam")
    assert ada.email not in late.location + late.text


# Nonsense


@pytest.mark.parametrize(
    "query",
    [
        "status=open",
        "after=x",
        "limit=0",
        "site=nowhere",
        "q=%00",
        "q=%ff",
        "q=" + "x" * 5_000,
        "done=approved&changed=²",
        "done=approved&changed=-1&moved=x",
        "done=approved&changed=1&event=x",
        "done=nothing&changed=1",
        "done=approved&changed=99999999999999999",
    ],
)
def test_an_odd_address_is_answered_with_a_page(mia: Browser, query: str) -> None:
    for path in ("/admin/", "/admin/events"):
        answer = mia.opens(f"{path}?{query}")
        assert answer.status_code in {200, 404, 422}
        assert answer.mimetype == "text/html"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"decision": ""},
        {"decision": "approved"},
        {"decision": "approved:x:1"},
        {"decision": "publish:01890a5d-ac96-774b-bcce-b302099a8057:1"},
        {"decision": "approved:01890a5d-ac96-774b-bcce-b302099a8057:" + "9" * 5_000},
        {"decision": "approved:01890a5d-ac96-774b-bcce-b302099a8057:1:2"},
        {"choice-x": "approved:01890a5d-ac96-774b-bcce-b302099a8057:x"},
    ],
    ids=lambda form: str(form)[:60],
)
def test_a_form_that_says_nothing_changes_nothing(ada: Commenter, mia: Browser, form: dict[str, str]) -> None:
    ada.submits()
    answer = mia.sends("/admin/decide", **form)
    assert answer.status_code in {303, 422}
    assert [c.version for c in stored()] == [1]


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/admin/../s/x",
        "/admin\r\nX: y",
        "javascript:1",
        "",
    ],
)
def test_a_form_leads_to_our_own_pages_only(ada: Commenter, mia: Browser, back: str) -> None:
    ada.submits()
    comment = stored()[0]
    paths: dict[str, dict[str, Any]] = {
        "/admin/decide": {"decision": f"approved:{comment.id}:1"},
        f"/admin/threads/{comment.thread_id}/lock": {"locked": "true"},
    }
    for path, form in paths.items():
        answer = mia.sends(path, back=back, **form)
        assert answer.status_code == 303
        assert urlsplit(answer.location)[:3] == ("", "", "/admin/")
        assert "X" not in answer.headers
