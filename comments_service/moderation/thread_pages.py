"""A discussion as a page: what moderators may do with it as a whole, and its comments."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from .. import http
from ..accounts.pages import local, require_moderator
from ..accounts.views import actor
from ..comments import threads as reading
from ..comments.models import Status, Thread
from ..errors import Conflict, FieldError, InvalidForm
from ..i18n import N_
from ..sites import page_key, policy, registry
from . import merging, pages, texts, threads, views
from .thread_views import page_in
from .threads import Done

bp = Blueprint("discussion", __name__, url_prefix="/admin/threads")


@bp.get("/<uuid:thread_id>")
@require_moderator
def show_thread(thread_id: UUID) -> str:
    return thread_page(threads.one(thread_id, actor()))


@bp.post("/<uuid:thread_id>")
@require_moderator
def change_thread(thread_id: UUID) -> Answer:
    """Carry out what a form of the page says, and lead back to the discussion, wherever it is then."""
    thread = threads.one(thread_id, actor())
    try:
        done = carry_out(thread, request.form.get("do", ""))
    except (InvalidForm, Conflict) as refusal:
        return thread_page(threads.one(thread_id, actor()), pages.wrong(refusal)), refusal.status
    told = {"done": "thread", "event": done.event} if done.event else {}
    return redirect(f"{url_for('.show_thread', thread_id=done.thread.id)}?{urlencode(told)}".rstrip("?"), 303)


@bp.post("/<uuid:thread_id>/lock")
@require_moderator
def lock_thread(thread_id: UUID) -> Answer:
    threads.lock(thread_id, request.form.get("locked") == "true", actor(), http.now())
    return redirect(local(request.form.get("back")), 303)


def carry_out(thread: Thread, verb: str) -> Done:
    """Do with a thread what `verb` says."""
    form, who, now = request.form, actor(), http.now()
    if verb == "lock":
        return threads.lock(thread.id, form.get("locked") == "true", who, now)
    if verb == "close":
        return threads.close_after(thread.id, days_of(form.get("days", "")), who, now)
    if verb == "pin":
        return threads.pin(thread.id, views.id_or_none("comment", form.get("comment")), who, now)
    if verb == "move":
        return threads.move(thread.id, page_in(form, thread), who, now)
    if verb == "merge":
        return merging.merge(thread.id, page_in(form, thread), who, now)
    raise InvalidForm([FieldError("do", "invalid", N_("This is nothing that can be done."))])


def days_of(text: str) -> int | None:
    """The number of days that was typed; None for nothing typed."""
    if not text.strip():
        return None
    if not text.strip().isascii() or not text.strip().isdecimal():
        raise InvalidForm([FieldError("days", "invalid", N_("Type a number of days; 0 is never."))])
    return int(text.strip()[:9])


def thread_page(thread: Thread, problem: str = "") -> str:
    """The discussion with its forms and its comments."""
    site = registry.find(thread.site_id)
    rules = policy.of(site)
    after = views.id_or_none("after", request.args.get("after"))
    listed, following = threads.comments(thread, after)
    here = url_for(".show_thread", thread_id=thread.id)
    shown: dict[str, Any] = {
        "thread": thread,
        "state": reading.state(thread, rules, http.now()),
        "closes_at": reading.closing_time(thread, rules),
        "article": page_key.address(thread.page, site.origins),
        "aliases": threads.aliases(thread),
        "comments": listed,
        "approved": Status.APPROVED,
        "states": texts.STATES,
        "following": f"{here}?{urlencode({'after': following})}" if following else None,
    }
    return render_template(
        "moderation/thread.html",
        **shown,
        problem=problem,
        typed=request.form,
        said=pages.said(request.args),
        here=here,
        now=http.now(),
    )
