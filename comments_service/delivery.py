"""What is done beside the requests: telling moderators what waits, and keeping house."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from . import config, http, i18n, outside
from .accounts import invitations, moderators
from .accounts.actor import SYSTEM
from .accounts.models import Moderator, SiteModerator
from .administration import settings as site_settings
from .comments import threads
from .comments.models import Comment, Status, Thread
from .config import Settings
from .errors import NotFound
from .extensions import db
from .housekeeping import keep_house
from .i18n import Translate
from .moderation import by_mail, purge
from .notify import digest, edge, mail, outbox
from .notify import invitation as invitation_mail
from .notify.digest import Excerpt
from .notify.outbox import EDGE, INVITATION, REMOVED, Claimed
from .privacy.sealing import Sealer
from .sites import policy, registry, tags

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5
HOUSEKEEPING_SECONDS = 3600


def run_forever(app: Flask, stop: threading.Event) -> None:
    """Deliver what is due and keep house until `stop`; a fault is logged, and the work goes on."""
    next_housekeeping = 0.0
    waited = 0.0
    while not stop.wait(PAUSE_SECONDS):
        waited += PAUSE_SECONDS
        try:
            with app.app_context():
                deliver(config.current(), http.sealer(), http.now())
                for site_id in site_settings.unfinished():
                    site_settings.go_on(site_id, SYSTEM, http.now())
                if waited >= next_housekeeping:
                    keep_house(http.now())
                    next_housekeeping = waited + HOUSEKEEPING_SECONDS
        except Exception:
            log.exception("delivering failed; it is tried again")


def deliver(settings: Settings, sealer: Sealer, now: datetime) -> None:
    """Tell the people of each site with due messages; without a mail server nobody asked to be told."""
    while found := outbox.due(now):
        site_id, kind = found
        messages = outbox.claim(site_id, kind, now)
        if not messages:  # another worker has them
            return
        if kind == EDGE:
            _settle(site_id, messages, [], _tell_the_edge(site_id, messages, settings, now), now)
        elif kind == INVITATION:
            for message in messages:
                _settle(site_id, [message], [], _invite(site_id, message, settings, sealer, now), now)
        elif kind == REMOVED:
            for message in messages:
                purge.tell_capped(site_id, message.payload["number"], str(message.id), message.created_at)
            outbox.finish(site_id, messages)
        else:
            _settle(site_id, messages, *_tell(site_id, messages, settings, sealer, now), now)


def _settle(site_id: str, messages: list[Claimed], told: list[str], all_told: bool, now: datetime) -> None:
    """Remove the messages when everybody was told, else try again later."""
    if all_told:
        outbox.finish(site_id, messages)
        return
    for given_up in outbox.postpone(site_id, messages, told, now):
        log.error("given up after two weeks: message %s", given_up)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a mail goes, and who says what stands in it."""

    address: str
    translate: Translate


def recipients(site_id: str, sealer: Sealer) -> dict[str, Recipient]:
    """Those who decide for the site, by their ids: its own moderators, and the administrators."""
    named = sa.select(SiteModerator.moderator_id).where(SiteModerator.site_id == site_id)
    rows = db.session.scalars(sa.select(Moderator).where(Moderator.everywhere | Moderator.id.in_(named)))
    return {str(row.id): Recipient(sealer.open(row.address_sealed, row.id), _translator(row, site_id)) for row in rows}


def _translator(moderator: Moderator | None, site_id: str) -> Translate:
    """Who speaks to a moderator of the site: in her language, or in the site's where she has chosen none."""
    of_site = policy.of(registry.find(site_id)).language
    return i18n.translator(i18n.choose(moderator.language if moderator else "", of_site))


