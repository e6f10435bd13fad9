"""Adding moderators and finding them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from .. import i18n
from ..database import transaction, uuid7
from ..errors import FieldError, InvalidForm, NotFound
from ..extensions import db
from ..i18n import N_
from ..privacy.sealing import Sealer
from ..sites import registry
from . import links
from .actor import Actor
from .models import Moderator, Role, SiteModerator

# A name is shown beside replies, so a missing one is never made from the address.
NAMELESS = "Moderator"
MAX_ADDRESS = 254
MAX_NAME = 100


@transaction
def add(
    address: str, name: str | None, roles: Mapping[str, Role], sealer: Sealer, now: datetime
) -> tuple[Moderator, str]:
    """Let the person with `address` act in these roles, as an administrator when there is none; gives a sign-in token.

    For somebody known, the sites are added to his, a role is raised and never lowered, the name replaces his when one
    is given, and a new token ends his older ones; without roles he gets that token alone. Raises `InvalidForm` for an
    address that cannot be one, `NotFound` for an unknown site.
    """
    wanted = {registry.find(site_id).id: role for site_id, role in roles.items()}
    normal = normalised(address)
    moderator = find(normal, sealer)
    if moderator is None:
        moderator = new(normal, sealer, now)
        moderator.everywhere = not wanted
    for site_id, role in wanted.items():
        if not moderator.everywhere and role_on(site_id, moderator.id) is not Role.OWNER:
            assign(site_id, moderator.id, role)
    if name is not None:
        moderator.name = checked_name(name)
    return moderator, links.issue(moderator.id, now)


def find(address: str, sealer: Sealer) -> Moderator | None:
    """The moderator with `address`, or None."""
    return by_key(sealer.lookup(address))


def by_key(address_key: bytes) -> Moderator | None:
    """The moderator whose address has this key, or None."""
    return db.session.scalar(sa.select(Moderator).where(Moderator.address_key == address_key))


def get(moderator_id: UUID) -> Moderator:
    """The moderator with the id; raises `NotFound`."""
    moderator = db.session.get(Moderator, moderator_id)
    if moderator is None:
        raise NotFound(N_("There is no such moderator."))
    return moderator


@transaction
def rename(moderator_id: UUID, name: str) -> None:
    """Change the name that stands beside the moderator's replies; raises `InvalidForm`."""
    get(moderator_id).name = checked_name(name)


@transaction
def speak(moderator_id: UUID, language: str) -> None:
    """Speak `language` to the moderator from now on, or with none her browser's; raises `InvalidForm`."""
    if language and language not in i18n.available():
        raise InvalidForm([FieldError("language", "invalid", N_("This language is not spoken here."))])
    get(moderator_id).language = language


def as_actor(moderator: Moderator) -> Actor:
    """What the moderator may do."""
    return Actor(moderator.id, moderator.name, None if moderator.everywhere else roles_of(moderator.id))


def roles_of(moderator_id: UUID) -> dict[str, Role]:
    """His sites, with his role on each."""
    rows = sa.select(SiteModerator.site_id, SiteModerator.role).where(SiteModerator.moderator_id == moderator_id)
    return dict(db.session.execute(rows).all())


def role_on(site_id: str, moderator_id: UUID) -> Role | None:
    """His role on the site; None when he has nothing to do with it."""
    row = db.session.get(SiteModerator, (site_id, moderator_id))
    return row.role if row else None


def assign(site_id: str, moderator_id: UUID, role: Role) -> None:
    """Give him `role` on the site, inside the caller's transaction."""
    db.session.merge(SiteModerator(site_id=site_id, moderator_id=moderator_id, role=role))
    db.session.flush()


def normalised(address: str) -> str:
    """`address` in its usual form; raises `InvalidForm` when it cannot be one."""
    try:
        return validate_email(address.strip()[: MAX_ADDRESS + 1], check_deliverability=False).normalized
    except EmailNotValidError as error:
        detail = N_("This is not an email address like ann@example.org.")
        raise InvalidForm([FieldError("email", "invalid-email", detail)], detail) from error


def checked_name(name: str) -> str:
    """`name` in one line; raises `InvalidForm` when nothing or too much is left."""
    line = " ".join(name.split())
    if not line or len(line) > MAX_NAME or not line.isprintable():
        detail = N_("A name has 1 to 100 characters.")  # MAX_NAME
        raise InvalidForm([FieldError("name", "invalid", detail)], detail)
    return line


def new(address: str, sealer: Sealer, now: datetime) -> Moderator:
    """A moderator of nothing yet, inside the caller's transaction."""
    row = uuid7()
    kept = sealer.seal(address, row)
    moderator = Moderator(
        id=row, name=NAMELESS, address_sealed=kept.sealed, address_key=kept.lookup, password_hash=None, created_at=now
    )
    db.session.add(moderator)
    db.session.flush()
    return moderator
