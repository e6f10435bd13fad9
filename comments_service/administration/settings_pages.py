"""A site's settings as a page: one form, made from the settings' own declarations; rules can be tried before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from .. import http
from ..accounts.actor import Actor
from ..accounts.pages import require_moderator
from ..accounts.views import actor
from ..errors import Conflict, InvalidForm, NotFound
from ..i18n import N_, Sayable
from ..moderation.views import id_or_none
from ..sites import policy
from ..sites.setting import Kind, Setting
from ..spam.trial import Outcome
from . import settings

bp = Blueprint(
    "settings",
    __name__,
    url_prefix="/admin/settings",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

LAST = 500  # comments that a rule is tried on


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was typed, what is wrong with it, and what a trial of it came to."""

    typed: Mapping[str, str]
    revision: int
    errors: Mapping[str, Sayable] = field(default_factory=dict)
    problem: str = ""
    tried: Outcome | None = None


@bp.get("")
@require_moderator
def show() -> str:
    who = actor()
    site = settings.site(chosen(who), who)
    return page(site.id, who, Filled(written(settings.values(site)), site.revision))


@bp.post("")
@require_moderator
def save() -> Answer:
    who, site_id = actor(), request.form.get("site", "")
    seen = request.form.get("revision", -1, type=int)
    try:
        saved = settings.save(site_id, given(), who, http.now(), seen)
    except (InvalidForm, Conflict) as refusal:
        return again(site_id, who, refusal), refusal.status
    told: dict[str, Any] = {"site": site_id, "done": "saved" if saved.event else "same"}
    if saved.event:
        told["event"] = saved.event
    if saved.rescored:
        told |= {"scored": saved.rescored.of, "spam": saved.rescored.spam}
    return redirect(f"{url_for('settings.show')}?{urlencode(told)}", 303)


@bp.post("/try")
@require_moderator
def try_out() -> Answer:
    """Show what the rules as they are typed would have done with the past; nothing is saved."""
    who, site_id = actor(), request.form.get("site", "")
    try:
        tried = settings.tried(site_id, given(), who, LAST)
    except InvalidForm as refusal:
        return again(site_id, who, refusal), refusal.status
    revision = request.form.get("revision", -1, type=int)
    return page(site_id, who, Filled(typed(), revision, tried=tried))


def again(site_id: str, who: Actor, refusal: InvalidForm | Conflict) -> str:
    """The form as it was typed, with what is wrong; who was overtaken may look again, and save."""
    site = settings.site(site_id, who)
    if isinstance(refusal, Conflict):
        problem = N_(
            "Somebody else changed the settings in the meantime. What you typed stands here: save it again to keep it."
        )
        return page(site_id, who, Filled(typed(), site.revision, problem=problem))
    return page(site_id, who, Filled(typed(), request.form.get("revision", -1, type=int), refusal.by_field))


def page(site_id: str, who: Actor, filled: Filled) -> str:
    """The settings page."""
    return render_template(
        "administration/settings.html",
        site=site_id,
        sites=settings.owned(who),
        groups=groups(),
        by_name=settings.BY_NAME,
        filled=filled,
        held=policy.HELD,
        last=LAST,
        said=said(),
        unfinished=site_id in settings.unfinished(),
        here=url_for("settings.show", site=site_id),
    )


def chosen(who: Actor) -> str:
    """The site that the address names, or the first of the owner's; raises `NotFound` where there is none."""
    site_id = request.args.get("site") or next(iter(settings.owned(who)), None)
    if site_id is None:
        raise NotFound(N_("There is no site whose settings you may change."))
    return site_id


def groups() -> list[tuple[str, list[Setting]]]:
    """The settings by group: the known groups in their order, then whatever else there is."""
    names = dict.fromkeys([*policy.GROUPS, *(setting.group for setting in settings.SETTINGS)])
    return [(name, [setting for setting in settings.SETTINGS if setting.group == name]) for name in names]


def written(values: Mapping[str, Any]) -> dict[str, str]:
    """The settings as the form shows them."""
    return {setting.name: setting.written(values[setting.name]) for setting in settings.SETTINGS}


def typed() -> dict[str, str]:
    """The form as it was sent; a switch that is off is not sent."""
    form = request.form
    return {
        setting.name: form.get(setting.name, "no" if setting.kind is Kind.SWITCH else "")
        for setting in settings.SETTINGS
        if setting.name in form or setting.kind is Kind.SWITCH
    }


def given() -> dict[str, Any]:
    """The settings that the form gives."""
    return {name: settings.BY_NAME[name].typed(text) for name, text in typed().items()}


def said() -> dict[str, Any] | None:
    """What the last form did, to be told at the top of the page."""
    args = request.args
    if args.get("done") not in {"saved", "same", "turned"}:
        return None
    scored = {name: args.get(name, "")[:9] for name in ("scored", "spam")}
    numbers = {name: int(text) for name, text in scored.items() if text.isascii() and text.isdecimal()}
    return {"done": args["done"], "event": id_or_none("event", args.get("event")), **numbers}
