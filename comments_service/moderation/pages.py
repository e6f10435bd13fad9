"""The queue and the log as pages: every change a plain form, scripts only make it faster."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer
from markupsafe import Markup, escape

from .. import http
from ..accounts.http import told
from ..accounts.pages import local, require_moderator
from ..accounts.views import actor
from ..comments.form import parse_body
from ..comments.models import Status
from ..errors import Conflict, FieldError, InvalidForm, ServiceError
from ..i18n import N_
from ..spam import words
from ..spam.judgement import Evidence
from . import decisions, edit, events, groups, listing, matching, notes, purge, queue, search, texts, undo, views
from .decisions import Decision, Outcome

bp = Blueprint(
    "queue",
    __name__,
    url_prefix="/admin",
    template_folder="templates",
    static_folder="static",
    static_url_path="/queue",
)

PURGED_FROM = purge.PURGED_FROM
LEAVE = "leave"


@bp.get("/")
@require_moderator
def show() -> Answer:
    who = actor()
    try:
        query, problem = asked(), ""
    except InvalidForm as refusal:
        if any(error.field != "q" for error in refusal.errors):
            raise
        query, problem = asked(q=""), wrong(refusal)
    page = queue.Page([], None, 0) if problem else queue.page(query, who)
    totals = queue.totals(who)
    shown = render_template(
        "moderation/queue.html",
        query=query,
        problem=problem,
        typed=request.args.get("q", "").replace("\0", "")[: search.LONGEST],
        cards=cards(page.cards),
        following=here(after=str(page.next), count="") if page.next else None,
        total=page.total,
        at_least=page.at_least,
        counting=here(count="all") if page.at_least and query.counted < queue.ALL else None,
        most=queue.ALL,
        filter=filter_of(query),
        tabs=tabs(query, totals),
        script=texts.of_script(http.language()),
        sites=list(totals),
        verbs=texts.VERBS,
        purged_from=PURGED_FROM,
        said=said(request.args),
        here=here(),
        first=here(after=""),
        newest=page.cards[0].comment.id if page.cards else "",
        watched=not (query.after or query.search.text),
        now=http.now(),
    )
    return shown, 422 if problem else 200


@bp.post("/search")
@require_moderator
def find() -> Answer:
    """Lead to the address of a search; what may not stand there, the address of a commenter, becomes its key."""
    text = views.opaque(request.form.get("q", ""))
    wanted = {"status": request.form.get("status", ""), "site": request.form.get("site", ""), "q": text}
    return redirect(
        f"{url_for('queue.show')}?{urlencode({k: v for k, v in wanted.items() if v or k == 'status'})}", 303
    )


@bp.post("/decide-all")
@require_moderator
def decide_all() -> Answer:
    """Decide on all that the queue listed, also on those that no page showed yet."""
    form = request.form
    query = views.asked({"status": form.get("list", ""), "site": form.get("site", ""), "q": form.get("q", "")})
    status = views.status_in(form)
    return back(status, matching.decide(query, status, actor(), http.now()).outcome)


@bp.post("/comments/<uuid:comment_id>/trust")
@require_moderator
def trust(comment_id: UUID) -> Answer:
    return told_on_blocks("trusted", listing.trust(comment_id, actor(), http.now()))


@bp.post("/comments/<uuid:comment_id>/block")
@require_moderator
def block_commenter(comment_id: UUID) -> Answer:
    kind, terms = views.kind_in(request.form), views.terms_in(request.form)
    return told_on_blocks("blocked", listing.block_commenter(comment_id, kind, actor(), http.now(), terms))


@bp.get("/blocks")
@require_moderator
def show_blocks() -> str:
    return blocks_page()


@bp.post("/blocks")
@require_moderator
def block() -> Answer:
    form = request.form
    try:
        whom = listing.typed(form.get("kind", ""), form.get("what", ""), http.sealer().lookup)
        event = listing.block(form.get("site", ""), whom, actor(), http.now(), views.terms_in(form))
    except (InvalidForm, Conflict) as refusal:
        return blocks_page(wrong(refusal)), refusal.status
    return told_on_blocks("blocked", event)


@bp.post("/blocks/<uuid:entry_id>/remove")
@require_moderator
def unlist(entry_id: UUID) -> Answer:
    return told_on_blocks("unlisted", listing.remove(entry_id, actor(), http.now()))


@bp.post("/decide")
@require_moderator
def decide() -> Answer:
    """Carry out what the queue's form says: one button of one card, or the choice made on each."""
    pressed = request.form.getlist("decision")
    chosen = pressed or [v for k, v in request.form.items() if k.startswith("choice-") and not v.startswith(LEAVE)]
    outcome, verb = carry_out([parse(value) for value in chosen])
    return back(verb, outcome)


