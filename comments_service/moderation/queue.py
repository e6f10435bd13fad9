"""The queue: comments to decide on, each with everything that a decision needs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..accounts.actor import Actor
from ..comments import counts
from ..comments.models import Comment, EarlierBody, Status, Thread
from ..extensions import db
from ..sites.models import Site
from ..spam.judgement import Evidence
from . import finding, groups, records, search
from .models import Change, Event
from .records import Record
from .search import Search
from .selection import Selection, Wanted

MOST = 200
COUNTED = 200  # matches of a search are counted up to here with each page
ALL = 20_000  # and up to here when it is asked for; so many are decided on at once

_SITES: sa.BindParameter[Any] = sa.bindparam("sites", expanding=True)
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_THESE = sa.select(Comment).where(Comment.site_id.in_(_SITES), Comment.id.in_(_IDS))
_PARENT = aliased(Comment)
# Each with its thread and with what it replies to.
_WITH_PLACE = (
    _THESE.add_columns(Thread, _PARENT)
    .join(Thread, sa.and_(Thread.site_id == Comment.site_id, Thread.id == Comment.thread_id))
    .outerjoin(_PARENT, sa.and_(_PARENT.site_id == Comment.site_id, _PARENT.id == Comment.parent_id))
)
# The events that changed them: each comment's last one at the end.
_DECIDED = (
    sa.select(Change.comment_id, Event)
    .join(Event, sa.and_(Event.site_id == Change.site_id, Event.id == Change.event_id))
    .where(Change.site_id.in_(_SITES), Change.comment_id.in_(_IDS))
    .order_by(Event.id)
)


@dataclass(frozen=True, slots=True)
class Query:
    """Which comments to list: of one status or of all, of one site or of all the actor's, that a search finds."""

    status: Status | None = Status.PENDING
    site_id: str | None = None
    search: Search = search.NOTHING
    after: UUID | None = None
    limit: int = 50
    counted: int = COUNTED  # how far what a search finds is counted
    fold: bool = False  # whether near-identical ones that wait are shown as one; a search shows each


@dataclass(frozen=True, slots=True)
class Card:
    """A comment with its surroundings. The address stays sealed until the edge opens it."""

    comment: Comment
    thread: Thread
    parent: Comment | None
    record: Record
    earlier: tuple[EarlierBody, ...] = ()
    decided: Event | None = None
    like: int = 0  # how many others wait that are near-identical
    at_least: bool = False  # whether there may be more
    others: tuple[Comment, ...] = ()  # some of them

    @property
    def reasons(self) -> list[Evidence]:
        """Why it was held, by check."""
        return msgspec.json.decode(self.comment.reasons, type=list[Evidence])


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the queue; `next` is the id to ask after, `total` how many there are in all."""

    cards: list[Card]
    next: UUID | None
    total: int
    at_least: bool = False  # whether there may be more, for counting stopped


def page(query: Query, actor: Actor) -> Page:
    """The comments that `query` asks for, newest first; raises `NotFound` for another's site."""
    listed = wanted(query, actor)
    whole = replace(listed, below=None)
    if not query.search.empty:
        return _searched(query, whole, listed)
    if query.fold and query.status is Status.PENDING:
        return _folded(query, listed.selection(), whole)
    found = finding.newest(listed, query.limit)
    return Page(_cards(found.ids, whole.sites), found.ids[-1] if found.more else None, whole.kept)


def _searched(query: Query, whole: Wanted, listed: Wanted) -> Page:
    """What a search finds, and how many: counted no further than is asked for, or than is quick."""
    quick = query.counted <= COUNTED
    counted = finding.newest(whole, query.counted, query.limit + 1 if quick else None)
    found = finding.newest(listed, query.limit, query.limit) if query.after else counted
    shown = found.ids[: query.limit]
    following = shown[-1] if found.more or len(found.ids) > len(shown) else None
    return Page(_cards(shown, whole.sites), following, len(counted.ids), counted.more)


def _folded(query: Query, listed: Selection, whole: Wanted) -> Page:
    """The queue with a card for each group."""
    folded = groups.fold(listed, query.after, query.limit)
    told = [comment_id for some in folded.others.values() for comment_id in some]
    named = {"sites": whole.sites, "ids": told}
    others = {other.id: other for other in db.session.scalars(_THESE, named)} if told else {}
    shown = [
        replace(
            card,
            like=folded.numbers.get(card.comment.id, 0),
            at_least=folded.at_least,
            others=tuple(others[other] for other in folded.others[card.comment.id] if other in others),
        )
        for card in _cards(folded.ids, whole.sites)
    ]
    return Page(shown, folded.next, whole.kept)


def cards(comments: Sequence[Comment]) -> list[Card]:
    """`comments` with their surroundings, in a fixed number of queries."""
    return _cards([comment.id for comment in comments], {comment.site_id for comment in comments})


def _cards(ids: Sequence[UUID], sites: Collection[str]) -> list[Card]:
    if not ids:
        return []
    named = {"sites": list(sites), "ids": list(ids)}
    found = {row[0].id: row for row in db.session.execute(_WITH_PLACE, named)}
    rows = [found[comment_id] for comment_id in ids if comment_id in found]
    earlier, decided = _earlier([row[0] for row in rows]), dict(db.session.execute(_DECIDED, named).all())
    known = records.of([row[0] for row in rows])
    return [
        Card(
            comment=comment,
            thread=thread,
            parent=parent,
            record=known.get((comment.site_id, comment.address_key or b""), Record()),
            earlier=tuple(earlier.get(comment.id, ())),
            decided=decided.get(comment.id),
        )
        for comment, thread, parent in rows
    ]


def totals(actor: Actor) -> dict[str, dict[Status, int]]:
    """For each of the actor's sites, how many comments have each status."""
    return counts.by_status(sites_of(actor))


def sites_of(actor: Actor) -> list[str]:
    """The keys of the sites the actor decides for."""
    return sorted(actor.sites) if actor.sites is not None else sorted(db.session.scalars(sa.select(Site.id)))


def wanted(query: Query, actor: Actor, *conditions: sa.ColumnElement[bool]) -> Wanted:
    """What `query` asks for, of what `actor` may see; raises `NotFound` for another's site."""
    if query.site_id is not None:
        actor.check(query.site_id)
    own = sites_of(actor)
    sites = own if query.site_id is None else [site for site in own if site == query.site_id]
    every = sa.select(sa.func.count()).select_from(Site)
    everywhere = len(sites) == (len(own) if actor.sites is None else db.session.scalar(every))
    return Wanted(tuple(sites), everywhere, query.status, query.search, query.after, conditions)


def _earlier(comments: Sequence[Comment]) -> dict[UUID, list[EarlierBody]]:
    """The earlier texts of those that were edited, oldest first."""
    edited = {comment.id for comment in comments if comment.edited_at}
    if not edited:
        return {}
    rows = db.session.scalars(
        sa.select(EarlierBody)
        .where(EarlierBody.site_id.in_({c.site_id for c in comments}), EarlierBody.comment_id.in_(edited))
        .order_by(EarlierBody.version)
    )
    bodies: dict[UUID, list[EarlierBody]] = {}
    for row in rows:
        bodies.setdefault(row.comment_id, []).append(row)
    return bodies
