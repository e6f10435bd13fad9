"""Mia is told what waits for her: once, in one mail, by a real mail server, whatever that server answers first."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from aiosmtpd.controller import Controller
from door import MIAS_ADDRESS, Browser, add_mia
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, SITE, Commenter, Mia
from running import Service, free_port

from comments_service import config, create_app, delivery, housekeeping, http
from comments_service.accounts import invitations, moderators
from comments_service.accounts.actor import COMMAND_LINE
from comments_service.accounts.models import Invitation, Role
from comments_service.administration import people
from comments_service.comments.models import Comment
from comments_service.extensions import db
from comments_service.notify import outbox
from comments_service.notify.models import OutboxMessage
from comments_service.sites import policy, registry
from comments_service.submissions.models import IdempotencyKey

OLGA = "olga@olga-oversees.org"
GATHERED = outbox.GATHERING + timedelta(seconds=10)


class MailServer:
    """A mail server that keeps what it accepts, and says no as it is told to."""

    def __init__(self) -> None:
        self.port = free_port()
        self.letters: list[tuple[str, EmailMessage]] = []
        self.refuses: dict[str, str] = {}  # an address, or "data", and the answer
        self.refusals = 0
        self.arrived = threading.Event()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def opens(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def closes(self) -> None:
        if self._controller:
            self._controller.stop()
        self._controller = None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refuses:
            self.refusals += 1
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "data" in self.refuses:
            self.refusals += 1
            return self.refuses["data"]
        letter = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(letter, EmailMessage)
        self.letters += [(address, letter) for address in envelope.rcpt_tos]
        self.arrived.set()
        return "250 OK"

    def received_by(self, address: str) -> list[EmailMessage]:
        return [letter for to, letter in self.letters if to == address]


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.opens()
    yield server
    server.closes()


@pytest.fixture
def delivers(app: Flask, settings: config.Settings, mail_server: MailServer) -> Callable[..., None]:
    """Deliver what is due so long from now."""
    with_mail = replace(settings, smtp_url=mail_server.url, mail_from="comments@blog.example")
    begun = http.now()

    def deliver(after: timedelta = GATHERED) -> None:
        delivery.deliver(with_mail, http.sealer(), begun + after)
        db.session.rollback()

    return deliver


@pytest.fixture
def mia_at_her_desk(blog: str, app: Flask) -> None:
    """Mia has an account with an address, and so is told."""
    add_mia()


@pytest.fixture
def olga_too(mia_at_her_desk: None) -> None:
    """Olga moderates the blog as well."""
    moderators.add(OLGA, "Olga", {SITE: Role.MODERATOR}, http.sealer(), http.now())


def words(letter: EmailMessage) -> str:
    return str(letter.get_content()).replace("\r\n", "\n")


def waiting_messages() -> int:
    db.session.rollback()
    return db.session.scalars(sa.select(sa.func.count()).select_from(OutboxMessage)).one()


@pytest.mark.usefixtures("mia_at_her_desk")
def test_mia_is_told_of_a_held_comment_once_it_was_gathered(
    ada: Commenter, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    ada.submits("How warm was the dough?")
    delivers(timedelta(minutes=4))
    assert mail_server.letters == []
    delivers()
    delivers()
    (letter,) = mail_server.received_by(MIAS_ADDRESS)
    assert letter["Subject"] == "A comment on blog to look at"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "Ada on Bread:\n> How warm was the dough?" in words(letter)
    assert "/admin/" in words(letter)
    assert waiting_messages() == 0


@pytest.mark.usefixtures("mia_at_her_desk")
@pytest.mark.parametrize("number_of_comments", [40, 400])
def test_however_many_comments_are_told_in_one_mail(
    ada: Commenter, delivers: Callable[..., None], mail_server: MailServer, number_of_comments: int
) -> None:
    for number in range(number_of_comments):
        assert ada.submits(f"Comment number {number}").status_code == 202
    delivers()
    ((_, letter),) = mail_server.letters
    assert letter["Subject"] == f"{number_of_comments} comments on blog to look at"
    assert "> Comment number 4\n" in words(letter)
    assert "> Comment number 5\n" not in words(letter)
    assert f"… and {number_of_comments - 5} more." in words(letter)
    assert waiting_messages() == 0


@pytest.mark.usefixtures("olga_too")
def test_no_mail_holds_the_address_of_a_commenter_or_of_another_moderator(
    ada: Commenter, ben: Commenter, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    ada.submits("First!")
    ben.submits("Second!")
    delivers()
    assert sorted(to for to, _ in mail_server.letters) == [MIAS_ADDRESS, OLGA]
    for to, letter in mail_server.letters:
        everything = letter.as_string() + words(letter)
        for address in {ada.email, ben.email, MIAS_ADDRESS, OLGA} - {to}:
            assert address not in everything
        assert "127.0.0.1:8000/admin/" in everything


@pytest.mark.usefixtures("mia_at_her_desk")
def test_a_mail_says_nothing_in_a_strangers_words_but_quotes_them(
    eve: Commenter, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    eve.origin = "https://blog.example"
    eve.name = "Mia, please sign in"
    eve.submits("Look at https://evil.example/sign-in\n\nBcc: everybody@evil.example")
    delivers()
    (letter,) = mail_server.received_by(MIAS_ADDRESS)
    assert "sign in" not in str(letter["Subject"])
    assert letter["Bcc"] is None
    assert "://evil.example" not in words(letter)
    assert "\n> Bcc: everybody@evil.example" in words(letter)


@pytest.mark.usefixtures("mia_at_her_desk")
def test_what_was_decided_in_the_meantime_is_not_told(
    ada: Commenter, mia: Mia, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    first = ada.submits("First!")
    ada.submits("Second!")
    mia.approves(first)
    delivers()
    (letter,) = mail_server.received_by(MIAS_ADDRESS)
    assert "First!" not in words(letter)
    assert "Second!" in words(letter)


@pytest.mark.usefixtures("mia_at_her_desk")
def test_nobody_is_told_of_spam(eve: Commenter, delivers: Callable[..., None], mail_server: MailServer) -> None:
    eve.origin = "https://blog.example"
    eve.submits("Buy now!", subject_line="a robot fills in everything")
    assert db.session.scalars(sa.select(Comment.status)).all() == ["spam"]
    delivers()
    assert mail_server.letters == []


@pytest.mark.usefixtures("mia_at_her_desk")
@pytest.mark.parametrize("at", [MIAS_ADDRESS, "data"])
def test_a_mail_that_is_put_off_comes_later_and_once(
    ada: Commenter, delivers: Callable[..., None], mail_server: MailServer, at: str
) -> None:
    ada.submits("First!")
    mail_server.refuses[at] = "451 greylisted, come back"
    delivers()
    assert (mail_server.letters, mail_server.refusals) == ([], 1)
    mail_server.refuses.clear()
    delivers(GATHERED + timedelta(seconds=30))  # too early to come back
    assert mail_server.letters == []
    delivers(GATHERED + timedelta(minutes=2))
    delivers(GATHERED + timedelta(days=1))
    assert len(mail_server.letters) == 1
    assert waiting_messages() == 0


@pytest.mark.usefixtures("olga_too")
@pytest.mark.parametrize("full", [MIAS_ADDRESS, OLGA])
def test_a_full_mailbox_keeps_nobody_else_from_her_mail_or_her_peace(
    ada: Commenter, delivers: Callable[..., None], mail_server: MailServer, full: str
) -> None:
    (other,) = {MIAS_ADDRESS, OLGA} - {full}
    ada.submits("First!")
    mail_server.refuses[full] = "452 mailbox full"
    for hours in range(4):
        delivers(GATHERED + timedelta(hours=hours))
    assert len(mail_server.received_by(other)) == 1
    ada.submits("Second!")
    delivers(GATHERED + timedelta(hours=5))
    told = mail_server.received_by(other)
    assert ["First!" in words(letter) for letter in told] == [True, False]
    assert len({letter["Message-ID"] for letter in told}) == 2
    mail_server.refuses.clear()
    delivers(GATHERED + timedelta(days=1))
    (late,) = mail_server.received_by(full)
    assert late["Subject"] == "2 comments on blog to look at"
    assert len(mail_server.received_by(other)) == 2
    assert waiting_messages() == 0


@pytest.mark.usefixtures("olga_too")
@pytest.mark.parametrize("at", [MIAS_ADDRESS, OLGA])
def test_an_address_that_is_gone_is_not_tried_again(
    ada: Commenter, delivers: Callable[..., None], mail_server: MailServer, at: str
) -> None:
    ada.submits("First!")
    mail_server.refuses[at] = "550 no such user"
    delivers()
    delivers(GATHERED + timedelta(days=1))
    assert mail_server.refusals == 1
    assert len(mail_server.letters) == 1
    assert waiting_messages() == 0


@pytest.mark.usefixtures("mia_at_her_desk")
def test_a_server_that_is_down_loses_nothing(
    ada: Commenter, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    mail_server.closes()
    ada.submits("First!")
    for hours in range(0, 48, 7):
        delivers(GATHERED + timedelta(hours=hours))
    assert waiting_messages() == 1
    mail_server.opens()
    ada.submits("Second!")
    delivers(GATHERED + timedelta(hours=56))
    ((_, letter),) = mail_server.letters
    assert letter["Subject"] == "2 comments on blog to look at"


@pytest.mark.usefixtures("mia_at_her_desk")
def test_a_server_that_turns_the_sender_away_loses_nothing(
    ada: Commenter, app: Flask, settings: config.Settings, mail_server: MailServer, delivers: Callable[..., None]
) -> None:
    """A wrong sender or password is the owner's to set right; the comments wait for that."""
    ada.submits("First!")
    with_password = replace(
        settings, smtp_url=f"smtp://mia:wrong@127.0.0.1:{mail_server.port}", mail_from="comments@blog.example"
    )
    delivery.deliver(with_password, http.sealer(), http.now() + GATHERED)
    assert waiting_messages() == 1
    delivers(GATHERED + timedelta(hours=1))
    assert len(mail_server.letters) == 1


