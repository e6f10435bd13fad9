"""Reads from a streaming replica: only once it has all that the primary had when the epoch began.

A replica is behind, by milliseconds or by hours. So the primary is asked once an epoch (a second, or a commit of
this process) how far its log has come, and the replica answers only after it has replayed that much. Until then, and
while it is away, the primary answers. What is kept as right in an epoch is so right wherever it was read.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import TypeVar

import sqlalchemy as sa

log = logging.getLogger(__name__)

R = TypeVar("R")

AWAY_SECONDS = 5  # a replica that failed is left alone for so long
# What somebody can see is flushed, as long as `synchronous_commit` is not off.
POSITION = sa.text("SELECT CAST(pg_current_wal_flush_lsn() AS text)")
# Empty, and so never enough, on a server that replays nothing.
HAS_REPLAYED = sa.text("SELECT pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)")
REPLAYED = "replayed"  # where a connection notes the position that its server is known to have reached


class Replica:
    """The replica behind `engine` of the server behind `primary`."""

    def __init__(self, primary: sa.Engine, engine: sa.Engine) -> None:
        self._primary = primary
        self._engine = engine
        self._lock = threading.Lock()
        self._position: tuple[Hashable, str] = (None, "")
        self._away_until = 0.0

    def read(self, epoch: Hashable, query: Callable[[sa.Connection], R]) -> R | None:
        """What `query` gives on the replica; None when the primary has to be asked, as the replica is behind or away.

        `epoch` began before this call; everything that was committed before it began is seen.
        """
        if time.monotonic() < self._away_until:
            return None
        position = self._position_in(epoch)
        try:
            with self._engine.connect() as connection:
                return query(connection) if _has_replayed(connection, position) else None
        except sa.exc.SQLAlchemyError as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("The replica does not answer (%s); the primary is asked instead.", type(error).__name__)
            return None

    def _position_in(self, epoch: Hashable) -> str:
        """How far the primary's log had come at some time in `epoch`."""
        with self._lock:
            known, position = self._position
            if known != epoch:
                with self._primary.connect() as connection:
                    position = connection.execute(POSITION).scalar_one()
                self._position = epoch, position
            return position


def _has_replayed(connection: sa.Connection, position: str) -> bool:
    """Whether what `connection` sees from now on holds everything up to `position`.

    Asked in a transaction of its own: the one that reads shall see a later moment than this.
    """
    if connection.info.get(REPLAYED) == position:
        return True
    reached = bool(connection.execute(HAS_REPLAYED, {"position": position}).scalar_one())
    connection.rollback()
    if reached:
        connection.info[REPLAYED] = position
    return reached
