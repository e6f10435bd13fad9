"""The pages for signing in and out, and a moderator's own account."""

import functools
import re
from collections.abc import Callable
from typing import Any, cast

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer
from werkzeug.wrappers import Response

from .. import config, i18n
from ..errors import FieldError, InvalidForm
from ..http import limit, now, sealer
from ..i18n import N_, Sayable
from . import http, links, moderators, passkeys, passwords, second_step, sessions, sign_in, views

bp = Blueprint(
    "accounts",
    __name__,
    url_prefix="/admin",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

HOME = "/admin/"
# A path of ours: no scheme, no host, nothing that a browser reads as one.
LOCAL = re.compile(r"/admin/(?!.*\.\.)[^\\\x00-\x20\x7f-\x9f]*")
DONE = {
    "password": N_("Your password is set. Every other browser was signed out."),
    "joined": N_("Welcome. Set a password, so that you can come back: the invitation does not work again."),
    "codes": N_("A code is asked for no more."),
    "name": N_("Your name is changed."),
    "language": N_("Your language is changed."),
    "ended": N_("That browser is signed out."),
    "others": N_("Every other browser is signed out."),
}


def init_app(app: Flask) -> None:
    """Add the pages, and what everything under /admin/ shares."""
    http.init_app(app)
    app.jinja_env.globals["signed_in"] = views.known
    app.register_blueprint(bp)


def require_moderator(page: Callable[..., Any]) -> Callable[..., Any]:
    """Show the page to moderators; send everybody else to sign in, and back afterwards."""

    @functools.wraps(page)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if views.signed_in() is not None:
            return page(*args, **kwargs)
        wanted = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else None
        return redirect(url_for("accounts.ask", next=wanted), 303)

    return guarded


@bp.get("/sign-in")
def ask() -> Answer:
    if views.signed_in() is not None:
        return redirect(local(request.args.get("next")), 303)
    return form_page(local(request.args.get("next")))


@bp.post("/sign-in")
@limit("sign_in_limits")
def sign_in_by_password() -> Answer:
    address, password = request.form.get("address", ""), request.form.get("password", "")
    goal = local(request.form.get("next"))
    try:
        token = sign_in.by_password(address, password, http.visit(), sealer())
    except InvalidForm as refusal:
        return form_page(goal, address=address, refusal=refusal), refusal.status
    return enter(token, goal)


@bp.get("/sign-in/<token>")
def show_link(token: str) -> str:
    # Looking at a link never uses it up: mail scanners and previews do that.
    links.check(token, now())
    return render_template("accounts/link.html", goal=local(request.args.get("next")))


@bp.post("/sign-in/<token>")
@limit("sign_in_limits")
def sign_in_by_link(token: str) -> Response:
    return enter(sign_in.by_link(token, http.visit()), local(request.form.get("next")))


@bp.post("/sign-out")
def sign_out() -> Response:
    person = views.signed_in()
    if person is not None:
        sessions.end(person.session_id, person.id)
    return http.drop_cookie(_see(url_for("accounts.ask")))


@bp.get("/account")
@require_moderator
def account() -> str:
    return _account(done=DONE.get(request.args.get("done", "")))


@bp.post("/account/name")
@require_moderator
def change_name() -> Answer:
    try:
        moderators.rename(me().id, request.form.get("name", ""))
    except InvalidForm as refusal:
        return _account(errors=refusal.by_field), refusal.status
    return _see(url_for("accounts.account", done="name"))


@bp.post("/account/language")
@require_moderator
def choose_language() -> Answer:
    moderators.speak(me().id, request.form.get("language", ""))
    return _see(url_for("accounts.account", done="language"))


@bp.post("/account/password")
@limit("sign_in_limits")
@require_moderator
def change_password() -> Answer:
    try:
        _change_password(request.form.get("current", ""), request.form.get("password", ""))
    except InvalidForm as refusal:
        return _account(errors=refusal.by_field), refusal.status
    return _see(url_for("accounts.account", done="password"))


@bp.post("/account/sessions/<session>/end")
@require_moderator
def end_session(session: str) -> Response:
    if re.fullmatch(r"[0-9a-f]{64}", session):
        sessions.end(bytes.fromhex(session), me().id)
    return _see(url_for("accounts.account", done="ended"))


@bp.post("/account/sessions/end-others")
@require_moderator
def end_other_sessions() -> Response:
    sessions.end_others(me().session_id, me().id)
    return _see(url_for("accounts.account", done="others"))


def local(path: str | None) -> str:
    """`path` when it is one of the admin pages, else the first of them: nobody is sent elsewhere."""
    return path if path and LOCAL.fullmatch(path) else HOME


def check_present(current: str) -> None:
    """Refuse a wrong present password where one is asked for; raises `InvalidForm`."""
    if asks_present():
        sign_in.check_password(moderators.get(me().id), current, http.visit(), sealer())


def asks_present() -> bool:
    """Whether the present password is asked for: of whoever has one, and did not come by a link just now."""
    person = me()
    return bool(moderators.get(person.id).password_hash) and not person.may_reset


def _change_password(current: str, new: str) -> None:
    person = me()
    moderator = moderators.get(person.id)
    if new != request.form.get("repeated"):
        message = N_("The two are not the same.")
        raise InvalidForm([FieldError("repeated", "different", message)], message)
    known = (_address(), moderator.name, config.current().address, request.host)
    passwords.check(new, known)
    check_present(current)
    sign_in.set_password(person.id, new, known, person.session_id)


def form_page(goal: str, address: str = "", refusal: InvalidForm | None = None) -> str:
    """The page of signing in."""
    return render_template("accounts/sign_in.html", goal=goal, address=address, refusal=refusal)


def _account(done: str | None = None, errors: dict[str, Sayable] | None = None) -> str:
    person = me()
    moderator = moderators.get(person.id)
    return render_template(
        "accounts/account.html",
        moderator=moderator,
        languages=i18n.NAMES,
        address=_address(),
        asks_current=asks_present(),
        codes=second_step.find(person.id),
        codes_left=second_step.left(person.id),
        passkeys=passkeys.AVAILABLE,
        sessions=sessions.of(person.id, now()),
        this_session=person.session_id,
        limits=passwords,
        now=now(),
        browser_said=browser_said,
        done=done,
        errors=errors or {},
    )


def browser_said(name: str) -> str:
    """A browser's name, as `browser.named` gave it, in the reader's language."""
    known, _, system = name.partition(" on ")
    known = http.said(known)
    return http.said(N_("{browser} on {system}"), browser=known, system=system) if system else known


def _address() -> str:
    """The signed-in moderator's own address."""
    moderator = moderators.get(me().id)
    return sealer().open(moderator.address_sealed, moderator.id)


def me() -> views.SignedIn:
    """Whoever is signed in; for what only moderators are let in to."""
    return cast(views.SignedIn, views.signed_in())


def enter(token: str, goal: str) -> Response:
    """Let the browser in, by the form for the code where one is asked for."""
    waits = sessions.waiting(token, now()) is not None
    return http.keep_cookie(_see(url_for("codes.ask", next=goal) if waits else goal), token)


def _see(path: str) -> Response:
    return redirect(path, 303)
