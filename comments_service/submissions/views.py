"""The commenter's door, as JSON: writing, previewing, and one's own comment by receipt."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, request

from .. import config, http
from ..comments import form_token, markup, reading
from ..comments.form import Form, parse, parse_body
from ..comments.models import Comment, Status, Thread
from ..errors import Invalid, NotFound, NotSignedIn
from ..extensions import db
from ..sites import page_key, policy, registry
from ..sites.models import Site
from ..spam import channels
from . import arrival, brakes, receipts
from .edit import edit
from .submit import Accepted, submit
from .withdraw import withdraw

bp = Blueprint("submissions", __name__, url_prefix="/api/v1")
bp.after_request(http.allow_origin)

KEY = re.compile(r"[\x21-\x7e]{1,200}")
STATUS_CODES = {Status.APPROVED: 201, Status.PENDING: 202}


@bp.get("/sites/<site_id>/token")
def token(site_id: str) -> Response:
    site, now = registry.find(site_id), http.now()
    signed = form_token.issue(site.id, page_of(site, request.args.get("page")), http.signer(), now)
    return http.answer({"token": signed, "challenge": brakes.due(site_id), "expires_at": now + form_token.LIFETIME})


@bp.post("/sites/<site_id>/comments")
@http.limit("submit_limits")
def add(site_id: str) -> Response:
    site = registry.find(site_id)
    http.check_origin(site)
    form = parse_for(site, http.json_body())
    return accepted(site, take(site, form, request.headers.get("Idempotency-Key")))


@bp.post("/sites/<site_id>/preview")
@http.limit("preview_limits")
def preview(site_id: str) -> Response:
    http.check_origin(registry.find(site_id))
    body = parse_body(http.json_body(), http.translate)
    return http.answer({"body": markup.parse(body)})


@bp.get("/comments/<uuid:comment_id>")
def show_own(comment_id: UUID) -> Response:
    return own_answer(own_comment(comment_id))


@bp.patch("/comments/<uuid:comment_id>")
@http.limit("submit_limits")
def change_own(comment_id: UUID) -> Response:
    comment = own_comment(comment_id)
    site = registry.find(comment.site_id)
    body = parse_body(http.json_body(), http.translate)
    changed = arrival.changed(comment, thread_of(comment).page, body, sender(), http.sealer())
    return own_answer(edit(changed, policy.of(site), grace()))


@bp.delete("/comments/<uuid:comment_id>")
def withdraw_own(comment_id: UUID) -> Response:
    comment = own_comment(comment_id)
    withdraw(comment.site_id, comment.id, http.now(), grace())
    return Response(status=204)


def take(site: Site, form: Form, idempotency_key: str | None) -> Accepted:
    """Submit `form` to `site`; the one way in for JSON and for the page without scripts."""
    key = None
    if idempotency_key is not None:
        if not KEY.fullmatch(idempotency_key):
            raise Invalid("An Idempotency-Key has 1 to 200 visible ASCII characters.", field="Idempotency-Key")
        key = arrival.request_key(idempotency_key, form, http.sealer())
    site_id, rules = site.id, policy.filled(policy.of(site), config.current().client_a_day)
    origin = next(iter(site.origins), config.current().address)
    unproven = brakes.admit(brakes.Knock(site_id, form.page, form.pow, key))
    submission = arrival.submission(form, site_id, sender(), http.sealer(), http.signer())
    outside = channels.ask(
        submission, rules, services(), channels.Asker(origin, str(http.client_address()), http.now())
    )
    return submit(replace(submission, unproven=unproven, outside=outside), rules, key)


def services() -> channels.Services:
    """The services outside that the settings name."""
    settings = config.current()
    hook = settings.hook_url if settings.hook_secret else ""
    return channels.Services(settings.akismet_url, settings.akismet_key, hook, settings.hook_secret)


def parse_for(site: Site, data: dict[str, object]) -> Form:
    """The form in `data`, its page written as the site's key; raises `InvalidForm` naming every wrong field."""
    form = parse(data, http.translate)
    return replace(form, page=page_of(site, form.page))


def page_of(site: Site, page: object) -> str:
    """The key of `page`."""
    return page_key.normalise(page, site.origins, policy.of(site).page_parameters, http.translate)


def sender() -> arrival.Sender:
    """Who sent this request."""
    return arrival.Sender(http.client(), http.language(), http.now())


def grace() -> timedelta:
    """For how long a commenter may change what was approved."""
    return timedelta(minutes=config.current().edit_minutes)


def accepted(site: Site, taken: Accepted) -> Response:
    """The answer to a submission: spam and waiting look the same."""
    comment = taken.comment
    body = {
        "status": taken.status,
        "comment": reading.public(comment, comment.parent_id),
        "receipt": receipts.issue(comment, http.signer()),
        "editable_until": receipts.editable_until(comment, grace()),
    }
    return http.answer(body, STATUS_CODES[taken.status])


def own_comment(comment_id: UUID) -> Comment:
    """The comment whose receipt the request carries; any other id answers as if there were none."""
    scheme, _, receipt = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn("Send the comment's receipt.")
    site_id, own_id = receipts.comment_id(receipt.strip(), http.signer(), http.now())
    if own_id != comment_id:
        raise NotFound(receipts.NO_COMMENT)
    return receipts.own(site_id, own_id)


def own_answer(comment: Comment) -> Response:
    """A comment as its own writer sees it."""
    editable = receipts.is_editable(comment, http.now(), grace())
    body = {
        "status": receipts.seen_status(comment),
        "comment": reading.public(comment, comment.parent_id),
        "body_source": comment.body,
        "editable": editable,
        "editable_until": receipts.editable_until(comment, grace()) if editable else None,
    }
    return http.answer(body)


def thread_of(comment: Comment) -> Thread:
    """The thread that `comment` stands in."""
    return db.session.get_one(Thread, (comment.site_id, comment.thread_id))