@bp.post("/purge/<uuid:comment_id>")
@require_moderator
def purge_comment(comment_id: UUID) -> Answer:
    purge.purge([comment_id], actor(), http.now())
    return back("purged", Outcome(None, (comment_id,)))


@bp.post("/undo/<uuid:event_id>")
@require_moderator
def undo_event(event_id: UUID) -> Answer:
    outcome = undo.undo(event_id, actor(), http.now())
    of_list = outcome.event and not outcome.changed
    return back("turned" if of_list else "undone", outcome)


@bp.get("/comments/<uuid:comment_id>")
@require_moderator
def show_comment(comment_id: UUID) -> str:
    return comment_page(comment_id)


@bp.post("/comments/<uuid:comment_id>")
@require_moderator
def change_comment(comment_id: UUID) -> Answer:
    """Save another text, or answer the comment as the site."""
    who, answering = actor(), "reply" in request.form
    try:
        body = parse_body(dict(request.form), str)
        if answering:
            edit.reply(comment_id, body, who, http.now())
        else:
            edit.edit(comment_id, body, request.form.get("version", 0, type=int), who, http.now())
    except (InvalidForm, Conflict) as refusal:
        return comment_page(comment_id, refusal.said(http.translate)), refusal.status
    return redirect(url_for("queue.show_comment", comment_id=comment_id), 303)


@bp.get("/events")
@require_moderator
def show_events() -> str:
    after = views.id_or_none("after", request.args.get("after"))
    entries, following = events.page(actor(), request.args.get("site") or None, after)
    return render_template(
        "moderation/events.html",
        entries=entries,
        following=url_for("queue.show_events", after=following) if following else None,
        said=said(request.args),
        here=url_for("queue.show_events"),
        names=texts.EVENTS,
        noted=notes.read,
    )


def comment_page(comment_id: UUID, problem: str = "") -> str:
    """One comment: its text to change, an answer to write, what is known."""
    (card,) = cards(queue.cards([edit.one(comment_id, actor())]))
    return render_template("moderation/comment.html", card=card, problem=problem, typed=request.form.get("body"))


def cards(found: list[queue.Card]) -> list[dict[str, Any]]:
    """Cards for a page, where the words that a list of the site named are marked in the text."""
    told = views.cards_json(found, evidence)
    return [{**card, "text": marked(of.reasons, of.comment.body)} for of, card in zip(found, told, strict=True)]


