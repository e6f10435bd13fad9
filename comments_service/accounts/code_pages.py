"""The pages of the second step: typing a code at sign-in, and setting up the app that makes them."""

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer
from markupsafe import Markup

from .. import config
from ..errors import InvalidForm
from ..http import limit, now, sealer
from ..i18n import Sayable
from . import http, moderators, second_step, sessions, sign_in
from .pages import asks_present, check_present, enter, local, me, require_moderator
from .second_step import Draft

bp = Blueprint("codes", __name__, url_prefix="/admin")


@bp.get("/code")
def ask() -> Answer:
    goal = local(request.args.get("next"))
    if sessions.waiting(http.cookie(), now()) is None:
        return redirect(url_for("accounts.ask", next=goal), 303)
    return render_template("accounts/code.html", goal=goal, errors={})


@bp.post("/code")
@limit("sign_in_limits")
def sign_in_by_code() -> Answer:
    goal = local(request.form.get("next"))
    if sessions.waiting(http.cookie(), now()) is None:
        return redirect(url_for("accounts.ask", next=goal), 303)
    try:
        return enter(sign_in.by_code(request.form.get("code", ""), http.visit(), sealer()), goal)
    except InvalidForm as refusal:
        return render_template("accounts/code.html", goal=goal, errors=refusal.by_field), refusal.status


@bp.get("/account/codes")
@require_moderator
def show() -> str:
    return page()


@bp.post("/account/codes/on")
@limit("sign_in_limits")
@require_moderator
def turn_on() -> Answer:
    form, draft, who = request.form, None, me()
    try:
        draft = second_step.drawn(form.get("draft", ""), who.id, sealer())
        check_present(form.get("current", ""))
        codes = second_step.turn_on(who.id, draft, form.get("code", ""), http.visit(), sealer())
    except InvalidForm as refusal:
        return page(draft, refusal.by_field), refusal.status
    return recovery_page(codes)


@bp.post("/account/codes/renew")
@limit("sign_in_limits")
@require_moderator
def renew() -> Answer:
    try:
        check_both()
    except InvalidForm as refusal:
        return page(errors=refusal.by_field), refusal.status
    return recovery_page(second_step.renew(me().id, sealer()))


@bp.post("/account/codes/off")
@limit("sign_in_limits")
@require_moderator
def turn_off() -> Answer:
    try:
        check_both()
    except InvalidForm as refusal:
        return page(errors=refusal.by_field), refusal.status
    second_step.turn_off(me().id)
    return redirect(url_for("accounts.account", done="codes"), 303)


def check_both() -> None:
    """Refuse who does not know the present password, where it is asked for, and a code; raises `InvalidForm`."""
    check_present(request.form.get("current", ""))
    second_step.check(me().id, request.form.get("code", ""), http.visit(), sealer())


def page(draft: Draft | None = None, errors: dict[str, Sayable] | None = None) -> str:
    """The page of the app: to set it up, or, once it is, to take it off."""
    who = me()
    if second_step.find(who.id) is not None:
        known: dict[str, Any] = {"left": second_step.left(who.id)}
    else:
        known = {"draft": draft or second_step.draw(who.id, sealer())}
        known |= {"picture": picture(known["draft"]), "key": grouped(known["draft"].secret)}
    return render_template("accounts/codes.html", asks_current=asks_present(), errors=errors or {}, **known)


def recovery_page(codes: list[str]) -> Answer:
    """The recovery codes, which are shown this once."""
    return render_template("accounts/recovery.html", codes=codes)


def picture(draft: Draft) -> Markup:
    """The QR code that the app reads. It names the moderator, and no address."""
    host = urlsplit(config.current().address).hostname or "comments"
    # Few ever need its megabyte.
    code = import_module("segno").make_qr(draft.uri(moderators.get(me().id).name, f"Comments at {host}"), error="m")
    return Markup(code.svg_inline(dark="#000", light="#fff", border=4, omitsize=True, svgclass=None, lineclass=None))  # noqa: S704 - made by us, of numbers


def grouped(secret: str) -> str:
    """The secret in fours, as it is typed."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
