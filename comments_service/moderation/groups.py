"""Near-identical comments that wait: shown as one card, decided as one event."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..columns import made, raw
from ..comments.models import Comment, Status
from ..database import uuid7
from ..extensions import db
from . import decisions
from .decisions import MOST, Decision, Outcome, Part
from .selection import Selection

SCANNED = 400  # comments that are looked through at once
SHOWN = 3  # others of a group that a card tells
LOOKED_AT = 50  # groups that are looked for on earlier pages at once
COUNTED = 2_000  # comments of all groups on a page that are counted
DECIDED = 20_000  # comments of a group that are decided on at once

Id = str | UUID  # of a comment, as its driver gives it
Key = tuple[str, bytes | Id]  # a site, and a group there, or a comment that is in none

# Those that wait, and are of one of these groups or, on another site, of one that is called like it.
_WAITING = sa.select(Comment.site_id, Comment.group_key).where(
    Comment.site_id.in_(sa.bindparam("sites", expanding=True)),
    Comment.group_key.in_(sa.bindparam("groups", expanding=True)),
    Comment.status == Status.PENDING,
)
_LATER = _WAITING.where(Comment.id >= sa.bindparam("after")).group_by(Comment.site_id, Comment.group_key)
_COUNTED = _WAITING.limit(sa.bindparam("most", type_=sa.Integer)).subquery()
_COUNTS = sa.select(*_COUNTED.c, sa.func.count()).group_by(*_COUNTED.c)


@dataclass(frozen=True, slots=True)
class Folded:
    """The newest comment of each group, the others that are told with it, how many there are, and where to go on."""

    ids: list[UUID]
    others: dict[UUID, list[UUID]]
    numbers: dict[UUID, int]
    at_least: bool  # whether there may be more
    next: UUID | None


def fold(listed: Selection, after: UUID | None, limit: int) -> Folded:
    """The first `limit` groups of the pending comments `listed`, by their newest; without those before `after`.

    Looks through some hundred comments, and then once more without the groups found in these.
    """
    found: dict[Key, list[Id]] = {}
    first: list[Key] = []
    last: UUID | None = None
    for _ in range(2):
        rows, fresh = _scan(listed, found, last), len(found)
        for row in rows:
            found.setdefault((row.site_id, row.group_key or row.id), []).append(row.id)
        first += _not_shown_before(islice(found, fresh, None), after, limit + 1 - len(first))
        last = made(rows[-1].id) if len(rows) == SCANNED else None
        if last is None or len(first) > limit:
            break
    shown = {key: found[key] for key in first[:limit]}
    told = {key: [made(member) for member in members[: SHOWN + 1]] for key, members in shown.items()}
    ids = [members[0] for members in told.values()]
    others = {members[0]: members[1:] for members in told.values()}
    numbers, at_least = _numbers({key: len(members) for key, members in shown.items()})
    by_newest = {told[key][0]: number for key, number in numbers.items()}
    return Folded(ids, others, by_newest, at_least, ids[-1] if len(first) > limit else last)


def decide(chosen: Sequence[Decision], actor: Actor, now: datetime, key: str | None = None) -> Outcome:
    """Decide as `decisions.decide` does, and with a comment that says so on all that wait like it: one event."""
    members = _members([decision for decision in chosen if decision.like], actor)
    if not members or len(chosen) > MOST:
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


def _scan(listed: Selection, known: Collection[Key], below: UUID | None) -> Sequence[Any]:
    """The newest of `listed` with their groups, but those of the groups that are known."""
    groups = [key for key in known if isinstance(key[1], bytes)]
    if groups:
        other = sa.tuple_(Comment.site_id, Comment.group_key).not_in(groups)
        listed = listed.where(sa.or_(Comment.group_key.is_(None), other))
    if below:
        listed = listed.where(Comment.id < below)
    # With the version, which no index has, so that SQLite takes the one that is in this order.
    columns = Comment.site_id, raw(Comment.id), Comment.group_key, Comment.version
    return db.session.execute(listed.newest(*columns, most=SCANNED)).all()


def _not_shown_before(found: Iterable[Key], after: UUID | None, most: int) -> list[Key]:
    """The first of the groups that no earlier page showed: those of which no comment came later."""
    if after is None:
        return list(islice(found, most))
    left: list[Key] = []
    groups = iter(found)
    while len(left) < most and (some := list(islice(groups, LOOKED_AT))):
        shown = _with_later({key for key in some if isinstance(key[1], bytes)}, after)
        left += [key for key in some if key not in shown]
    return left[:most]


def _with_later(groups: set[Key], after: UUID) -> set[Key]:
    """Those groups of which a comment waits that is not older than `after`."""
    later = db.session.execute(_LATER, {**_named(groups), "after": after})
    return {(row[0], row[1]) for row in later if row[1]}


def _named(groups: set[Key]) -> dict[str, Any]:
    return {"sites": {site_id for site_id, _ in groups}, "groups": {key for _, key in groups}}


def _numbers(shown: dict[Key, int]) -> tuple[dict[Key, int], bool]:
    """How many others there are of each group of which so many are shown, and whether counting stopped at the limit."""
    groups = {key for key in shown if isinstance(key[1], bytes)}
    if not groups:
        return {}, False
    rows = db.session.execute(_COUNTS, {**_named(groups), "most": COUNTED})
    numbers: dict[Key, int] = {(row[0], row[1]): row[2] for row in rows}
    others = {key: max(numbers.get(key, 0), shown[key]) - 1 for key in groups}
    return others, sum(numbers.values()) == COUNTED


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
    yield from db.session.execute(query.order_by(Comment.id.desc()).limit(DECIDED))
