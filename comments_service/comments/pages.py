"""The thread as a page, or as a fragment to include: for readers without scripts, and for search engines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from flask import Blueprint, Response, render_template, request

from .. import config, http, i18n
from ..database import uuid7
from ..errors import FieldError
from ..sites import page_key, policy
from ..sites.models import Site
from ..sites.registry import find
from . import form, form_token, markup, reading, structured, threads
from .reading import PublicComment
from .texts import COMMENTS, PAGE_TEXTS, TEXTS, away_notice, said, with_notice
from .views import note, question

bp = Blueprint(
    "thread_pages",
    __name__,
    url_prefix="/s",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

bp.add_app_template_filter(i18n.direction)

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled in: to be shown again, with what is wrong, so that nothing typed is lost."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()
    problem: str = ""
    token: str = ""


@bp.get("/<site_id>/thread")
def show(site_id: str) -> Response:
    site = find(site_id)
    asked = question(site)
    asked.page = threads.page_now(site.id, asked.page)
    if "fragment" in request.args:
        html, closes_at = render(site, asked, Filled(), structured.article(request.args))
        return http.cacheable(html.encode(), "text/html", note(site, asked.page, closes_at))
    asked.lang = http.language(policy.of(site).language)
    filled = Filled(
        {"parent": request.args.get("parent", "")},
        token=form_token.issue(site.id, asked.page, http.signer(), http.now()),
    )
    html, _ = render(site, asked, filled)
    return answer(html, site)


def answer(html: str, site: Site, status: int = 200) -> Response:
    """`html` as a page that nobody keeps, for it holds a form of its own."""
    response = Response(html, status, mimetype="text/html")
    # A form leads back to the article, and some browsers hold redirects to this directive too.
    targets = " ".join(("'self'", config.current().address, *site.origins))
    policy = f"{POLICY}; form-action {targets}"
    response.headers.update({"Cache-Control": "no-store", "Content-Security-Policy": policy})
    # Browsers send no Origin with a form from a page that refers nobody.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def render(
    site: Site, asked: reading.Question, filled: Filled, article: structured.Article | None = None
) -> tuple[str, datetime | None]:
    """The thread and the form as HTML, and when the thread will close: a page, or the inner part for an `article`."""
    rules = policy.of(site)
    thread, closes_at = reading.thread(site, rules, asked, http.now())
    html = render_template(
        "comments/fragment.html" if article else "comments/thread.html",
        site=site,
        thread=thread,
        entries=nested(thread.comments, thread.max_depth),
        fields=form.describe(i18n.translator(asked.lang)),
        filled=filled,
        errors={error.field: error for error in filled.errors},
        # A fragment is one for all its readers, a key is for one comment.
        idempotency_key="" if article else filled.values.get("idempotency_key") or uuid7().hex,
        level=2 if article else 1,
        article=page_key.address(asked.page, site.origins),
        base=config.current().address,
        lang=asked.lang,
        # Links lead on in a language that was asked for; the reader's own needs no saying.
        stated_lang=asked.lang if request.values.get("lang") else "",
        structured=structured.posting(site, thread, article or structured.Article()),
        t=with_notice(texts(asked.lang) | dict(rules.wording), away_notice(rules, asked.lang)),
        counted=i18n.counted(asked.lang, COMMENTS, thread.count),
        parent_name=next((c.name for c in thread.comments if c.id == filled.values.get("parent")), ""),
    )
    return html, closes_at


@dataclass(frozen=True, slots=True)
class Entry:
    """A comment in its place: with the replies that stand below it, and what it answers when its place does not say."""

    comment: PublicComment
    html: str
    depth: int
    answers: PublicComment | None
    replies: "list[Entry]" = field(default_factory=list)


def nested(comments: list[PublicComment], deepest: int) -> list[Entry]:
    """`comments`, each below the one it answers; what lies deeper than `deepest` stands beside that."""
    top: list[Entry] = []
    beside: dict[str | None, tuple[int, list[Entry]]] = {}
    known = {comment.id: comment for comment in comments}
    for comment in comments:
        depth, place = beside.get(comment.parent, (0, top))
        answers = known.get(comment.parent or "") if depth == 0 or depth > deepest else None
        entry = Entry(comment, markup.html(msgspec.json.decode(comment.body)), depth, answers)
        place.append(entry)
        beside[comment.id] = (depth + 1, entry.replies if depth < deepest else place)
    return top


def texts(lang: str) -> dict[str, str]:
    """Every sentence that a page may say, in `lang`."""
    return said({**TEXTS, **PAGE_TEXTS}, lang)
