"""The commenter's door without scripts: a plain form, and the page of one's own comment."""

import msgspec
from flask import Blueprint, Response, redirect, render_template, request
from flask_limiter import RateLimitExceeded
from werkzeug.wrappers import Response as BaseResponse

from .. import config, errors, http, i18n
from ..comments import form_token, markup, pages, reading
from ..comments.form import parse_body
from ..comments.models import Comment, Status
from ..errors import IdempotencyKeyReused, InvalidForm, NotFound, OriginNotAllowed, ServiceError
from ..sites import page_key, policy, registry
from ..sites.models import Site
from . import arrival, receipts, views
from .edit import edit
from .withdraw import withdraw

bp = Blueprint("submission_pages", __name__, url_prefix="/s/<site_id>", template_folder="templates")


@bp.post("/comments")
@http.limit("submit_limits")
def add(site_id: str) -> BaseResponse:
    site = registry.find(site_id)
    check_origin(site)
    taken = views.take(site, views.parse_for(site, dict(request.form)), request.form.get("idempotency_key") or None)
    article = page_key.address(views.thread_of(taken.comment).page, site.origins)
    if taken.status is Status.APPROVED and article:
        return redirect(f"{article}#comment-{taken.comment.id}", 303)
    return redirect(receipt_address(taken.comment), 303)


@bp.get("/receipt/<receipt>")
def show_own(site_id: str, receipt: str) -> Response:
    return receipt_page(own(site_id, receipt), receipt)


@bp.post("/receipt/<receipt>")
@http.limit("submit_limits")
def change_own(site_id: str, receipt: str) -> BaseResponse:
    comment, site = own(site_id, receipt), registry.find(site_id)
    check_origin(site)
    if "withdraw" in request.form:
        withdraw(site_id, comment.id, http.now(), views.grace())
        page = views.thread_of(comment).page
        return redirect(page_key.address(page, site.origins) or config.current().address, 303)
    body = parse_body(dict(request.form), i18n.translator(http.language()))
    changed = arrival.changed(comment, views.thread_of(comment).page, body, views.sender(), http.sealer())
    edit(changed, policy.of(site), views.grace())
    return redirect(receipt_address(comment), 303)


@bp.errorhandler(ServiceError)
def show_problem(error: ServiceError) -> Response:
    """The form again, as it was filled in, with what is wrong with it."""
    if request.method != "POST":
        return errors.render(error)
    try:
        response = form_again(error, **(request.view_args or {}))
    except ServiceError as nothing_to_show:
        return errors.render(nothing_to_show)
    response.headers.update(error.headers())
    return response


def form_again(error: ServiceError, site_id: str, receipt: str | None = None) -> Response:
    """The form that `error` refused, of a new comment or of one's own; raises `ServiceError` where there is none."""
    if receipt is not None:
        return receipt_page(own(site_id, receipt), receipt, error)
    site = registry.find(site_id)
    lang = http.language(policy.of(site).language)
    page = views.page_of(site, request.form.get("page"))
    wrong = tuple(error.errors) if isinstance(error, InvalidForm) else ()
    token = request.form.get("token") or form_token.issue(site.id, page, http.signer(), http.now())
    filled = pages.Filled(typed_again(error), wrong, error.said(i18n.translator(lang)), token)
    html, _ = pages.render(site, reading.Question(page, lang=lang), filled)
    return pages.answer(html, site, error.status)


def typed_again(error: ServiceError) -> dict[str, str]:
    """What was typed, without the hidden values that `error` is about: nobody could mend them."""
    values = request.form.to_dict()
    if isinstance(error, IdempotencyKeyReused):
        del values["idempotency_key"]
    if isinstance(error, NotFound) or any(wrong["field"] == "parent" for wrong in error.extra.get("errors", ())):
        values.pop("parent", None)
    return values


@bp.errorhandler(RateLimitExceeded)
def show_limit(error: RateLimitExceeded) -> Response:
    """A limit is a problem like any other: the text typed stays in the form."""
    return show_problem(http.too_many(error))


def check_origin(site: Site) -> None:
    """Take the form from the site's pages and from our own; raises `OriginNotAllowed`."""
    own_origins = {config.current().address, request.host_url.rstrip("/")}
    if request.headers.get("Origin") not in {*site.origins, *own_origins}:
        raise OriginNotAllowed("Comments are taken from the site's own pages only.")


def own(site_id: str, receipt: str) -> Comment:
    """The comment that `receipt` opens on this site; raises `NotFound` for any other."""
    owner, comment_id = receipts.comment_id(receipt, http.signer(), http.now())
    if owner != site_id:
        raise NotFound(receipts.NO_COMMENT)
    return receipts.own(site_id, comment_id)


def receipt_address(comment: Comment) -> str:
    """The private link to one's own comment."""
    return f"/s/{comment.site_id}/receipt/{receipts.issue(comment, http.signer())}?lang={http.language()}"


def receipt_page(comment: Comment, receipt: str, error: ServiceError | None = None) -> Response:
    """One's own comment: where it stands, and the form to change it while there is time."""
    site, lang = registry.find(comment.site_id), http.language()
    editable = receipts.is_editable(comment, http.now(), views.grace())
    html = render_template(
        "submissions/receipt.html",
        site=site,
        html=markup.html(msgspec.json.decode(comment.tree)),
        receipt=receipt,
        status=receipts.seen_status(comment),
        editable=editable,
        article=page_key.address(views.thread_of(comment).page, site.origins),
        error=error.errors[0] if isinstance(error, InvalidForm) else None,
        problem=error.said(i18n.translator(lang)) if error else "",
        typed=request.form.get("body", comment.body if editable else ""),
        lang=lang,
        t=pages.texts(lang),
    )
    response = pages.answer(html, site, error.status if error else 200)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
