"""A site's settings by program: read, and changed by name."""

from typing import Any

from flask import Blueprint, Response

from .. import http
from ..accounts.views import actor, know_who_asks
from ..errors import FieldError, InvalidForm
from ..i18n import N_
from . import settings

bp = Blueprint("settings_api", __name__, url_prefix="/api/v1/moderation/sites/<site_id>/settings")
bp.before_request(know_who_asks)


@bp.get("")
def show(site_id: str) -> Response:
    return http.answer(_json(site_id, {}))


@bp.patch("")
def change(site_id: str) -> Response:
    who, data = actor(), http.json_body()
    given, revision = data.get("settings"), data.get("revision")
    if not isinstance(given, dict):
        raise InvalidForm([FieldError("settings", "required", N_("An object of settings is needed."))])
    if revision is not None and (not isinstance(revision, int) or isinstance(revision, bool)):
        raise InvalidForm([FieldError("revision", "wrong-type", N_("This is a whole number."))])
    saved = settings.save(site_id, given, who, http.now(), revision)
    return http.answer(_json(site_id, {"event": saved.event}))


def _json(site_id: str, about: dict[str, Any]) -> dict[str, Any]:
    """The settings of a site as they stand."""
    site = settings.site(site_id, actor())
    return {"site": site.id, "settings": settings.values(site), "revision": site.revision, **about}
