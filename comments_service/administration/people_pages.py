"""The page of a site's people, and the door for those who were invited."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from .. import config, http
from ..accounts import http as door
from ..accounts import invitations
from ..accounts.models import Invitation, Role
from ..accounts.pages import require_moderator
from ..accounts.views import actor, signed_in
from ..errors import Conflict, FieldError, Forbidden, InvalidForm, NotFound
from ..i18n import N_, Sayable
from . import people, settings
from .people import Guest, NeedsAccount

bp = Blueprint("people", __name__, url_prefix="/admin", template_folder="templates")

DONE = {
    "invited": N_("The invitation is on its way by mail."),
    "withdrawn": N_("The invitation is withdrawn."),
    "changed": N_("The role is changed."),
    "removed": N_("They decide for this site no more."),
    "undone": N_("Undone."),
}


@bp.get("/people")
@require_moderator
def show() -> str:
    owned = sites()
    site = request.args.get("site") or owned[0]
    return page(site, done=DONE.get(request.args.get("done", "")))


@bp.post("/people/invite")
@http.limit("sign_in_limits")
@require_moderator
def invite() -> Answer:
    site, form = request.form.get("site", ""), request.form
    try:
        guest = Guest(form.get("name", ""), form.get("email", ""), role_in(form.get("role", "")))
        invitation = people.invite(site, guest, actor(), http.sealer(), http.now())
    except InvalidForm as refusal:
        return page(site, errors=refusal.by_field), refusal.status
    if config.current().sends_mail:
        # Then nobody but the person invited sees the link.
        return back(site, "invited")
    return page(site, link=link_of(invitation), invited=invitation.name)


@bp.post("/people/invitations/<uuid:invitation>/withdraw")
@require_moderator
def withdraw(invitation: UUID) -> Answer:
    site = request.form.get("site", "")
    people.withdraw(site, invitation, actor(), http.now())
    return back(site, "withdrawn")


@bp.post("/people/<uuid:person>/role")
@require_moderator
def change_role(person: UUID) -> Answer:
    return set_role(person, role_in(request.form.get("role", "")), "changed")


@bp.post("/people/<uuid:person>/remove")
@require_moderator
def remove(person: UUID) -> Answer:
    return set_role(person, None, "removed")


@bp.get("/invitation/<token>")
def show_invitation(token: str) -> str:
    # Looking at a link never uses it up: mail scanners and previews do that.
    invitation = invitations.read(token, http.signer(), http.now())
    person = signed_in()
    me = person.actor.name if person else ""
    return render_template("administration/invitation.html", invitation=invitation, me=me)


@bp.post("/invitation/<token>")
@http.limit("sign_in_limits")
def accept(token: str) -> Answer:
    person = signed_in()
    try:
        session = people.accept(token, person.actor if person else None, door.visit(), http.sealer(), http.signer())
    except NeedsAccount:
        return redirect(url_for("accounts.ask", next=url_for("people.show_invitation", token=token)), 303)
    if session is None:
        return redirect(url_for("queue.show"), 303)
    return door.keep_cookie(redirect(url_for("accounts.account", done="joined"), 303), session)


def set_role(person: UUID, role: Role | None, done: str) -> Answer:
    """Give somebody another role, and say what came of it."""
    site = request.form.get("site", "")
    try:
        people.set_role(site, person, role, actor(), http.now())
    except Conflict as refusal:
        return page(site, problem=refusal.detail), refusal.status
    if person == actor().id and role is not Role.OWNER:  # this page is not for him any more
        return redirect(url_for("queue.show"), 303)
    return back(site, done)


def page(site: str, errors: dict[str, Sayable] | None = None, **told: Any) -> str:
    """The people of the site, with what is `told` at its top; raises `NotFound` and `Forbidden`."""
    return render_template(
        "administration/people.html",
        site=site,
        sites=sites(),
        people=people.listed(site, actor()),
        invitations=invitations.of(site, http.now()),
        roles=[role.value for role in reversed(Role)],
        typed=request.form if errors else {},
        errors=errors or {},
        me=actor().id,
        sends_mail=config.current().sends_mail,
        **told,
    )


def sites() -> list[str]:
    """The sites of the owner who asks; raises `Forbidden` for who is none, `NotFound` where there is no site yet."""
    who = actor()
    if not who.is_owner:
        raise Forbidden(N_("Only an owner of a site sees its people."))
    owned = settings.owned(who)
    if not owned:
        raise NotFound(N_("There is no site yet."))
    return owned


def role_in(text: str) -> Role:
    """The role that a form names; raises `InvalidForm`."""
    try:
        return Role(text)
    except ValueError as error:
        raise InvalidForm([FieldError("role", "invalid", N_("There is no such role."))]) from error


def link_of(invitation: Invitation) -> str:
    """The whole address of an invitation."""
    token = invitations.token(invitation, http.signer())
    return config.current().address + url_for("people.show_invitation", token=token)


def back(site: str, done: str) -> Answer:
    return redirect(url_for("people.show", site=site, done=done), 303)
