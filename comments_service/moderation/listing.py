"""Blocking and trusting: lists that a site's moderators keep, each change an event that can be undone.

Whom a moderator trusts is published where only the site's rule would hold, if the browser proves who it is
(`spam.proven`): an address alone is only typed. Whoever signs with the name and proves nothing is held and flagged
(`spam.impostor`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments.models import Comment, Status
from ..database import transaction, uuid7
from ..errors import Conflict, FieldError, InvalidForm, NotFound
from ..extensions import db
from ..i18n import N_, Sayable, Sentence
from ..sites import registry
from ..spam import blocked, hosts
from ..spam.models import Listed, ListKind
from . import decisions, details, edit
from .details import FORMS, Form, Shown
from .models import Event, Kind

MOST_TEXT = 300
TYPED = N_("An address that was typed")  # what is shown of one, for the address itself is not kept


class Entry(msgspec.Struct, frozen=True):
    """An entry of the list as its event keeps it: all that it takes to put it on the list again."""

    added: bool  # whether the event put it on the list or took it off
    id: UUID
    kind: ListKind
    key: str
    shown: str
    reason: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom to list: the kind, the key that finds them, and what moderators see of it."""

    kind: ListKind
    key: bytes
    shown: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Why somebody is blocked, and until when."""

    reason: str = ""
    until: datetime | None = None


FOR_EVER = Terms()
# What the log says of an entry that was put on the list, and of one that was taken off it.
TOLD = {
    ListKind.ADDRESS: (N_("blocked address: {shown}"), N_("blocked address: {shown}, taken off")),
    ListKind.DOMAIN: (N_("blocked domain: {shown}"), N_("blocked domain: {shown}, taken off")),
    ListKind.NAME: (N_("blocked name: {shown}"), N_("blocked name: {shown}, taken off")),
    ListKind.NETWORK: (N_("blocked network: {shown}"), N_("blocked network: {shown}, taken off")),
    ListKind.TRUSTED: (N_("trusted: {shown}"), N_("trusted: {shown}, taken off")),
}


def entries(actor: Actor) -> list[Listed]:
    """All that is listed for the actor's sites, the newest first."""
    query = sa.select(Listed).where(decisions.within(Listed.site_id, actor)).order_by(Listed.id.desc())
    return list(db.session.scalars(query))


@transaction
def block(site_id: str, whom: Whom, actor: Actor, now: datetime, terms: Terms = FOR_EVER) -> UUID:
    """Block somebody; gives the event. Raises `NotFound` for another's site, `Conflict` for who is blocked already."""
    actor.check(site_id)
    if registry.peek(site_id) is None:
        raise NotFound(N_("There is no such site."))
    return _add(site_id, whom, actor, now, terms)


@transaction
def block_commenter(comment_id: UUID, kind: ListKind, actor: Actor, now: datetime, terms: Terms = FOR_EVER) -> UUID:
    """Block whoever wrote a comment, by `kind`; gives the event.

    Raises `NotFound`, `Conflict` for who is blocked already, `InvalidForm` for a comment that has no such thing.
    """
    comment = edit.one(comment_id, actor)
    return _add(comment.site_id, _of_comment(comment, kind), actor, now, terms)


@transaction
def trust(comment_id: UUID, actor: Actor, now: datetime) -> UUID:
    """Trust whoever wrote a comment, which is approved with it, also where the checks alone did so; gives the event.

    Raises `NotFound`, and `Conflict` for spam, for trash and for an address that is trusted already.
    """
    comment = edit.one(comment_id, actor)
    if comment.status is Status.PENDING or (comment.status is Status.APPROVED and comment.status_before is None):
        decisions.record([(comment, Status.APPROVED)], Kind.DECIDE, actor, now)
    if comment.status is not Status.APPROVED:
        raise Conflict(N_("Only somebody whose comment was approved can be trusted."))
    whom = _of_comment(comment, ListKind.ADDRESS)
    return _add(comment.site_id, Whom(ListKind.TRUSTED, whom.key, whom.shown), actor, now)


@transaction
def remove(entry_id: UUID, actor: Actor, now: datetime) -> UUID:
    """Take an entry off the list; gives the event. Raises `NotFound`."""
    found = db.session.scalar(sa.select(Listed).where(decisions.within(Listed.site_id, actor), Listed.id == entry_id))
    if found is None:
        raise NotFound(N_("There is no such entry."))
    entry = msgspec.structs.replace(_entry(found), added=False)
    _apply(found.site_id, entry, now)
    return details.log(found.site_id, entry, Kind.UNLIST, actor, now)