def marked(reasons: list[Evidence], text: str) -> Markup:
    """`text` as HTML, marked where words of the site's lists stand in it."""
    parts, at = [], 0
    for start, end in words.places(reasons, "body", text):
        parts += [escape(text[at:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def evidence(reason: Evidence) -> Markup:
    """What a check saw, as HTML."""
    return Markup(" ").join(map(told, reason.sentences))


def filter_of(query: queue.Query) -> str:
    """The search that finds just what is listed, for the API."""
    if query.search.status or query.search.any_status:
        return query.search.text
    return f"is:{query.status or 'any'} {query.search.text}".strip()


def blocks_page(problem: str = "") -> str:
    """Who is blocked and who is trusted."""
    who = actor()
    return render_template(
        "moderation/blocks.html",
        entries=listing.entries(who),
        sites=queue.sites_of(who),
        problem=problem,
        typed_address=listing.TYPED,
        said=said(request.args),
        here=url_for("queue.show_blocks"),
        now=http.now(),
    )


def told_on_blocks(verb: str, event: UUID) -> Answer:
    """To the list, with what was done there."""
    return redirect(f"{url_for('queue.show_blocks')}?{urlencode({'done': verb, 'event': event})}", 303)


def asked(**changes: str) -> queue.Query:
    """The queue that the address asks for: the pending ones when it names no status."""
    query = views.asked({"status": Status.PENDING.value, **request.args.to_dict(), **changes})
    return replace(query, fold=True)


def parse(value: str) -> tuple[str, UUID, int, bool]:
    """What a button says: the verb, the comment, the version it was looked at, and whether all like it are meant."""
    try:
        verb, comment_id, version, *like = value.split(":")
        return verb, UUID(comment_id), int(version), like == ["like"]
    except ValueError as error:
        raise InvalidForm([FieldError("decision", "invalid", N_("This is no decision."))]) from error


def carry_out(chosen: list[tuple[str, UUID, int, bool]]) -> tuple[Outcome, str]:
    """Decide as chosen; the outcome and the verb that most of it was."""
    who = actor()
    before = {c.id: c.status_before for c in decisions.of_actor([one[1] for one in chosen], who)}
    wanted = [Decision(c, status_of(verb, before.get(c)), version, like) for verb, c, version, like in chosen]
    verbs = [one[0] for one in chosen]
    return groups.decide(wanted, who, http.now()), max(verbs, key=verbs.count, default="")


def status_of(verb: str, before: Status | None) -> Status:
    """The status that `verb` gives; restoring gives the former one."""
    if verb == "restore":
        return before or Status.PENDING
    try:
        return Status(verb)
    except ValueError as error:
        raise InvalidForm([FieldError("decision", "invalid", N_("This is no decision."))]) from error


def back(verb: str, outcome: Outcome) -> Answer:
    """Back to where the form was, with what was done; the event is named, so that it can be undone there."""
    goal = local(request.form.get("back"))
    told: dict[str, Any] = {"done": verb, "changed": len(outcome.changed), "moved": len(outcome.conflicts)}
    if outcome.event:
        told["event"] = outcome.event
    joint = "&" if "?" in goal else "?"
    return redirect(f"{goal}{joint}{urlencode(told)}", 303)


def said(args: Mapping[str, str]) -> dict[str, Any] | None:
    """What the last form did, to be told at the top of the page."""
    done = args.get("done", "")
    if done not in texts.DONE and done not in texts.DONE_BESIDE:
        return None
    numbers = {name: args.get(name, "")[:6] for name in ("changed", "moved")}
    told = {name: int(text) if text.isdecimal() else 0 for name, text in numbers.items()}
    return {
        "comments": texts.DONE.get(done),
        **told,
        "beside": texts.DONE_BESIDE.get(done),
        "event": views.id_or_none("event", args.get("event")),
    }


def wrong(refusal: ServiceError) -> str:
    """What is wrong with a form, in the reader's language: each of its fields, or what the refusal says."""
    fields = [http.translate(error.message) for error in getattr(refusal, "errors", ())]
    return " ".join(fields) or refusal.said(http.translate)


def tabs(query: queue.Query, totals: dict[str, dict[Status, int]]) -> list[dict[str, Any]]:
    """The statuses with their counts, for the site that is looked at or for all."""
    shown = [totals[query.site_id]] if query.site_id in totals else list(totals.values())
    return [
        {
            "status": status,
            "label": label,
            "heading": heading,
            "count": sum(numbers[status] for numbers in shown),
            "url": url_for("queue.show", status=status, site=query.site_id),
            "current": status is query.status,
        }
        for status, label, heading in texts.TABS
    ]


def here(**changes: str) -> str:
    """The address of this page without what it told, and with `changes`."""
    kept = {k: v for k, v in request.args.items() if k in {"status", "site", "q", "after", "count"}}
    wanted = {name: value for name, value in {**kept, **changes}.items() if value or name == "status"}
    return f"{url_for('queue.show')}?{urlencode(wanted)}".rstrip("?")
