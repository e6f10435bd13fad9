"""Moderating by program, and the admin page's script: JSON for API tokens and for signed-in browsers."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from .. import http
from ..accounts.views import actor, know_who_asks
from ..comments.form import parse_body
from ..comments.models import Comment, Status
from ..errors import Conflict, FieldError, Invalid, InvalidForm, one_of
from ..i18n import N_, Sentence
from ..sites import registry
from ..spam import blocked
from ..spam.judgement import Evidence
from ..spam.models import ListKind
from . import (
    arrivals,
    decisions,
    edit,
    events,
    groups,
    listing,
    matching,
    presenting,
    purge,
    queue,
    repeats,
    search,
    undo,
)
from .decisions import Decision, Outcome

MOST_DAYS = 3650

bp = Blueprint("moderation", __name__, url_prefix="/api/v1/moderation")
bp.before_request(know_who_asks)


@bp.get("/comments")
def show_queue() -> Response:
    found = queue.page(asked(request.args), actor())
    total = {"total": found.total, "at_least": found.at_least}
    body = {"comments": cards_json(found.cards), "next": found.next, **total}
    return http.answer(body)


@bp.get("/comments/<uuid:comment_id>")
def show_comment(comment_id: UUID) -> Response:
    return comment_answer(edit.one(comment_id, actor()))


@bp.patch("/comments/<uuid:comment_id>")
def change_comment(comment_id: UUID) -> Response:
    who, data = actor(), http.json_body()
    version = whole_number(data, "version")
    if "body" in data:
        try:
            return comment_answer(edit.edit(comment_id, parse_body(data, str), version, who, http.now()))
        except Conflict as conflict:
            raise stale(edit.one(comment_id, who)) from conflict
    edit.one(comment_id, who)
    decision = Decision(comment_id, status_in(data), version)
    outcome = decisions.decide([decision], who, http.now(), key=idempotency_key())
    if outcome.conflicts:
        raise stale(outcome.conflicts[0])
    return comment_answer(edit.one(comment_id, who))


@bp.delete("/comments/<uuid:comment_id>")
def purge_comment(comment_id: UUID) -> Response:
    purge.purge([comment_id], actor(), http.now())
    return Response(status=204)


@bp.post("/comments/<uuid:comment_id>/reply")
def reply(comment_id: UUID) -> Response:
    who, body = actor(), parse_body(http.json_body(), str)
    return comment_answer(edit.reply(comment_id, body, who, http.now()), 201)


@bp.post("/decisions")
def decide() -> Response:
    who, data = actor(), http.json_body()
    if "filter" in data:
        return decide_matching(data)
    wanted = data.get("decisions")
    if not isinstance(wanted, list):
        raise InvalidForm([FieldError("decisions", "required", N_("A list of decisions is needed."))])
    chosen = [decision_in(entry) for entry in wanted]
    return outcome_answer(groups.decide(chosen, who, http.now(), idempotency_key()))


def decide_matching(data: Mapping[str, Any]) -> Response:
    """Decide on all that match a filter; how many there were is told, whatever number the client had seen."""
    status, query = status_in(data), filter_in(data)
    if "count" in data and data["count"] is not None:
        whole_number(data, "count", least=0)
    done = matching.decide(query, status, actor(), http.now(), idempotency_key())
    body = {"event": done.outcome.event, "changed": len(done.outcome.changed), "matched": done.matched}
    return http.answer({**body, "conflicts": cards_json(queue.cards(done.outcome.conflicts))})


@bp.post("/search")
def make_search() -> Response:
    """The search that a text means, as it may stand in an address: with keys for commenters' addresses."""
    actor()
    text = opaque(http.json_body().get("q", ""))
    search.parse(text)
    return http.answer({"q": text})


@bp.post("/comments/<uuid:comment_id>/trust")
def trust(comment_id: UUID) -> Response:
    return http.answer({"event": listing.trust(comment_id, actor(), http.now())})


@bp.post("/comments/<uuid:comment_id>/block")
def block_commenter(comment_id: UUID) -> Response:
    who, data = actor(), http.json_body()
    kind = kind_in(data)
    return http.answer({"event": listing.block_commenter(comment_id, kind, who, http.now(), terms_in(data))})


@bp.get("/blocks")
def show_blocks() -> Response:
    return http.answer({"blocks": [presenting.listed_json(entry) for entry in listing.entries(actor())]})


@bp.post("/blocks")
def block() -> Response:
    who, data = actor(), http.json_body()
    whom = listing.typed(str(data.get("kind")), str(data.get("what", "")), http.sealer().lookup)
    return http.answer({"event": listing.block(str(data.get("site")), whom, who, http.now(), terms_in(data))}, 201)


@bp.delete("/blocks/<uuid:entry_id>")
def remove_block(entry_id: UUID) -> Response:
    return http.answer({"event": listing.remove(entry_id, actor(), http.now())})


@bp.get("/events")
def show_events() -> Response:
    found, following = events.page(actor(), request.args.get("site"), id_or_none("after", request.args.get("after")))
    return http.answer({"events": [presenting.event_json(entry) for entry in found], "next": following})


@bp.post("/events/<uuid:event_id>/undo")
def undo_event(event_id: UUID) -> Response:
    return outcome_answer(undo.undo(event_id, actor(), http.now()))


@bp.get("/counts")
def show_counts() -> Response:
    return http.checked(queue.totals(actor()))


@bp.get("/arrivals")
def show_arrivals() -> Response:
    """What a queue page asks for now and then: the counts, and how many came after the newest that it lists."""
    who, listed = actor(), request.args.to_dict()
    newest = id_or_none("after", listed.pop("after", ""))
    return http.checked({"counts": queue.totals(who), "new": arrivals.since(newest, asked(listed), who)})


