"""Adding and finding sites."""

import re
import time
from datetime import datetime
from typing import NamedTuple, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import msgspec
import sqlalchemy as sa

from ..database import table, transaction, when_committed
from ..errors import Conflict, FieldError, InvalidForm, NotFound
from ..extensions import connection, db
from ..i18n import N_, Sentence
from .models import KEY_LENGTH, Site
from .policy import Policy

_FIND = sa.select(table(Site)).where(Site.id == sa.bindparam("id"))
KEPT_SECONDS = 1.0
MOST_KEPT = 1000
KEYS = N_("A key has at most {most} lower-case letters, digits and hyphens.")
KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class _Kept(NamedTuple):
    """A site as it was read, for how long it is taken for right, and the last change that was known then."""

    site: Site
    until: float
    change: object


# Sites are read with each request and change once in a while.
_known: WeakKeyDictionary[sa.Engine, dict[str, _Kept]] = WeakKeyDictionary()
_last_change = object()


def find(site_id: str) -> Site:
    """The site with the key `site_id`, to be read only; raises `NotFound`."""
    site = peek(site_id)
    if site is None:
        raise NotFound(N_("There is no such site."))
    return site


def peek(site_id: str) -> Site | None:
    """The site with the key `site_id`, to be read only, or None.

    What this process changes of it is seen at once, what others change a second later at most.
    """
    known = _known.setdefault(db.engine, {})
    kept = known.get(site_id)
    if kept and kept.change is _last_change and time.monotonic() < kept.until:
        return kept.site
    if not KEY.fullmatch(site_id):
        return None
    change, until = _last_change, time.monotonic() + KEPT_SECONDS
    # A row has the attributes of the object that the session would make of it, for a third of the time.
    site = cast("Site | None", connection().execute(_FIND, {"id": site_id}).first())
    if site is not None:
        if len(known) >= MOST_KEPT:
            known.clear()
        known[site_id] = _Kept(site, until, change)
    return site


def changing(site_id: str) -> Site:
    """The site with the key `site_id`, to be changed by the transaction; raises `NotFound`."""
    site = db.session.get(Site, site_id) if KEY.fullmatch(site_id) else None
    if site is None:
        raise NotFound(N_("There is no such site."))
    when_committed(_forget)
    return site


def _forget() -> None:
    """Let sites be read anew: one was changed."""
    global _last_change  # noqa: PLW0603 - of the process
    _last_change = object()


def lists(origin: str) -> bool:
    """Whether any site lists `origin`."""
    written = sa.cast(Site.origins, sa.Text).contains(msgspec.json.encode(origin).decode(), autoescape=True)
    return any(origin in origins for origins in db.session.scalars(sa.select(Site.origins).where(written)))


@transaction
def add(site_id: str, origins: list[str], policy: Policy, now: datetime) -> Site:
    """Register a site.

    Raises `InvalidForm` for a key or an origin that cannot be one, `Conflict` when the key is taken.
    """
    if not KEY.fullmatch(site_id):
        detail = Sentence(KEYS, {"most": KEY_LENGTH})
        raise InvalidForm([FieldError("key", "invalid", detail)], detail)
    if db.session.get(Site, site_id):
        raise Conflict(Sentence(N_("There is a site {site} already."), {"site": site_id}))
    site = Site(
        id=site_id, origins=[checked_origin(o) for o in origins], policy=msgspec.to_builtins(policy), created_at=now
    )
    db.session.add(site)
    return site


def checked_origin(text: str) -> str:
    """`text` as browsers send it in `Origin`; raises `InvalidForm` when it is not a web origin."""
    try:
        parts = urlsplit(text.strip().rstrip("/").lower())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.username:
        detail = Sentence(N_("“{text}” is not an origin like https://blog.example."), {"text": text})
        raise InvalidForm([FieldError("origin", "invalid", detail)], detail)
    host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")
