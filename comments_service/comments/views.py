"""Reading the discussion, as JSON and as a feed. No cookies, no reader: the same answer for everybody."""

from datetime import datetime
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, request

from .. import config, http, i18n
from ..errors import FieldError, InvalidForm
from ..sites import page_key, policy, registry
from ..sites.models import Site
from . import feed, reading, threads

bp = Blueprint("comments", __name__, url_prefix="/api/v1/sites/<site_id>")
bp.after_request(http.allow_origin)

SORTS = ("oldest", "newest")
LATEST = 10
FEED_LENGTH = 30


@bp.get("/thread")
def thread(site_id: str) -> Response:
    site = registry.find(site_id)
    asked = question(site)
    answer, closes_at = reading.thread(site, policy.of(site), asked, http.now())
    return http.cacheable(msgspec.json.encode(answer), "application/json", note(site, answer.page, closes_at))


@bp.get("/counts")
def counts(site_id: str) -> Response:
    site = registry.find(site_id)
    asked = request.args.getlist("page")
    keys = {page: key for page in asked if (key := _key_or_none(site, page))}
    numbers = reading.counts(site, sorted(set(keys.values())))
    body = {"counts": {page: numbers.get(keys.get(page, ""), 0) for page in asked}}
    return http.cacheable(msgspec.json.encode(body), "application/json", note(site))


@bp.get("/latest")
def latest(site_id: str) -> Response:
    site = registry.find(site_id)
    limit = request.args.get("limit", LATEST, type=int)
    if not 1 <= limit <= reading.MAX_LATEST:
        raise InvalidForm([FieldError("limit", "out-of-range", f"Ask for 1 to {reading.MAX_LATEST}.")])
    body = {"comments": reading.latest(site, limit)}
    return http.cacheable(msgspec.json.encode(body), "application/json", note(site))


@bp.get("/feed.atom")
def atom(site_id: str) -> Response:
    site = registry.find(site_id)
    page = threads.page_now(site.id, asked_page(site)) if "page" in request.args else None
    query = f"?{urlencode({'page': page})}" if page is not None else ""
    address = f"{config.current().address}/api/v1/sites/{site.id}/feed.atom{query}"
    body = feed.atom(site, page, reading.latest(site, FEED_LENGTH, page), address)
    return http.cacheable(body, "application/atom+xml", note(site, page))


def note(site: Site, page: str | None = None, until: datetime | None = None) -> http.Note:
    """What an answer about `site`, or about one page of it, depends on."""
    return http.Note(site.id, page, tuple(site.origins), until.timestamp() if until else None)


def question(site: Site) -> reading.Question:
    """What the query asks of a thread; raises `InvalidForm` naming what it cannot mean."""
    asked = request.args.to_dict()  # of which nothing costs an exception, as what is missing in `args` does
    sort = asked.get("sort", SORTS[0])
    if sort not in SORTS:
        raise InvalidForm([FieldError("sort", "invalid", f"Sort by {' or '.join(SORTS)}.")])
    lang = i18n.choose(asked.get("lang"), policy.of(site).language)
    return reading.Question(asked_page(site), sort, asked.get("after"), lang)


def asked_page(site: Site) -> str:
    """The page that the query names, as its key."""
    page, parameters = request.args.get("page"), policy.of(site).page_parameters
    return page_key.normalise(page, site.origins, parameters, http.translate)


def _key_or_none(site: Site, page: str) -> str | None:
    """The key of `page`, or None for what cannot be one: on an index page it has no comments, and no error."""
    try:
        return page_key.normalise(page, site.origins, policy.of(site).page_parameters, str)
    except InvalidForm:
        return None
