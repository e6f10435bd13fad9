"""What came since a list was made, so that it need not move under somebody's eyes."""

from dataclasses import replace
from uuid import UUID

from ..accounts.actor import Actor
from . import finding, queue

MOST = 100  # more are not counted


def since(newest: UUID | None, query: queue.Query, actor: Actor) -> int:
    """How many comments that `query` asks for are newer than the newest that was listed, up to a hundred."""
    found = finding.newest(queue.wanted(replace(query, after=None), actor), MOST)
    return sum(newest is None or comment_id > newest for comment_id in found.ids)
