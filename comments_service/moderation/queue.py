"""The queue: comments to decide on, each with everything that a decision needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts
from ..comments.models import Comment, EarlierBody, Status, Thread
from ..extensions import db
from ..sites.models import Site
from ..spam.judgement import Evidence
from . import fulltext, groups, records, search
from .decisions import within
from .models import Change, Event
from .records import Record
from .search import Search

MOST = 200
COUNTED = 20_000  # matches of a search are counted, and decided on at once, up to here


@dataclass(frozen=True, slots=True)
class Query:
    """Which comments to list: of one status or of all, of one site or of all the actor's, that a search finds."""

    status: Status | None = Status.PENDING
    site_id: str | None = None
    search: Search = search.NOTHING
    after: UUID | None = None
    limit: int = 50
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


def page(query: Query, actor: Actor) -> Page:
    """The comments that `query` asks for, newest first; raises `NotFound` for another's site."""
    wanted = matching(query, actor)
    listed = wanted.where(Comment.id < query.after) if query.after else wanted
    if query.fold and query.search.empty and query.status is Status.PENDING:
        return _folded(query, listed, actor)
    found = list(db.session.scalars(newest(query, listed, actor)))
    shown = found[: query.limit]
    return Page(cards(shown), shown[-1].id if len(found) > len(shown) else None, _total(query, actor))


def _folded(query: Query, listed: sa.Select[Comment], actor: Actor) -> Page:
    """The queue with a card for each group."""
    folded = groups.fold(listed, query.after, query.limit)
    told = [comment_id for some in folded.others.values() for comment_id in some]
    wanted = within(Comment.site_id, actor), Comment.id.in_([*folded.ids, *told])
    found = {comment.id: comment for comment in db.session.scalars(sa.select(Comment).where(*wanted))}
    shown = [
        replace(
            card,
            like=folded.numbers.get(card.comment.id, 0),
            at_least=folded.at_least,
            others=tuple(found[other] for other in folded.others[card.comment.id] if other in found),
        )
        for card in cards([found[comment_id] for comment_id in folded.ids if comment_id in found])
    ]
    return Page(shown, folded.next, _total(query, actor))


def cards(comments: Sequence[Comment]) -> list[Card]:
    """`comments` with their surroundings, in a fixed number of queries."""
    if not comments:
        return []
    threads = _by_id(Thread, {c.site_id for c in comments}, {c.thread_id for c in comments})
    parents = _by_id(Comment, {c.site_id for c in comments}, {c.parent_id for c in comments if c.parent_id})
    known, earlier, decided = records.of(comments), _earlier(comments), _decided(comments)
    return [
        Card(
            comment=comment,
            thread=threads[comment.thread_id],
            parent=parents.get(comment.parent_id) if comment.parent_id else None,
            record=known.get((comment.site_id, comment.address_key or b""), Record()),
            earlier=tuple(earlier.get(comment.id, ())),
            decided=decided.get(comment.id),
        )
        for comment in comments
    ]


def totals(actor: Actor) -> dict[str, dict[Status, int]]:
    """For each of the actor's sites, how many comments have each status."""
    return counts.by_status(sites_of(actor))


def sites_of(actor: Actor) -> list[str]:
    """The keys of the sites the actor decides for."""
    return sorted(actor.sites) if actor.sites is not None else sorted(db.session.scalars(sa.select(Site.id)))


def matching(query: Query, actor: Actor, *, all_of_them: bool = False) -> sa.Select[Comment]:
    """The comments that `query` asks for, in no order; raises `NotFound` for another's site.

    Whether `all_of_them` are wanted, or the newest, decides how words are looked up.
    """
    if query.site_id is not None:
        actor.check(query.site_id)
    site = Comment.site_id == query.site_id if query.site_id else within(Comment.site_id, actor)
    wanted = sa.select(Comment).where(site)
    if query.status is not None:
        wanted = wanted.where(Comment.status == query.status)
    elif query.search.narrow:  # all there are, named for the sake of the indexes
        wanted = wanted.where(Comment.status.in_(list(Status)))
    return wanted.where(*search.conditions(query.search, all_of_them=all_of_them))


def newest(query: Query, listed: sa.Select[Comment], actor: Actor) -> sa.Select[Comment]:
    """The newest of `listed`, and one more to tell whether there are others.

    Their ids are found first, so that nothing else is read of those that are only looked through.
    """
    ids = listed.with_only_columns(Comment.id).order_by(newest_first(query)).limit(query.limit + 1)
    site = within(Comment.site_id, actor)
    return sa.select(Comment).where(site, Comment.id.in_(ids)).order_by(Comment.id.desc())


def newest_first(query: Query) -> sa.ColumnElement[Any]:
    """How to order what matches: by the index that finds it, or where that finds only few, by sorting these."""
    by_index = not query.search.narrow or (query.search.linked and query.status)
    return (Comment.id if by_index else sa.func.coalesce(Comment.id, Comment.id)).desc()


def count(query: Query, actor: Actor) -> int:
    """How many comments match, counted up to a limit."""
    if query.status is None and query.search.words_alone:
        sites = [query.site_id] if query.site_id else actor.sites
        number = fulltext.count(query.search.terms, sites, COUNTED)
        if number is not None:
            return number
    some = matching(query, actor, all_of_them=True).with_only_columns(Comment.id).limit(COUNTED).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _total(query: Query, actor: Actor) -> int:
    """How many match: from the kept counts, or for a search counted up to a limit."""
    if not query.search.empty:
        return count(query, actor)
    kept = counts.by_status([query.site_id] if query.site_id else sites_of(actor))
    statuses = [query.status] if query.status else list(Status)
    return sum(numbers[status] for numbers in kept.values() for status in statuses)


def _by_id(table: Any, site_ids: set[str], ids: set[Any]) -> dict[UUID, Any]:
    rows = db.session.scalars(sa.select(table).where(table.site_id.in_(site_ids), table.id.in_(ids)))
    return {row.id: row for row in rows}


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


def _decided(comments: Sequence[Comment]) -> dict[UUID, Event]:
    """The last event that changed each of `comments`."""
    rows = db.session.execute(
        sa.select(Change.comment_id, Event)
        .join(Event, sa.and_(Event.site_id == Change.site_id, Event.id == Change.event_id))
        .where(Change.site_id.in_({c.site_id for c in comments}), Change.comment_id.in_({c.id for c in comments}))
        .order_by(Event.id)
    )
    return dict(rows.all())
