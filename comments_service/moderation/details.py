"""What events changed beside the statuses of comments: how it is shown, told and turned round.

A use case that writes such events registers the form of its kinds here, so that the log and `undo` know them without
knowing the use case.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ..accounts.actor import Actor
from ..database import uuid7
from ..extensions import db
from ..i18n import Sayable
from . import decisions, sealing
from .models import Event, Kind

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """How the details of a kind of events are read."""

    shown: Callable[[str], Shown]  # the detail as moderators may see it
    told: Callable[[Shown], tuple[Sayable, ...]]  # that, in a few words
    turn: Callable[[Event, Actor, datetime], UUID]  # turns the event round; gives the event of that, raises `Conflict`
    for_owners: bool = False  # whether only an owner of the site may turn it round


FORMS: dict[Kind, Form] = {}


def log(site_id: str, detail: msgspec.Struct, kind: Kind, actor: Actor, now: datetime, **about: UUID) -> UUID:
    """Add an event that changed no comment to the log of a site, sealed; gives its id."""
    event_id = uuid7()
    decisions.log(site_id, event_id, kind, actor, now, detail=msgspec.json.encode(detail).decode(), **about)
    sealing.seal(site_id, event_id)
    return event_id


def form_of(event: Event) -> Form | None:
    """The form of the event's details; None for an event on comments alone. An undo has that of what it undid."""
    while event.kind is Kind.UNDO:
        undone = db.session.get(Event, (event.site_id, event.undoes))
        if undone is None:
            return None
        event = undone
    return FORMS.get(event.kind)
