"""What moderators do with a discussion, by program."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from .. import http
from ..accounts.actor import Actor
from ..accounts.views import actor, know_who_asks
from ..comments.models import Thread
from ..errors import FieldError, InvalidForm, one_of
from ..i18n import N_
from ..sites import page_key, policy, registry
from . import merging, presenting, threads, views
from .threads import Done

bp = Blueprint("threads", __name__, url_prefix="/api/v1/moderation")
bp.before_request(know_who_asks)

Change = Callable[[UUID, Any, Actor, datetime], Done]


@bp.get("/threads/<uuid:thread_id>")
def show_thread(thread_id: UUID) -> Response:
    return answer(Done(threads.one(thread_id, actor())))


@bp.patch("/threads/<uuid:thread_id>")
def change_thread(thread_id: UUID) -> Response:
    """Change one thing of a thread: each change is an event."""
    who, data = actor(), http.json_body()
    named = [name for name in CHANGES if name in data]
    if len(named) != 1:
        raise InvalidForm([FieldError(named[1] if named else "locked", "invalid", one_of(CHANGES))])
    read, change = CHANGES[named[0]]
    return answer(change(thread_id, read(data, threads.one(thread_id, who)), who, http.now()))


@bp.post("/threads/<uuid:thread_id>/merge")
def merge(thread_id: UUID) -> Response:
    who, data = actor(), http.json_body()
    page = page_in(data, threads.one(thread_id, who))
    return answer(merging.merge(thread_id, page, who, http.now()))


def locked_in(data: Mapping[str, Any], thread: Thread) -> bool:
    """Whether to lock."""
    if not isinstance(data["locked"], bool):
        raise InvalidForm([FieldError("locked", "wrong-type", N_("This is true or false."))])
    return data["locked"]


def days_in(data: Mapping[str, Any], thread: Thread) -> int | None:
    """After how many days to close; None is when the site says."""
    days = data["close_after_days"]
    if days is not None and (not isinstance(days, int) or isinstance(days, bool)):
        raise InvalidForm([FieldError("close_after_days", "wrong-type", N_("This is a number of days, or null."))])
    return days


def pinned_in(data: Mapping[str, Any], thread: Thread) -> UUID | None:
    """Which comment to pin."""
    return views.id_or_none("pinned", data["pinned"])


def page_in(data: Mapping[str, Any], thread: Thread) -> str:
    """The key of the page that `data` names."""
    site = registry.find(thread.site_id)
    return page_key.normalise(data.get("page"), site.origins, policy.of(site).page_parameters, str)


def answer(done: Done) -> Response:
    """A thread with its other pages, and the event that changed it."""
    thread = done.thread
    shown = presenting.thread_json(thread, registry.find(thread.site_id).origins)
    return http.answer({**shown, "aliases": threads.aliases(thread), "event": done.event})


CHANGES: dict[str, tuple[Callable[[Mapping[str, Any], Thread], Any], Change]] = {
    "locked": (locked_in, threads.lock),
    "close_after_days": (days_in, threads.close_after),
    "pinned": (pinned_in, threads.pin),
    "page": (page_in, threads.move),
}
