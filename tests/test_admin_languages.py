"""Mia reads German, Noor Arabic: every page of theirs, every reason and every mail, and no word of English in it."""

import re
import tracemalloc
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from uuid import UUID

import pytest
import sqlalchemy as sa
from arrived import sent
from door import MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from people import SITE, Commenter
from test_languages import SPOKEN, catalogue, letters, sentences
from test_notify import GATHERED, MailServer, delivers, mail_server, words  # noqa: F401 - fixtures

from comments_service import http, i18n
from comments_service.accounts import invitations, moderators
from comments_service.accounts.actor import COMMAND_LINE
from comments_service.accounts.models import Invitation, Role
from comments_service.administration import people
from comments_service.administration.people import Guest
from comments_service.comments.models import Comment, Status, Thread
from comments_service.extensions import db
from comments_service.moderation import decisions, notes, purge
from comments_service.moderation.decisions import Decision
from comments_service.sites import policy
from comments_service.spam import features, learned, scripts, verdict
from comments_service.spam.features import Text

# Words that are no language's: search words, names of checks, what is typed at a prompt.
CODE = {"code", "pre", "kbd", "script", "style"}
CHECKS = {"links", "timing", "words", "learned", "policy", "first-comment", "disguised", "speed", "duplicates"}


class Words(HTMLParser):
    """What a page says: its texts, and the attributes that are read out or shown."""

    SAID = ("aria-label", "title", "placeholder", "alt", "data-what")

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.lang = self.dir = ""
        self._code = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang, self.dir = found["lang"], found["dir"]
        self._code += tag in CODE
        self.parts += [found[name] for name in self.SAID if name in found]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in CODE

    def handle_data(self, data: str) -> None:
        if not self._code and data.strip():
            self.parts.append(" ".join(data.split()))


def english(lang: str) -> dict[str, re.Pattern[str]]:
    """The sentences that are said otherwise in `lang`, by what finds them."""
    known = catalogue(lang)
    found = {}
    for message in sentences():
        for sentence in message.id if message.pluralizable else (message.id,):
            for part in re.split(r"<[^>]*>", sentence):
                said = known.get(message.id[0] if message.pluralizable else message.id).string
                if letters(part) > 2 and part.strip() not in str(said):
                    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(part.strip()))
                    found[sentence] = re.compile(rf"(?<!\w){pattern}(?!\w)")
    return found


def met(page: str, lang: str) -> list[str]:
    """English sentences on a page: a short one where it stands alone, a long one wherever it stands."""
    parts = [part for part in Words(page).parts if part not in CHECKS]
    whole = " | ".join(parts)
    return [
        sentence
        for sentence, pattern in english(lang).items()
        if any(pattern.fullmatch(part) for part in parts) or (letters(sentence) > 20 and pattern.search(whole))
    ]


@pytest.fixture
def noor(app: Flask, blog: str) -> Browser:
    """Mia's browser, signed in; which language it asks for is for the test."""
    add_mia()
    browser = Browser(app)
    browser.signs_in(MIAS_PASSWORD)
    return browser


@pytest.fixture
def busy(ada: Commenter, ben: Commenter, holds: Callable[..., None]) -> None:
    """A site where everything has happened: comments of each status, links, replies, lists, notes, people."""
    holds(hold_words=["xylophon"], spam_at=100, moderation="first")
    first = ada.submits("Xyz?", website="https://ada.example")
    approve(UUID(first.json["comment"]["id"]), Status.APPROVED)
    for number in range(14):
        body = f"xylophon [bank](http://evil.example/{number}) http://bit.ly/x http://c.example " + "abcde fghij " * 9
        ben.submits(
            body,
            email=f"b{number}@mailinator.com",
            name="QWERTZ UIOP ASDF GHJK YXCV",
            parent=first.json["comment"]["id"],
        )
    rows = list(db.session.scalars(sa.select(Comment).order_by(Comment.id)))
    approve(rows[3].id, Status.SPAM)
    approve(rows[4].id, Status.TRASH)
    event = decisions.decide(
        [Decision(rows[5].id, Status.SPAM, 1)], COMMAND_LINE, http.now(), note=notes.matching("is:pending", Status.SPAM)
    )
    assert event.event
    purge.tell_capped(SITE, 1000, "once", http.now())


def approve(comment_id: UUID, status: Status) -> None:
    db.session.rollback()
    row = db.session.scalars(sa.select(Comment).where(Comment.id == comment_id)).one()
    decisions.decide([Decision(row.id, status, row.version)], COMMAND_LINE, http.now())


