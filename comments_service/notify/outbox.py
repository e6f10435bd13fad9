"""Messages that wait: written with what they tell about, delivered later, at least once."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..database import uuid7
from ..extensions import db
from .models import OutboxMessage


def enqueue(site_id: str, kind: str, payload: dict[str, Any], now: datetime) -> None:
    """Add a message to the transaction that is under way. `payload` names rows, never addresses."""
    values = {
        "site_id": site_id,
        "id": uuid7(),
        "kind": kind,
        "payload": payload,
        "tries": 0,
        "due_at": now,
        "created_at": now,
    }
    db.session.execute(sa.insert(OutboxMessage.__table__).values(values))  # type: ignore[arg-type]
