"""Who decides for a site, and as what; each change inside the caller's transaction, who writes it into the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..errors import Conflict
from ..extensions import db
from ..i18n import N_
from . import moderators, sessions
from .models import Moderator, Role, SignInLink, SiteModerator

LAST_OWNER = N_("Somebody has to own the site. Make somebody else an owner first.")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who decides for a site; `role` is None for an administrator, who decides for every site."""

    id: UUID
    name: str
    role: Role | None


def of(site_id: str) -> list[Person]:
    """Who decides for the site: its own people by name, then the administrators."""
    rows = sa.select(Moderator.id, Moderator.name, SiteModerator.role).join(
        SiteModerator, SiteModerator.moderator_id == Moderator.id
    )
    own = db.session.execute(rows.where(SiteModerator.site_id == site_id).order_by(Moderator.name, Moderator.id))
    people = [Person(*row) for row in own]
    known = {person.id for person in people}
    return people + [Person(one.id, one.name, None) for one in _administrators() if one.id not in known]


def set_role(site_id: str, person: UUID, role: Role | None) -> Role | None:
    """Give somebody another role on the site, or none; gives the one before.

    Who has no site left is signed out everywhere. Raises `Conflict` when the site would be left without an owner.
    """
    # Locked, so that of two owners who take each other away at once one stays.
    owners = db.session.scalars(
        sa.select(SiteModerator.moderator_id)
        .where(SiteModerator.site_id == site_id, SiteModerator.role == Role.OWNER)
        .with_for_update()
    ).all()
    before = moderators.role_on(site_id, person)
    if list(owners) == [person] and role is not Role.OWNER:
        raise Conflict(LAST_OWNER)
    if role is not None:
        moderators.assign(site_id, person, role)
    elif before is not None:
        _take_away(site_id, person)
    return before


def _take_away(site_id: str, person: UUID) -> None:
    mine = sa.delete(SiteModerator).where(SiteModerator.site_id == site_id, SiteModerator.moderator_id == person)
    db.session.execute(mine)
    if moderators.as_actor(moderators.get(person)).sites == {}:
        sessions.end_all(person)
        db.session.execute(sa.delete(SignInLink).where(SignInLink.moderator_id == person))


def _administrators() -> Sequence[Moderator]:
    everywhere = sa.select(Moderator).where(Moderator.everywhere)
    return db.session.scalars(everywhere.order_by(Moderator.name, Moderator.id)).all()