def addresses(app: Flask) -> Iterator[str]:
    """Every page of the moderators, as the routes have them, and what refuses on them."""
    db.session.rollback()
    moderator = moderators.find("mia@mia-moderates.org", http.sealer())
    assert moderator
    actor = moderators.as_actor(moderator)
    people.invite(SITE, Guest("Ida", "ida@desk.example", Role.OWNER), actor, http.sealer(), http.now())
    invitation = db.session.scalars(sa.select(Invitation)).one()
    _, link = moderators.add("una@desk.example", "Una", {}, http.sealer(), http.now())
    values = {
        "comment_id": str(db.session.scalars(sa.select(Comment.id)).first()),
        "thread_id": str(db.session.scalars(sa.select(Thread.id)).first()),
    }
    tokens = {"accounts.show_link": link, "people.show_invitation": invitations.token(invitation, http.signer())}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin/") and "GET" in (rule.methods or ()) and "filename" not in rule.arguments:
            filled = {name: tokens.get(rule.endpoint, values.get(name)) for name in rule.arguments}
            yield re.sub(r"<(?:\w+:)?(\w+)>", lambda found, filled=filled: str(filled[found[1]]), rule.rule)
    yield from (f"/admin/?status={status}" for status in ("", *Status))
    yield from (
        "/admin/?q=nothing",
        "/admin/?q=link:x+foo:+is:",
        "/admin/nowhere",
        "/admin/sign-in/used-up",
        "/admin/?limit=x",
    )


@pytest.mark.parametrize(("lang", "way"), [("de", "ltr"), ("ar", "rtl")])
@pytest.mark.usefixtures("busy")
def test_every_page_speaks_the_language_that_was_asked_for(app: Flask, noor: Browser, lang: str, way: str) -> None:
    noor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = lang
    walked = 0
    for path in addresses(app):
        answer = noor.opens(path)
        if answer.status_code == 303:
            continue
        page = Words(answer.text)
        assert (path, page.lang, page.dir) == (path, lang, way)
        assert (path, met(answer.text, lang)) == (path, [])
        walked += 1
    assert walked > 18


@pytest.mark.parametrize("lang", ["de", "ar"])
@pytest.mark.usefixtures("busy")
def test_what_is_refused_is_said_in_the_language_too(noor: Browser, lang: str) -> None:
    noor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = lang
    refused: tuple[tuple[str, dict[str, str]], ...] = (
        ("/admin/account/name", {"name": " "}),
        ("/admin/account/password", {"current": "x", "password": "short", "repeated": "short"}),
        ("/admin/account/language", {"language": "tlh"}),
        (
            "/admin/settings",
            {"site": SITE, "revision": "0", "max_links": "1000", "page_size": "x", "origins": "nowhere"},
        ),
        ("/admin/people/invite", {"site": SITE, "name": "Ida", "email": "ida", "role": "owner"}),
        ("/admin/blocks", {"site": SITE, "kind": "domain", "what": "nothing", "days": "5000"}),
        ("/admin/blocks", {"site": SITE, "kind": "domain", "what": "nothing"}),
        ("/admin/decide", {"decision": "spam:x:1"}),
        ("/admin/sign-out-of", {}),
    )
    for path, form in refused:
        answer = noor.sends(path, **form)
        assert 400 <= answer.status_code < 500, path
        assert (path, Words(answer.text).lang, met(answer.text, lang)) == (path, lang, [])


def test_who_has_chosen_a_language_is_spoken_to_in_it_by_page_and_by_mail(
    noor: Browser,
    ada: Commenter,
    delivers: Callable[..., None],  # noqa: F811
    mail_server: MailServer,  # noqa: F811
    holds: Callable[..., None],
) -> None:
    noor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    assert Words(noor.opens("/admin/").text).lang == "fr"
    assert noor.sends("/admin/account/language", language="ja").status_code == 303
    assert Words(noor.opens("/admin/").text).lang == "ja"
    found = noor.client.get("/api/v1/moderation/comments?q=link:x", headers=noor.headers)
    assert found.json["detail"].startswith("「link:x」")
    moderators.add("olga@olga-oversees.org", "Olga", {SITE: Role.MODERATOR}, http.sealer(), http.now())
    holds(language="de")
    ada.submits("How warm was the dough?")
    delivers(GATHERED)
    (to_mia,) = mail_server.received_by("mia@mia-moderates.org")
    (to_olga,) = mail_server.received_by("olga@olga-oversees.org")
    assert to_mia["Subject"] == "blog に確認するコメントが 1 件あります"
    assert to_olga["Subject"] == "Ein Kommentar auf blog zum Ansehen"
    assert "Ein Kommentar auf blog wartet auf eine Entscheidung:" in words(to_olga)


