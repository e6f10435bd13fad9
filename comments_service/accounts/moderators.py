"""Adding moderators and finding them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from ..database import transaction, uuid7
from ..errors import FieldError, InvalidForm, NotFound
from ..extensions import db
from ..privacy.sealing import Sealer
from ..sites import registry
from . import links
from .actor import Actor
from .models import Moderator, SiteModerator

# A name is shown beside replies, so a missing one is never made from the address.
NAMELESS = "Moderator"
MAX_ADDRESS = 254
MAX_NAME = 100


@transaction
def add(
    address: str, name: str | None, site_ids: Iterable[str], sealer: Sealer, now: datetime
) -> tuple[Moderator, str]:
    """Let the person with `address` moderate the sites, every site when none is named; gives a sign-in token.

    For somebody known, the sites are added to his, the name replaces his when one is given, and a new token
    ends his older ones. Raises `InvalidForm` for an address that cannot be one, `NotFound` for an unknown site.
    """
    sites = [registry.find(site_id).id for site_id in site_ids]
    normal = normalised(address)
    moderator = find(normal, sealer)
    if moderator is None:
        moderator = _new(normal, sealer, now)
        _assign(moderator, sites)
    elif _sites(moderator.id):
        _assign(moderator, sites)
    if name is not None:
        moderator.name = checked_name(name)
    return moderator, links.issue(moderator.id, now)


def find(address: str, sealer: Sealer) -> Moderator | None:
    """The moderator with `address`, or None."""
    return db.session.scalar(sa.select(Moderator).where(Moderator.address_key == sealer.lookup(address)))


def get(moderator_id: UUID) -> Moderator:
    """The moderator with the id; raises `NotFound`."""
    moderator = db.session.get(Moderator, moderator_id)
    if moderator is None:
        raise NotFound("There is no such moderator.")
    return moderator


@transaction
def rename(moderator_id: UUID, name: str) -> None:
    """Change the name that stands beside the moderator's replies; raises `InvalidForm`."""
    get(moderator_id).name = checked_name(name)


def as_actor(moderator: Moderator) -> Actor:
    """What the moderator may do."""
    return Actor(moderator.id, moderator.name, _sites(moderator.id) or None)


def normalised(address: str) -> str:
    """`address` in its usual form; raises `InvalidForm` when it cannot be one."""
    try:
        return validate_email(address.strip()[: MAX_ADDRESS + 1], check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidForm([FieldError("email", "invalid-email", str(error))], str(error)) from error


def checked_name(name: str) -> str:
    """`name` in one line; raises `InvalidForm` when nothing or too much is left."""
    line = " ".join(name.split())
    if not line or len(line) > MAX_NAME or not line.isprintable():
        detail = f"A name has 1 to {MAX_NAME} characters."
        raise InvalidForm([FieldError("name", "invalid", detail)], detail)
    return line


def _new(address: str, sealer: Sealer, now: datetime) -> Moderator:
    row = uuid7()
    kept = sealer.seal(address, row)
    moderator = Moderator(
        id=row, name=NAMELESS, address_sealed=kept.sealed, address_key=kept.lookup, password_hash=None, created_at=now
    )
    db.session.add(moderator)
    db.session.flush()
    return moderator


def _assign(moderator: Moderator, site_ids: Iterable[str]) -> None:
    for site_id in set(site_ids) - _sites(moderator.id):
        db.session.add(SiteModerator(site_id=site_id, moderator_id=moderator.id))


def _sites(moderator_id: UUID) -> frozenset[str]:
    """The sites he is named for; none means every site."""
    rows = sa.select(SiteModerator.site_id).where(SiteModerator.moderator_id == moderator_id)
    return frozenset(db.session.scalars(rows))