def asked(args: Mapping[str, str]) -> queue.Query:
    """The queue that a query asks for; raises `InvalidForm` naming what it cannot mean."""
    limit = args.get("limit", "50")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= queue.MOST:
        few = Sentence(N_("Ask for 1 to {most}."), {"most": queue.MOST})
        raise InvalidForm([FieldError("limit", "out-of-range", few)])
    if args.get("count", "all") != "all":
        raise InvalidForm([FieldError("count", "invalid", N_("This can be “all”."))])
    found = search.parse(args.get("q", "").replace("\0", ""))
    return queue.Query(
        status=found.status or (status_in(args) if args.get("status") and not found.any_status else None),
        site_id=args.get("site") or None,
        search=found,
        after=id_or_none("after", args.get("after")),
        limit=int(limit),
        counted=queue.ALL if "count" in args else queue.COUNTED,
    )


def filter_in(data: Mapping[str, Any]) -> queue.Query:
    """The comments that the filter in `data` means, of any status unless it says which."""
    found = search.parse(opaque(data.get("filter")))
    site = data.get("site") or None
    if site is not None and not isinstance(site, str):
        raise InvalidForm([FieldError("site", "wrong-type", N_("This is the key of a site."))])
    return queue.Query(status=found.status, site_id=site, search=found)


def opaque(text: object) -> str:
    """What somebody typed to search for, with keys in the place of addresses."""
    if not isinstance(text, str):
        raise InvalidForm([FieldError("filter", "wrong-type", N_("This has to be text."))])
    return search.opaque(text.replace("\0", "")[: search.LONGEST + 1], http.sealer().lookup).strip()


def kind_in(data: Mapping[str, Any]) -> ListKind:
    """By what of a commenter to block."""
    kind = str(data.get("kind"))
    if kind not in blocked.BLOCKS:
        raise InvalidForm([FieldError("kind", "invalid", one_of(blocked.BLOCKS))])
    return ListKind(kind)


def terms_in(data: Mapping[str, Any]) -> listing.Terms:
    """Why somebody is blocked, and for how many days: for ever when `data` does not say."""
    days = data.get("days") or 0
    if isinstance(days, str) and days.isascii() and days.isdecimal():
        days = int(days[:6])
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= MOST_DAYS:
        most = Sentence(N_("Block for 1 to {most} days, or for ever."), {"most": MOST_DAYS})
        raise InvalidForm([FieldError("days", "out-of-range", most)])
    reason = " ".join(str(data.get("reason") or "").replace("\0", "").split())
    return listing.Terms(reason, http.now() + timedelta(days=days) if days else None)


def status_in(data: Mapping[str, Any]) -> Status:
    """The status that `data` names."""
    try:
        return Status(str(data.get("status")))
    except ValueError as error:
        raise InvalidForm([FieldError("status", "invalid", one_of(Status))]) from error


def decision_in(entry: object) -> Decision:
    """One entry of a list of decisions."""
    if not isinstance(entry, dict):
        raise InvalidForm([FieldError("decisions", "wrong-type", N_("A decision is an object."))])
    comment_id = id_or_none("id", entry.get("id"))
    if comment_id is None:
        raise InvalidForm([FieldError("id", "required", N_("Say which comment."))])
    return Decision(comment_id, status_in(entry), whole_number(entry, "version"), entry.get("like") is True)


def whole_number(data: Mapping[str, Any], name: str, least: int = 1) -> int:
    """The number, `least` or more, that `data` has under `name`."""
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 31:
        needed = Sentence(N_("A whole number from {least} on is needed."), {"least": least})
        raise InvalidForm([FieldError(name, "required", needed)])
    return value


def id_or_none(name: str, text: object) -> UUID | None:
    """The id in `text`; raises `InvalidForm` naming the field for what is none."""
    if not text:
        return None
    try:
        return UUID(text if isinstance(text, str) else "")
    except ValueError as error:
        raise InvalidForm([FieldError(name, "invalid", N_("This is not an id."))]) from error


def idempotency_key() -> str | None:
    """The request's idempotency key, if it has one; raises `Invalid` for one that cannot be."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= 200:
        raise Invalid(N_("An Idempotency-Key has 1 to 200 characters."), field="Idempotency-Key")
    return key


def stale(comment: Comment) -> Conflict:
    """The refusal of a decision on an older version, with the comment as it stands."""
    (current,) = cards_json(queue.cards([comment]))
    # The last decision is not the last change when the commenter has written something else since.
    decided = current["decided_at"] and current["decided_at"] >= (comment.edited_at or comment.created_at)
    if decided:
        said = Sentence(N_("{name} changed this comment in the meantime."), {"name": current["decided_by"]})
        return Conflict(said, current=current)
    return Conflict(N_("Somebody changed this comment in the meantime."), current=current)


def comment_answer(comment: Comment, status: int = 200) -> Response:
    """One comment with its surroundings."""
    (card,) = cards_json(queue.cards([comment]))
    return http.answer(card, status)


def outcome_answer(outcome: Outcome) -> Response:
    """What came of a decision."""
    conflicts = cards_json(queue.cards(outcome.conflicts))
    return http.answer({"event": outcome.event, "changed": len(outcome.changed), "conflicts": conflicts})


def cards_json(cards: list[queue.Card], tell: Callable[[Evidence], str] | None = None) -> list[dict[str, Any]]:
    """Cards as JSON, their addresses opened; `tell` says what a check saw, in the language of whoever asks."""
    around = presenting.Surroundings(
        http.sealer(),
        tell or (lambda reason: reason.said(http.translate)),
        {site_id: registry.find(site_id).origins for site_id in {card.comment.site_id for card in cards}},
        repeats.today([card.comment for card in cards], http.now()),
    )
    return [presenting.card_json(card, around) for card in cards]