def test_who_is_invited_is_written_to_in_the_language_of_the_site(
    noor: Browser,
    delivers: Callable[..., None],  # noqa: F811
    mail_server: MailServer,  # noqa: F811
    holds: Callable[..., None],
) -> None:
    holds(language="de")
    noor.sends("/admin/people/invite", site=SITE, name="Ida", email="ida@desk.example", role="moderator")
    delivers(GATHERED)
    (letter,) = mail_server.received_by("ida@desk.example")
    assert letter["Subject"] == "Eine Einladung, die Kommentare von blog zu moderieren"
    assert "Deine Rolle: Moderation." in words(letter)


def test_a_reason_is_given_in_the_language_of_whoever_asks(ada: Commenter, noor: Browser) -> None:
    ada.submits("http://a.example http://b.example http://c.example")
    noor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    (card,) = noor.client.get("/api/v1/moderation/comments", headers=noor.headers).json["comments"]
    assert "3 Links: a.example, b.example, c.example" in [reason["evidence"] for reason in card["reasons"]]
    assert "3 Links: <bdi>3</bdi>" not in noor.opens("/admin/").text
    assert "a.example, b.example, c.example" in noor.reads(noor.opens("/admin/"))


def known() -> set[str]:
    """What the catalogues have words for."""
    return {part for message in sentences() for part in (message.id if message.pluralizable else (message.id,))}


def marked(sentence: i18n.Sayable) -> Iterator[str]:
    """The texts of a sentence that are to be said, those in it among them."""
    if isinstance(sentence, str):
        yield sentence
        return
    yield from sentence.text if isinstance(sentence.text, i18n.Counted) else (sentence.text,)
    for value in sentence.values.values():
        if isinstance(value, tuple):
            yield from (text for part in value for text in marked(part))


def test_the_looks_that_the_filter_names_are_among_the_sentences() -> None:
    texts = (
        Text(
            "BUY $$$ now!!! 12345 is it? " + "word " * 200 + "\nsecond line $$$$$",
            "ann 7 smith of the west side",
            "x.org",
            "https://x.org/ann/smith",
        ),
        Text("Аdmіn http://a.example http://b.example" * 9, "Ann", "", ""),
        Text("", "", "", ""),
        Text("all small", "Ann", "", "https://ann.example"),
    )
    looks = {
        name
        for text in texts
        for kind, _, names, _ in features.extract(text)
        if kind in learned.OF_SHAPE
        for name in names
    }
    said = {re.sub(r"\d+", "{number}", look) for look in looks}
    assert said <= set(learned.SHAPES)
    assert {*learned.SHAPES, *learned.KINDS.values()} <= known()
    assert set(learned.KINDS) == set(features.WEIGHTS)


def test_every_script_has_its_name_in_every_language() -> None:
    assert {name for _, name in scripts._BLOCKS if name} <= known()


@pytest.mark.usefixtures("blog")
def test_what_checks_see_is_among_the_sentences() -> None:
    submissions = (
        sent("http://a.example http://b.example http://c.example", honeypot="x", began_at=None),
        sent("[www.bank.example](https://evil.example) https://bit.ly/x https://xn--pypal-4ve.com", unproven=True),
        sent(
            "SUBSCRIBE TO MY CHANNEL EVERYBODY $$$$$$$$$$ now now now now now", name="best cheap car insurance quotes"
        ),
        sent("A word", name="http://shop.example", email_domain="mailinator.com"),
    )
    rules = (
        policy.Policy(),
        policy.Policy(moderation="first"),
        policy.Policy(away=True),
        policy.Policy(spam_words=("word",)),
    )
    reasons = [each for one in submissions for rule in rules for each in verdict.judge(one, rule).reasons]
    texts = {text for reason in reasons for said in reason.sentences for text in marked(said)}
    assert len(texts) > 15
    assert {text for text in texts if not text.startswith("“")} <= known()


@pytest.mark.parametrize("lang", SPOKEN)
def test_a_language_costs_little_memory(lang: str) -> None:
    i18n._catalogue.cache_clear()
    i18n.gettext._translations.clear()
    tracemalloc.start()
    i18n.translator(lang)("Comment")
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 600_000
