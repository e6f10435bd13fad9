"""The pages of passkeys: making and forgetting them, and signing in with one; the one thing that needs a script."""

from contextlib import suppress
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .. import config
from ..errors import InvalidForm, NotFound
from ..http import limit, now, sealer, signer
from ..i18n import N_, Sayable
from . import csrf, http, moderators, passkeys, second_step
from .pages import asks_present, check_present, enter, form_page, local, me, require_moderator
from .passkeys import Answer, Place, Question

bp = Blueprint("passkeys", __name__, url_prefix="/admin")


@bp.before_request
def must_be_there() -> None:
    """Without the library there are no such pages; raises `NotFound`."""
    if not passkeys.AVAILABLE:
        raise NotFound(N_("Passkeys need the extra `passkeys` of this service."))


@bp.app_template_global("passkey_question")
def question() -> Question | None:
    """What the door asks devices, for the page of signing in; None where there are no passkeys."""
    return passkeys.ask(place(), signer(), now()) if passkeys.AVAILABLE else None


@bp.post("/sign-in/passkey")
@limit("sign_in_limits")
def sign_in() -> ResponseReturnValue:
    goal = local(request.form.get("next"))
    try:
        return enter(passkeys.sign_in(answer(), place(), signer(), http.visit()), goal)
    except InvalidForm as refusal:
        return form_page(goal, refusal=refusal), refusal.status


@bp.get("/account/passkeys")
@require_moderator
def show() -> str:
    return page()


@bp.post("/account/passkeys/add")
@limit("sign_in_limits")
@require_moderator
def add() -> ResponseReturnValue:
    form = request.form
    try:
        check_present(form.get("current", ""))
        if second_step.find(me().id) is not None:
            second_step.check(me().id, form.get("code", ""), http.visit(), sealer())
        passkeys.add(me().id, form.get("name", ""), answer(), place(), (signer(), now()))
    except InvalidForm as refusal:
        return page(refusal.by_field), refusal.status
    return redirect(url_for("passkeys.show", done="added"), 303)


@bp.post("/account/passkeys/remove")
@require_moderator
def remove() -> ResponseReturnValue:
    with suppress(ValueError):
        passkeys.remove(me().id, bytes.fromhex(request.form.get("passkey", "")))
    return redirect(url_for("passkeys.show", done="removed"), 303)


def page(errors: dict[str, Sayable] | None = None) -> str:
    """The moderator's passkeys, and the form for another."""
    who = moderators.get(me().id)
    return render_template(
        "accounts/passkeys.html",
        keys=passkeys.of(who.id),
        question=passkeys.ask_for_new(who, place(), signer(), now()),
        asks_current=asks_present(),
        asks_code=second_step.find(who.id) is not None,
        name=request.form.get("name", ""),
        done={"added": N_("The passkey is kept."), "removed": N_("The passkey is forgotten.")}.get(
            request.args.get("done", "")
        ),
        errors=errors or {},
    )


def answer() -> Answer:
    """What the script put into the form."""
    return Answer(request.form.get("token", ""), request.form.get("credential", ""))


def place() -> Place:
    """Where our pages are."""
    origin = csrf.origin_of(config.current().public_url or request.host_url)
    return Place(urlsplit(origin).hostname or "", origin)
