"""Where learners live: a row for each site and one for all, and in each process those that were last used.

A row's revision is never used twice. So what a process holds is right if the revision is the row's, whatever other
processes wrote and whichever transactions were rolled back.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..database import insert_new, table, uuid7
from ..extensions import connection, db
from . import snapshot, steps
from .learner import Learner, Step
from .looks import Look, Row
from .models import SHARED, StoredLearner

log = logging.getLogger(__name__)

HELD = 4_000_000  # features of the learners that a process holds, at two bytes each
OVERHEAD = 200_000  # what a learner takes besides, counted in features

_TABLE = table(StoredLearner)
_OF_SITE = (_TABLE.c.site_id == sa.bindparam("site_id")) | (_TABLE.c.site_id == SHARED)
_REVISIONS = sa.select(_TABLE.c.site_id, _TABLE.c.revision).where(_OF_SITE)
_IS_SHARED = sa.case((_TABLE.c.site_id == SHARED, 1), else_=0)
LOOKS = (Look("learners", sa.select(_TABLE.c.revision, _IS_SHARED).where(_OF_SITE)),)


class _Held:
    """The learners of this process, the one used longest ago first. They are only read: `Changing` copies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._learners: OrderedDict[str, tuple[UUID, Learner]] = OrderedDict()

    def get(self, site_id: str, revision: UUID) -> Learner | None:
        with self._lock:
            held = self._learners.get(site_id)
            if held is None or held[0] != revision:
                return None
            self._learners.move_to_end(site_id)
            return held[1]

    def put(self, site_id: str, revision: UUID, learner: Learner) -> None:
        with self._lock:
            self._learners[site_id] = revision, learner
            self._learners.move_to_end(site_id)
            while len(self._learners) > 2 and sum(map(_room, self._learners.values())) > HELD:
                self._learners.popitem(last=False)


_held = _Held()
_NOTHING = Learner()


@dataclass(slots=True)
class Changing:
    """A learner whose row is locked until the transaction ends, and the steps that led to it."""

    site_id: str
    learner: Learner
    steps: list[Step]

    def keep(self) -> None:
        """Write the row; every process reads it from the commit on."""
        revision = uuid7()
        db.session.execute(
            sa.update(_TABLE)
            .where(_TABLE.c.site_id == self.site_id)
            .values(revision=revision, snapshot=snapshot.to_bytes(self.learner), steps=steps.to_bytes(self.steps))
        )
        _held.put(self.site_id, revision, self.learner)


def of(site_id: str) -> tuple[Learner, Learner]:
    """The learners of a site and of all sites, to be read only; one that is not there yet knows nothing."""
    return _both(site_id, dict(connection().execute(_REVISIONS, {"site_id": site_id}).all()))


def seen(site_id: str, rows: Sequence[Row]) -> tuple[Learner, Learner]:
    """The same, by the `rows` that our look gave."""
    return _both(site_id, {SHARED if shared else site_id: UUID(revision) for revision, shared in rows})


def _both(site_id: str, revisions: dict[str, UUID]) -> tuple[Learner, Learner]:
    return _current(site_id, revisions), _current(SHARED, revisions)


def changing(site_ids: Iterable[str]) -> list[Changing]:
    """The learners of sites, in the one order in which they are locked."""
    return [_locked(site_id) for site_id in sorted(site_ids)]


def _locked(site_id: str) -> Changing:
    query = sa.select(StoredLearner.revision, StoredLearner.steps).where(StoredLearner.site_id == site_id)
    row = db.session.execute(query.with_for_update()).first()
    if row is None:
        values = {"site_id": site_id, "revision": uuid7(), "snapshot": snapshot.to_bytes(Learner()), "steps": b""}
        insert_new(StoredLearner, values)
        row = db.session.execute(query.with_for_update()).one()
    learner = _current(site_id, {site_id: row.revision})
    # Steps fit the learner that they were stored with, and no other.
    return Changing(site_id, learner.copy(), steps.from_bytes(row.steps) if learner is not _NOTHING else [])


def _current(site_id: str, revisions: dict[str, UUID]) -> Learner:
    if site_id not in revisions:
        return _NOTHING
    return _held.get(site_id, revisions[site_id]) or _read(site_id)


def _read(site_id: str) -> Learner:
    query = sa.select(StoredLearner.revision, StoredLearner.snapshot).where(StoredLearner.site_id == site_id)
    row = db.session.execute(query).one()
    try:
        learner = snapshot.from_bytes(row.snapshot)
    except snapshot.UnreadableSnapshot as error:
        log.warning("the spam filter of %r begins anew: %s", site_id or "all sites", error)
        learner = _NOTHING
    _held.put(site_id, row.revision, learner)
    return learner


def _room(held: tuple[UUID, Learner]) -> int:
    return held[1].size + OVERHEAD
