"""Near-identical comments that wait: shown as one card, decided as one event."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments.models import Comment, Status
from ..database import uuid7
from ..extensions import db
from . import decisions
from .decisions import MOST, Decision, Outcome, Part

SCANNED = 1000  # comments that are looked through at once
SHOWN = 3  # others of a group that a card tells
COUNTED = 20_000  # others of all groups on a page that are counted

Key = tuple[str, bytes | UUID]  # a site, and a group there, or a comment that is in none


@dataclass(frozen=True, slots=True)
class Folded:
    """The newest comment of each group, the others that are told with it, how many there are, and where to go on."""

    ids: list[UUID]
    others: dict[UUID, list[UUID]]
    numbers: dict[UUID, int]
    next: UUID | None


def fold(listed: sa.Select[Comment], after: UUID | None, limit: int) -> Folded:
    """The first `limit` groups of the pending comments `listed`, by their newest; without those before `after`.

    Looks through a thousand comments, and then once more without the groups found in these.
    """
    found: dict[Key, list[UUID]] = {}
    hidden: set[Key] = set()
    last: UUID | None = None
    for _ in range(2):
        rows = _scan(listed, {*found, *hidden}, last)
        for row in rows:
            found.setdefault((row.site_id, row.group_key or row.id), []).append(row.id)
        hidden |= _shown_before(found, after)
        for key in hidden:
            found.pop(key, None)
        last = rows[-1].id if len(rows) == SCANNED else None
        if last is None or len(found) > limit:
            break
    first = list(found.items())[:limit]
    ids = [members[0] for _, members in first]
    others = {members[0]: members[1 : SHOWN + 1] for _, members in first}
    return Folded(ids, others, _numbers(dict(first)), ids[-1] if len(found) > limit else last)


def decide(chosen: Sequence[Decision], actor: Actor, now: datetime, key: str | None = None) -> Outcome:
    """Decide as `decisions.decide` does, and with a comment that says so on all that wait like it: one event."""
    members = _members([decision for decision in chosen if decision.like], actor)
    if not members:
        return decisions.decide(chosen, actor, now, key=key)
    if key and (earlier := decisions.earlier_event(key, actor)):
        return Outcome(earlier, decisions.changed_by(earlier, actor))
    named = {decision.id for decision in chosen}
    everything = [*chosen, *(member for member in members if member.id not in named)]
    event = uuid7()
    outcomes = [
        decisions.decide(everything[at : at + MOST], actor, now, Part(event, number), key=None if number else key)
        for number, at in enumerate(range(0, len(everything), MOST))
    ]
    changed = tuple(comment for outcome in outcomes for comment in outcome.changed)
    conflicts = tuple(comment for outcome in outcomes for comment in outcome.conflicts)
    return Outcome(event if changed else None, changed, conflicts)


def _scan(listed: sa.Select[Comment], known: Collection[Key], below: UUID | None) -> Sequence[Any]:
    """The newest of `listed` with their groups, but those of the groups that are known."""
    groups = [key for key in known if isinstance(key[1], bytes)]
    if groups:
        other = sa.tuple_(Comment.site_id, Comment.group_key).not_in(groups)
        listed = listed.where(sa.or_(Comment.group_key.is_(None), other))
    if below:
        listed = listed.where(Comment.id < below)
    columns = listed.with_only_columns(Comment.site_id, Comment.id, Comment.group_key)
    return db.session.execute(columns.order_by(Comment.id.desc()).limit(SCANNED)).all()


def _shown_before(found: dict[Key, list[UUID]], after: UUID | None) -> set[Key]:
    """The groups that an earlier page showed: those with a comment that came later."""
    if after is None:
        return set()
    newest = {members[0]: key for key, members in found.items() if isinstance(key[1], bytes)}
    later = sa.orm.aliased(Comment)
    same = (later.site_id == Comment.site_id, later.group_key == Comment.group_key, later.status == Status.PENDING)
    shown = sa.select(Comment.id).where(
        Comment.site_id.in_({site_id for site_id, _ in newest.values()}),
        Comment.id.in_(newest),
        sa.exists().where(*same, later.id >= after),
    )
    return {newest[comment_id] for comment_id in db.session.scalars(shown)}


def _numbers(found: dict[Key, list[UUID]]) -> dict[UUID, int]:
    """How many others there are of each group, counted up to a limit, by its newest comment."""
    groups = {key: members for key, members in found.items() if isinstance(key[1], bytes)}
    if not groups:
        return {}
    some = sa.select(Comment.site_id, Comment.group_key).where(
        Comment.site_id.in_({site_id for site_id, _ in groups}),
        Comment.group_key.in_({key for _, key in groups}),
        Comment.status == Status.PENDING,
    )
    counted = some.limit(COUNTED).subquery()
    rows = db.session.execute(sa.select(*counted.c, sa.func.count()).group_by(*counted.c))
    numbers: dict[Key, int] = {(row[0], row[1]): row[2] for row in rows}
    return {members[0]: max(numbers.get(key, 0), len(members)) - 1 for key, members in groups.items()}


def _members(leaders: Sequence[Decision], actor: Actor) -> list[Decision]:
    """Decisions on all that wait like one of `leaders` and came before it, where that is as it was looked at."""
    wanted = {decision.id: decision for decision in leaders}
    return [
        Decision(row.id, wanted[leader.id].status, row.version)
        for leader in decisions.of_actor(wanted, actor)
        if leader.version == wanted[leader.id].version and leader.status is Status.PENDING and leader.group_key
        for row in _like(leader)
    ]


def _like(leader: Comment) -> Iterator[Any]:
    query = sa.select(Comment.id, Comment.version).where(
        Comment.site_id == leader.site_id,
        Comment.group_key == leader.group_key,
        Comment.status == Status.PENDING,
        Comment.id < leader.id,
    )
    yield from db.session.execute(query.order_by(Comment.id.desc()).limit(COUNTED))
