"""The edge of the admin pages: their headers, their defence, their errors as pages, their cookie, their files."""

from datetime import datetime
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as BaseResponse

from .. import config, i18n
from ..http import client_address, language, network, now, sealer, translate
from . import browser, csrf
from .sessions import LIFETIME, Visit

PREFIX = "/admin/"
COOKIE = "comments"
SECURE_COOKIE = f"__Host-{COOKIE}"
YEAR_SECONDS = 31_536_000
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not "no-referrer": browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def init_app(app: Flask) -> None:
    """Guard and dress everything under /admin/."""
    app.before_request(guard)
    app.after_request(dress)
    app.jinja_env.globals.update(asset=asset, _=said, html_=said_html, n_=counted, told=told, spoken=language)
    app.jinja_env.filters.update(figure=figure, apart=apart, day=day, moment=moment)


def guard() -> None:
    """Refuse a change that another website asks for, signing in included; raises `Forbidden`."""
    if request.path.startswith(PREFIX):
        refuse_foreign()


def refuse_foreign() -> None:
    """Raise `Forbidden` when another website makes the browser ask for a change."""
    own = csrf.origin_of(config.current().public_url or request.host_url)
    csrf.check(request.method, request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin"), own)


def dress(response: Response) -> Response:
    """Give an admin answer its headers; show a refusal as a page to whoever asked for one."""
    if not request.path.startswith(PREFIX):
        return response
    if response.mimetype == "application/problem+json" and _asked_for_a_page():
        _show(response)
    response.headers.update(PAGE_HEADERS)
    response.vary.add("Cookie")
    if (request.endpoint or "").endswith(".static") and response.status_code < 400:
        response.headers["Cache-Control"] = _static_caching()
    return response


def said(sentence: i18n.Sayable, **values: object) -> str:
    """`sentence` in the reader's language, with `values` in the places of their names."""
    return translate(sentence).format(**values) if values else translate(sentence)


def said_html(sentence: str, **values: object) -> Markup:
    """The same for a sentence that holds HTML; what is in `values` is escaped."""
    return Markup(translate(sentence)).format(**values)  # noqa: S704 - our own words and those of our catalogues


def told(sentence: i18n.Sayable) -> Markup:
    """A sentence that is no HTML as HTML, in the reader's language; what stands in it keeps its own direction."""
    if not isinstance(sentence, i18n.Sentence):
        return escape(translate(sentence))
    values = i18n.filling(language(), sentence)
    return escape(i18n.unfilled(language(), sentence)).format(**{name: apart(value) for name, value in values.items()})


def figure(number: float, form: str = ",") -> str:
    """`number` as the reader's language writes it."""
    return i18n.figure(language(), number, form)


def apart(text: object) -> Markup:
    """`text` with a direction of its own, whatever stands around it."""
    return Markup("<bdi>{}</bdi>").format(text)


def day(time: datetime) -> Markup:
    """The day of `time`, which is read from the left in every language."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(time.strftime("%Y-%m-%d"))


def moment(time: datetime) -> Markup:
    """The day and the minute of `time`."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(time.strftime("%Y-%m-%d %H:%M"))


def counted(one: str, other: str, count: int, **values: i18n.Value) -> str:
    """A sentence about `{count}` things in the reader's language, in the form that the number takes there."""
    return i18n.counted(language(), i18n.Counted(one, other), count, **values)


def visit() -> Visit:
    """The browser that asks."""
    client = sealer().client(network(client_address()))
    return Visit(browser.named(request.user_agent.string), client, cookie(), now())


def cookie() -> str | None:
    """The session's token that the browser sent."""
    return request.cookies.get(_cookie_name())


def keep_cookie(response: BaseResponse, token: str) -> BaseResponse:
    """Let the browser keep the session's token."""
    # Lax, not Strict: a link in a mail has to find its moderator signed in. Changes are guarded by `csrf`.
    response.set_cookie(
        _cookie_name(), token, max_age=LIFETIME, secure=_is_https(), httponly=True, samesite="Lax", path="/"
    )
    return response


def drop_cookie(response: BaseResponse) -> BaseResponse:
    """Let the browser forget the session's token."""
    response.delete_cookie(_cookie_name(), secure=_is_https(), httponly=True, samesite="Lax", path="/")
    return response


def asset(endpoint: str, filename: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep the file for ever."""
    blueprint = current_app.blueprints[endpoint.rpartition(".")[0]]
    version = _version(Path(blueprint.static_folder or "") / filename)
    return url_for(endpoint, filename=filename, v=version)


@cache
def _version(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=6).hexdigest()


def _static_caching() -> str:
    return f"public, max-age={YEAR_SECONDS}, immutable" if "v" in request.args else "no-cache"


def _cookie_name() -> str:
    return SECURE_COOKIE if _is_https() else COOKIE


def _is_https() -> bool:
    """Whether browsers reach us over https; over plain http they would drop a Secure cookie."""
    return config.current().address.startswith("https:")


def _asked_for_a_page() -> bool:
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def _show(response: Response) -> None:
    """Turn a problem document into a page that says the same."""
    problem: dict[str, Any] = response.get_json()
    response.set_data(render_template("admin/error.html", problem=problem))
    response.mimetype = "text/html"