@transaction
def turn(event: Event, actor: Actor, now: datetime) -> UUID:
    """Turn a change of the list round; gives the event. Raises `Conflict` when the list has moved on since."""
    entry = msgspec.json.decode(event.detail or "", type=Entry)
    turned = msgspec.structs.replace(entry, added=not entry.added)
    _apply(event.site_id, turned, now)
    return details.log(event.site_id, turned, Kind.UNDO, actor, now, undoes=event.id)


def typed(kind: str, text: str, lookup: Any) -> Whom:
    """Whom a moderator means who typed `text`; `lookup` gives the key of an address. Raises `InvalidForm`."""
    line = " ".join(text.split())[:MOST_TEXT]
    if kind == ListKind.ADDRESS and "@" in line.strip("@"):
        return Whom(ListKind.ADDRESS, lookup(line), TYPED)
    if kind == ListKind.DOMAIN and "." in line:
        host = (hosts.linked(f"//{line.rpartition('//')[2]}") or [""])[0]
        if host:
            return Whom(ListKind.DOMAIN, blocked.domain_key(host), host)
    if kind == ListKind.NAME and (key := blocked.name_key(line)):
        return Whom(ListKind.NAME, key, line[:100])
    raise InvalidForm([FieldError("what", "invalid", N_("Type an address, a domain or a name, and say which it is."))])


def shown(detail: str) -> Shown:
    """The entry that an event listed, without its key."""
    entry = msgspec.to_builtins(msgspec.json.decode(detail, type=Entry))
    return {name: value for name, value in entry.items() if name != "key"}


def told(entry: Shown) -> tuple[Sayable, ...]:
    """Who was put on which list, or taken off it, and why."""
    on, off = TOLD[ListKind(entry["kind"])]
    shown = (TYPED,) if entry["shown"] == TYPED else entry["shown"]
    whom = Sentence(on if entry["added"] else off, {"shown": shown})
    return (whom, Sentence(blocked.REASON, {"reason": entry["reason"]})) if entry["reason"] else (whom,)


def domains(comment: Comment) -> list[str]:
    """The registered domains that a comment links to, its website's first."""
    return list(dict.fromkeys(map(hosts.registrable, _linked(comment))))


def _linked(comment: Comment) -> list[str]:
    return hosts.linked(comment.website) + hosts.linked(comment.body)


def kinds(comment: Comment) -> Sequence[ListKind]:
    """What of whoever wrote `comment` can be blocked."""
    there = {
        ListKind.ADDRESS: comment.address_key,
        ListKind.DOMAIN: hosts.linked(comment.website) or hosts.linked(comment.body),
        ListKind.NAME: blocked.name_key(comment.name),
        ListKind.NETWORK: comment.network_key,
    }
    return [kind for kind, value in there.items() if value]


def _of_comment(comment: Comment, kind: ListKind) -> Whom:
    if kind not in kinds(comment):
        raise InvalidForm([FieldError("kind", "invalid", N_("This comment has no such thing to go by."))])
    if kind is ListKind.DOMAIN:
        domain = domains(comment)[0]
        return Whom(kind, blocked.domain_key(domain), domain)
    keys = {
        ListKind.ADDRESS: comment.address_key,
        ListKind.NAME: blocked.name_key(comment.name),
        ListKind.NETWORK: comment.network_key,
    }
    return Whom(kind, keys[kind] or b"", comment.name)


def _add(site_id: str, whom: Whom, actor: Actor, now: datetime, terms: Terms = FOR_EVER) -> UUID:
    entry = Entry(True, uuid7(), whom.kind, whom.key.hex(), whom.shown, terms.reason[:MOST_TEXT], terms.until)
    _apply(site_id, entry, now)
    return details.log(site_id, entry, Kind.LIST, actor, now)


def _apply(site_id: str, entry: Entry, now: datetime) -> None:
    """Put `entry` on the list, or take it off."""
    key = bytes.fromhex(entry.key)
    same = sa.select(Listed).where(Listed.site_id == site_id, Listed.kind == entry.kind, Listed.key == key)
    there = db.session.scalar(same)
    if there and (not entry.added or (there.expires_at and there.expires_at <= now)):
        db.session.delete(there)
        db.session.flush()
    elif there:
        raise Conflict(N_("This is on the list already."))
    elif not entry.added:
        raise Conflict(N_("This is not on the list any more."))
    if entry.added:
        row = {name: getattr(entry, name) for name in ("id", "kind", "shown", "reason", "expires_at")}
        db.session.add(Listed(site_id=site_id, key=key, created_at=now, **row))


def _entry(row: Listed) -> Entry:
    return Entry(True, row.id, row.kind, row.key.hex(), row.shown, row.reason, row.expires_at)


FORMS[Kind.LIST] = FORMS[Kind.UNLIST] = Form(shown, told, turn)
