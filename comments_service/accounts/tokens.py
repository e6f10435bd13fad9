"""API tokens: a program's right to moderate."""

from collections.abc import Iterable
from datetime import datetime

from ..database import transaction
from ..errors import NotSignedIn
from ..extensions import db
from ..i18n import N_
from ..sites import registry
from . import secret
from .actor import Actor
from .models import ApiToken, Role
from .moderators import checked_name

PREFIX = "comments_"  # so that people and scanners know one when it lies about


@transaction
def add(name: str, site_ids: Iterable[str], now: datetime, role: Role = Role.MODERATOR) -> str:
    """A new token to act in `role` for the sites, as an administrator of every site when none is named.

    It is shown once, and kept as its SHA-256. Raises `InvalidForm` for a name that cannot be one, `NotFound` for an
    unknown site.
    """
    sites = sorted({registry.find(site_id).id for site_id in site_ids})
    token = PREFIX + secret.make()
    row = ApiToken(id=secret.digest(token), name=checked_name(name), sites=sites, role=role, created_at=now)
    row.everywhere = not sites
    db.session.add(row)
    return token


def find(token: str) -> Actor:
    """Who acts with `token`; raises `NotSignedIn`."""
    row = db.session.get(ApiToken, secret.digest(token))
    if row is None:
        raise NotSignedIn(N_("This is not a token of this service."))
    return Actor(None, row.name, None if row.everywhere else dict.fromkeys(row.sites, row.role))
