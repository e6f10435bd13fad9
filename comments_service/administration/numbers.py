"""Numbers of a site: what came of its comments, how long they waited, and how often moderators overruled its rules.

All from kept counts and from the newest entries of the log, never from a look over the table of comments.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts
from ..comments.models import Comment, Status
from ..extensions import db
from ..i18n import N_
from ..moderation.models import Change, Event, Kind
from ..sites import registry
from ..spam.judgement import Evidence
from ..spam.trial import OF_POLICY

CHANGES = 500  # of the log, the newest, are looked at
# How long a comment waited for its decision, and how many days ago those came that wait: each up to, in words.
TIMES = (
    (timedelta(minutes=10), N_("up to 10 minutes")),
    (timedelta(hours=1), N_("up to an hour")),
    (timedelta(hours=6), N_("up to 6 hours")),
    (timedelta(days=1), N_("up to a day")),
    (timedelta(days=7), N_("up to a week")),
    (timedelta.max, N_("longer")),
)
AGES = ((0, N_("came today")), (1, N_("yesterday")), (6, N_("2 to 6 days ago")), (29, N_("7 to 29 days ago")))
OLDER = N_("earlier")


@dataclass(frozen=True, slots=True)
class Day:
    """A day (UTC), and how many of the comments that came on it have each status now."""

    day: date
    numbers: dict[Status, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole: its name and how many are in it."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A check: how many of the comments that were decided it had spoken against, and how many were approved anyway."""

    check: str
    held: int
    overruled: int

    @property
    def percent(self) -> int:
        """How many of a hundred were overruled."""
        return round(100 * self.overruled / self.held)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What there is to tell of a site."""

    days: list[Day]
    waiting: list[Part]
    oldest: timedelta | None  # how long the oldest one waits
    times: list[Part]
    median: timedelta | None
    rules: list[Rule]

    def total(self, *statuses: Status) -> int:
        """How many comments of these days have one of `statuses`."""
        return sum(day.numbers[status] for day in self.days for status in statuses or Status)

    @property
    def wait(self) -> int:
        """How many comments wait."""
        return sum(part.number for part in self.waiting)


@dataclass(frozen=True, slots=True)
class _Decided:
    """A decision of the log, with what the checks had said of the comment."""

    kind: Kind
    before: Status
    after: Status | None
    waited: timedelta
    reasons: str


def of(site_id: str, days: int, actor: Actor, now: datetime) -> Numbers:
    """The numbers of a site over the last `days`; raises `NotFound` for another's."""
    actor.check(site_id)
    registry.find(site_id)
    today = now.date()
    decided = _decided(site_id)
    waits = sorted(each.waited for each in decided if each.before is Status.PENDING)
    return Numbers(
        days=_days(site_id, days, today),
        waiting=_waiting(site_id, today),
        oldest=_oldest(site_id, now),
        times=_times(waits),
        median=waits[len(waits) // 2] if waits else None,
        rules=_rules(decided),
    )


def _days(site_id: str, number: int, today: date) -> list[Day]:
    first = today - timedelta(days=number - 1)
    known = counts.by_day(site_id, first)
    every = (first + timedelta(days=days) for days in range(number))
    return [Day(day, known.get(day, dict.fromkeys(Status, 0))) for day in every]


def _waiting(site_id: str, today: date) -> list[Part]:
    """How many comments wait, by the day they came on."""
    most = AGES[-1][0]
    recent = counts.by_day(site_id, today - timedelta(days=most))
    by_age = {(today - day).days: numbers[Status.PENDING] for day, numbers in recent.items()}
    parts, least = [], -1
    for age, name in AGES:
        parts.append(Part(name, sum(number for days, number in by_age.items() if least < days <= age)))
        least = age
    all_waiting = counts.by_status([site_id])[site_id][Status.PENDING]
    return [*parts, Part(OLDER, max(0, all_waiting - sum(part.number for part in parts)))]


def _oldest(site_id: str, now: datetime) -> timedelta | None:
    query = sa.select(Comment.created_at).where(Comment.site_id == site_id, Comment.status == Status.PENDING)
    first = db.session.scalar(query.order_by(Comment.id).limit(1))
    return max(now - first, timedelta()) if first else None


def _decided(site_id: str) -> list[_Decided]:
    """The newest decisions on comments that the checks had held or called spam."""
    newest = (
        sa.select(Change.event_id, Change.comment_id, Change.status_from, Change.status_to)
        .where(Change.site_id == site_id)
        .order_by(Change.event_id.desc())
        .limit(CHANGES)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            Event.kind, newest.c.status_from, newest.c.status_to, Event.created_at, Comment.created_at, Comment.reasons
        )
        .join(Event, sa.and_(Event.site_id == site_id, Event.id == newest.c.event_id))
        .join(Comment, sa.and_(Comment.site_id == site_id, Comment.id == newest.c.comment_id))
    )
    found = [_Decided(kind, before, after, at - came, reasons) for kind, before, after, at, came, reasons in rows]
    return [each for each in found if each.kind is Kind.DECIDE and _judges(each)]


def _judges(decided: _Decided) -> bool:
    """Whether a decision says what a moderator thinks of what the checks said."""
    if decided.before is Status.SPAM:
        return decided.after is Status.APPROVED
    return decided.before is Status.PENDING


def _times(waits: Sequence[timedelta]) -> list[Part]:
    parts, least = [], timedelta.min
    for most, name in TIMES:
        parts.append(Part(name, sum(1 for wait in waits if least < wait <= most)))
        least = most
    return parts


def _rules(decided: Iterable[_Decided]) -> list[Rule]:
    held: Counter[str] = Counter()
    overruled: Counter[str] = Counter()
    for each in decided:
        for check in _against(each.reasons):
            held[check] += 1
            overruled[check] += each.after is Status.APPROVED
    return [Rule(check, number, overruled[check]) for check, number in held.most_common()]


def _against(reasons: str) -> set[str]:
    """The checks that spoke against a comment, the site's policy among them."""
    found: list[Any] = msgspec.json.decode(reasons, type=list[Evidence])
    return {evidence.check for evidence in found if evidence.points > 0 or evidence.check in OF_POLICY}