@pytest.mark.usefixtures("mia_at_her_desk")
def test_after_two_weeks_a_mail_is_given_up(
    ada: Commenter, delivers: Callable[..., None], mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    ada.submits("First!")
    mail_server.closes()
    delivers()
    delivers(timedelta(days=15))
    assert waiting_messages() == 0
    assert "given up" in caplog.text
    assert MIAS_ADDRESS not in caplog.text


def test_the_wait_grows_and_ends_growing() -> None:
    waits = [outbox.wait(tries) for tries in range(1, 60)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=6)


@pytest.mark.usefixtures("mia_at_her_desk")
def test_what_a_dying_worker_had_claimed_another_delivers(
    ada: Commenter, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    ada.submits("First!")
    assert len(outbox.claim(SITE, "comment-pending", http.now() + GATHERED)) == 1
    delivers(GATHERED + timedelta(minutes=1))  # another still may be at it
    assert mail_server.letters == []
    delivers(GATHERED + timedelta(minutes=3))
    assert len(mail_server.letters) == 1


@pytest.mark.usefixtures("mia_at_her_desk")
def test_without_a_mail_server_nothing_piles_up(ada: Commenter, settings: config.Settings) -> None:
    ada.submits("First!")
    delivery.deliver(settings, http.sealer(), http.now() + GATHERED)
    assert waiting_messages() == 0


@pytest.mark.usefixtures("mia_at_her_desk")
def test_the_outbox_names_rows_and_nobody(ada: Commenter) -> None:
    answer = ada.submits("First!")
    (message,) = db.session.scalars(sa.select(OutboxMessage)).all()
    assert json.loads(json.dumps(message.payload)) == {"comment": answer.json["comment"]["id"]}


@pytest.mark.usefixtures("mia_at_her_desk")
def test_the_running_server_tells_by_itself(ada: Commenter, settings: config.Settings, mail_server: MailServer) -> None:
    ada.submits("First!")
    db.session.execute(sa.update(OutboxMessage).values(due_at=http.now()))
    db.session.commit()
    with Service(settings.instance_path, smtp_url=mail_server.url, mail_from="comments@blog.example"):
        assert mail_server.arrived.wait(30)
    assert len(mail_server.received_by(MIAS_ADDRESS)) == 1


@pytest.mark.usefixtures("mia_at_her_desk")
def test_four_processes_of_two_servers_tell_of_each_site_once(
    client: FlaskClient, settings: config.Settings, mail_server: MailServer
) -> None:
    sites = [registry.add(f"site-{number}", [ORIGIN], policy.Policy(), http.now()).id for number in range(8)]
    for site in sites:
        Commenter(client, "Ada", "ada@ada-lovelace.org", site=site).submits(f"To {site}")
    db.session.execute(sa.update(OutboxMessage).values(due_at=http.now()))
    db.session.commit()
    given: dict[str, Any] = {"smtp_url": mail_server.url, "mail_from": "comments@blog.example", "workers": 2}
    with Service(settings.instance_path, **given), Service(settings.instance_path, **given):
        deadline = time.monotonic() + 30
        while db.session.scalars(sa.select(OutboxMessage.id)).first() and time.monotonic() < deadline:
            db.session.rollback()
            time.sleep(0.1)
    subjects = [letter["Subject"] for letter in mail_server.received_by(MIAS_ADDRESS)]
    assert len(subjects) == len(set(subjects)) == len(sites)


@pytest.mark.usefixtures("mia_at_her_desk")
def test_housekeeping_forgets_keys_and_networks_when_they_are_old(ada: Commenter) -> None:
    ada.submits("First!")
    housekeeping.keep_house(http.now() + timedelta(hours=1))
    assert db.session.scalars(sa.select(Comment.network_key)).one() is not None
    assert len(db.session.scalars(sa.select(IdempotencyKey)).all()) == 1
    housekeeping.keep_house(http.now() + timedelta(days=31))
    assert db.session.scalars(sa.select(Comment.network_key)).one() is None
    assert db.session.scalars(sa.select(IdempotencyKey)).all() == []


# Invitations


def invited(address: str = "ida@ida-indexes.org") -> str:
    """Somebody is invited to the blog; gives the link's path."""
    guest = people.Guest("Ida", address, Role.MODERATOR)
    invitation = people.invite(SITE, guest, COMMAND_LINE, http.sealer(), http.now())
    return f"/admin/invitation/{invitations.token(invitation, http.signer())}"


def test_who_is_invited_gets_the_link_and_nobody_else_does(
    mail_server: MailServer, delivers: Callable[..., None], mia_at_her_desk: None
) -> None:
    link = invited()
    delivers(timedelta(seconds=1))
    (letter,) = mail_server.received_by("ida@ida-indexes.org")
    assert link in letter.get_content()
    assert mail_server.received_by(MIAS_ADDRESS) == []
    delivers()
    assert len(mail_server.letters) == 1


def test_an_invitation_that_was_withdrawn_is_not_sent(
    mail_server: MailServer, delivers: Callable[..., None], blog: str
) -> None:
    invited()
    (invitation,) = invitations.of(SITE, http.now())
    people.withdraw(SITE, invitation.id, COMMAND_LINE, http.now())
    delivers()
    assert mail_server.letters == []
    assert waiting_messages() == 0


def test_an_invitation_waits_for_a_server_that_says_later_and_disturbs_no_other_mail(
    mail_server: MailServer, delivers: Callable[..., None], mia_at_her_desk: None, ada: Commenter
) -> None:
    mail_server.refuses["ida@ida-indexes.org"] = "451 later"
    invited()
    ada.submits()
    delivers()
    assert len(mail_server.received_by(MIAS_ADDRESS)) == 1
    mail_server.refuses.clear()
    delivers(GATHERED + outbox.FIRST_WAIT + timedelta(seconds=10))
    assert len(mail_server.received_by("ida@ida-indexes.org")) == 1
    assert len(mail_server.received_by(MIAS_ADDRESS)) == 1
    assert waiting_messages() == 0


def test_with_a_mail_server_the_owner_is_not_shown_the_link(settings: config.Settings, blog: str, app: Flask) -> None:
    add_mia()
    with_mail = create_app(replace(settings, smtp_url="smtp://127.0.0.1:1", mail_from="comments@blog.example"))
    mia = Browser(with_mail)
    mia.signs_in()
    form = {"site": SITE, "name": "Ida", "email": "ida@ida-indexes.org", "role": "moderator"}
    answer = mia.sends("/admin/people/invite", **form)
    assert answer.status_code == 303
    assert "/admin/invitation/" not in answer.text + mia.opens(answer.location).text
    assert "on its way by mail" in mia.opens(answer.location).text


def test_an_invitation_that_nobody_took_is_forgotten_with_its_address(blog: str) -> None:
    invited()
    delivery.keep_house(http.now() + timedelta(days=7, minutes=1))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 0


# Deciding from a mail


def link_in(letter: EmailMessage) -> str:
    """Where the mail leads to decide on its first comment."""
    found = re.search(r"http://127\.0\.0\.1:8000(/admin/mail/\S+)", words(letter))
    assert found
    return found[1]


@pytest.fixture
def door(app: Flask) -> Browser:
    """Somebody's browser, not signed in."""
    return Browser(app)


def reading(days: int = 0) -> time_machine.travel:
    """The time at which a mail is read, some days after it came."""
    return time_machine.travel(http.now() + GATHERED + timedelta(days=days))


@pytest.mark.usefixtures("mia_at_her_desk")
def test_mia_decides_from_her_mail_once_and_the_log_says_so(
    ada: Commenter, mia: Mia, door: Browser, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    held = ada.submits("How warm was the dough?")
    delivers()
    (letter,) = mail_server.received_by(MIAS_ADDRESS)
    link = link_in(letter)
    with reading():
        for method in ("GET", "HEAD", "GET"):  # a scanner looks at every link
            assert door.opens(link, method).status_code == 200
        assert mia.sees(held.json["comment"]["id"])["status"] == "pending"
        assert "How warm was the dough?" in door.reads(door.opens(link))
        assert ada.email not in door.opens(link).text
        answer = door.sends(link, status="approved")
        assert answer.status_code == 303
        assert "Approved: 1 comment." in door.reads(door.opens(answer.location))
        assert mia.sees(held.json["comment"]["id"])["status"] == "approved"
        again = door.sends(link, status="spam")
        assert "Somebody changed this comment in the meantime." in door.reads(door.opens(again.location))
    assert mia.sees(held.json["comment"]["id"])["status"] == "approved"
    (event,) = ada.client.get("/api/v1/moderation/events", headers=mia._headers()).json["events"]
    assert (event["kind"], event["by"], event["note"], event["changed"]) == ("decide", "Mia", "By mail", 1)
    assert not door.is_signed_in()


@pytest.mark.usefixtures("mia_at_her_desk")
def test_a_link_is_about_the_text_that_the_mail_told(
    ada: Commenter, mia: Mia, door: Browser, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    held = ada.submits("How warm was the dough?")
    delivers()
    link = link_in(mail_server.received_by(MIAS_ADDRESS)[0])
    ada.changes(held, "Buy pills")
    with reading():
        assert "<button" not in door.opens(link).text.partition("<main")[2]
        door.sends(link, status="approved")
    assert mia.sees(held.json["comment"]["id"])["status"] == "pending"


@pytest.mark.usefixtures("olga_too")
def test_a_link_ends_with_a_week_with_the_comment_and_with_the_right_to_decide(
    ada: Commenter, mia: Mia, door: Browser, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    held = ada.submits("How warm was the dough?")
    delivers()
    link = link_in(mail_server.received_by(OLGA)[0])
    mias = link_in(mail_server.received_by(MIAS_ADDRESS)[0])
    with reading(days=8):
        assert door.opens(link).status_code == 404
        assert door.sends(link, status="approved").status_code == 404
    olga = moderators.find(OLGA, http.sealer())
    assert olga
    with reading():
        assert door.opens(link).status_code == 200
        assert door.opens(link[:-2]).status_code == 404
        people.set_role(SITE, olga.id, None, COMMAND_LINE, http.now())
        assert door.sends(link, status="approved").status_code == 404
        assert door.opens(mias).status_code == 200
        mia.decides(held, "trash")
        ada.client.delete(f"/api/v1/moderation/comments/{held.json['comment']['id']}", headers=mia._headers())
        assert door.opens(mias).status_code == 404


@pytest.mark.usefixtures("mia_at_her_desk")
def test_another_website_cannot_press_the_button_of_a_link(
    ada: Commenter, mia: Mia, door: Browser, delivers: Callable[..., None], mail_server: MailServer
) -> None:
    held = ada.submits("How warm was the dough?")
    delivers()
    link = link_in(mail_server.received_by(MIAS_ADDRESS)[0])
    with reading():
        assert door.sends(link, {"Sec-Fetch-Site": "cross-site"}, status="approved").status_code == 403
        assert door.sends(link, status="burnt").status_code == 422
    assert mia.sees(held.json["comment"]["id"])["status"] == "pending"