def _tell(
    site_id: str, messages: list[Claimed], settings: Settings, sealer: Sealer, now: datetime
) -> tuple[list[str], bool]:
    """Send each moderator one mail; the ids of those who need no further try, and whether that is everybody.

    One whose mailbox is full keeps the others neither from their mail nor from their peace.
    """
    if not settings.sends_mail:
        return [], True
    told: list[str] = []
    people = recipients(site_id, sealer)
    for person, recipient in people.items():
        theirs = [message for message in messages if person not in message.told]
        try:
            link = partial(_link, settings, person, now)
            if words := _words(site_id, theirs, settings, recipient.translate, link):
                letter = mail.Mail(recipient.address, *words, f"{theirs[0].id}.{person}", now)
                mail.send(letter, settings.smtp_url, settings.mail_from)
            told.append(person)
        except mail.Refused as error:
            log.error("a moderator of %s cannot be told: %s", site_id, error)
            told.append(person)
        except mail.NotNow as error:
            log.warning("mail has to wait: %s", error)
            if isinstance(error, mail.Unreachable):
                break
    return told, len(told) == len(people)


def _invite(site_id: str, message: Claimed, settings: Settings, sealer: Sealer, now: datetime) -> bool:
    """Send an invitation that is still good; whether it needs no further try."""
    try:
        invitation = invitations.get(site_id, UUID(message.payload[INVITATION]), now)
    except NotFound:
        return True
    if not settings.sends_mail:
        return True
    address = sealer.open(invitation.address_sealed, invitation.id)
    link = f"{settings.address}/admin/invitation/{invitations.token(invitation, http.signer())}"
    translate = _translator(moderators.by_key(invitation.address_key), site_id)
    subject = translate(invitation_mail.subject(site_id))
    words = subject, invitation_mail.text(site_id, invitation.role.value, link, translate)
    try:
        mail.send(mail.Mail(address, *words, str(message.id), now), settings.smtp_url, settings.mail_from)
    except mail.Refused as error:
        log.error("somebody invited to %s cannot be told: %s", site_id, error)
    except mail.NotNow as error:
        log.warning("an invitation has to wait: %s", error)
        return False
    return True


def _tell_the_edge(site_id: str, messages: list[Claimed], settings: Settings, now: datetime) -> bool:
    """Tell the cache at the edge what changed; whether it needs no further try."""
    fresh = [message for message in messages if now - message.created_at < timedelta(seconds=2 * tags.LIFETIME)]
    if not fresh or not settings.purge_url:
        return True
    told = [site_id]
    if all("thread" in message.payload for message in fresh):
        changed = threads.pages(site_id, {UUID(message.payload["thread"]) for message in fresh})
        told = [tags.of_all(site_id), *(tags.of_page(site_id, page) for page in sorted(changed))]
    try:
        edge.tell(edge.Edge(settings.purge_url, settings.purge_header, settings.purge_secret), told, now)
    except outside.FAILURES as error:
        log.warning("the cache at the edge cannot be told: %s", type(error).__name__)
        return False
    return True


def _link(settings: Settings, person: str, now: datetime, one: Excerpt) -> str:
    """Where the moderator with the id `person` decides on a comment."""
    return f"{settings.address}/admin/mail/{by_mail.token(one.id, one.version, UUID(person), http.signer(), now)}"


def _words(
    site_id: str, messages: list[Claimed], settings: Settings, translate: Translate, link: Callable[[Excerpt], str]
) -> tuple[str, str] | None:
    """Subject and text of the mail about those comments that still wait; None when none does."""
    waiting = _excerpts(site_id, [UUID(message.payload["comment"]) for message in messages])
    if not waiting:
        return None
    subject = translate(digest.subject(site_id, len(waiting)))
    return subject, digest.text(site_id, waiting, settings.address, translate, link)


def _excerpts(site_id: str, comment_ids: list[UUID]) -> list[Excerpt]:
    """Those of the comments that still wait, as a mail tells of them."""
    rows = db.session.execute(
        sa.select(Comment.id, Comment.version, Comment.name, Thread.title, Thread.page, Comment.body)
        .join(Thread, sa.and_(Thread.site_id == Comment.site_id, Thread.id == Comment.thread_id))
        .where(Comment.site_id == site_id, Comment.id.in_(comment_ids), Comment.status == Status.PENDING)
        .order_by(Comment.id)
    )
    return [Excerpt(row.id, row.version, row.name, row.title or row.page, row.body) for row in rows]
