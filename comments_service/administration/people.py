"""A site's people: inviting, changing roles, taking away; each an event of its log, with names and no address."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from ..accounts import invitations, moderators, people, sessions
from ..accounts.actor import Actor
from ..accounts.models import Invitation, Role
from ..accounts.people import Person
from ..accounts.sessions import Visit
from ..database import transaction
from ..errors import Conflict, FieldError, Forbidden, InvalidForm, NotFound
from ..extensions import db
from ..i18n import N_, Sayable, Sentence
from ..moderation import details
from ..moderation.details import FORMS, Form, Shown
from ..moderation.models import Event, Kind
from ..notify import outbox
from ..privacy.sealing import Sealer
from ..signing import Signer


class Step(msgspec.Struct, frozen=True):
    """What an event did with somebody's role; with that of an invitation until he has come."""

    invited: bool
    id: UUID
    name: str
    before: Role | None
    after: Role | None


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom to invite, as the form says it."""

    name: str
    address: str
    role: Role


@transaction
def invite(site_id: str, guest: Guest, actor: Actor, sealer: Sealer, now: datetime) -> Invitation:
    """Invite somebody to the site; the invitation waits in the outbox, too.

    Raises `NotFound` and `Forbidden` for who does not own the site, `InvalidForm` for a name or an address that cannot
    be one and for somebody who is there.
    """
    actor.check_owner(site_id)
    invitation = invitations.add(site_id, guest.name, guest.address, guest.role, sealer)
    there = moderators.by_key(invitation.address_key)
    if there is not None and moderators.role_on(site_id, there.id) is not None:
        message = N_("Whoever has this address is among the people of this site already.")
        raise InvalidForm([FieldError("email", "there-already", message)], message)
    invitation.created_at = now
    db.session.add(invitation)
    outbox.enqueue(site_id, outbox.INVITATION, {outbox.INVITATION: str(invitation.id)}, now, outbox.AT_ONCE)
    details.log(site_id, Step(True, invitation.id, invitation.name, None, invitation.role), Kind.PEOPLE, actor, now)
    return invitation


@transaction
def withdraw(site_id: str, invitation_id: UUID, actor: Actor, now: datetime) -> UUID:
    """Take an invitation back; gives the event. Raises `NotFound` and `Forbidden`."""
    actor.check_owner(site_id)
    step = _withdrawn(invitations.get(site_id, invitation_id, now))
    return details.log(site_id, step, Kind.PEOPLE, actor, now)


@transaction
def accept(token: str, who: Actor | None, visit: Visit, sealer: Sealer, signer: Signer) -> str | None:
    """Come in by an invitation: as somebody new, whose session's token is given, or as `who` is signed in.

    Raises `NotFound` for a link that is good no more, `Forbidden` for an invitation to another address, `NeedsAccount`
    when the address has an account, which its owner has to open himself.
    """
    invitation = invitations.read(token, signer, visit.now)
    moderator = moderators.by_key(invitation.address_key)
    if who is not None and (moderator is None or who.id != moderator.id):
        raise Forbidden(N_("This invitation is for another address than yours. Sign out, and open it again."))
    if who is None and moderator is not None:
        raise NeedsAccount(N_("Sign in to your account first, and open this invitation again."))
    session = None
    if moderator is None:
        moderator = moderators.new(sealer.open(invitation.address_sealed, invitation.id), sealer, visit.now)
        moderator.name = invitation.name
        session = sessions.begin(moderator.id, visit, by_link=True)
    site_id, role = invitation.site_id, invitation.role
    db.session.delete(invitation)
    if moderators.role_on(site_id, moderator.id) is None:  # else somebody else let him in meanwhile
        people.set_role(site_id, moderator.id, role)
        step = Step(False, moderator.id, moderator.name, None, role)
        details.log(site_id, step, Kind.PEOPLE, moderators.as_actor(moderator), visit.now)
    return session


class NeedsAccount(Conflict):
    """Whoever is invited has an account, and is not signed in."""


@transaction
def set_role(site_id: str, person: UUID, role: Role | None, actor: Actor, now: datetime) -> UUID | None:
    """Give one of the site's people another role, or none; gives the event, None when nothing changed.

    Raises `NotFound` for somebody who is not there and for another's site, `Forbidden`, `Conflict` for the last owner.
    """
    actor.check_owner(site_id)
    before = moderators.role_on(site_id, person)
    if before is None:
        raise NotFound(N_("There is no such person on this site."))
    if before is role:
        return None
    people.set_role(site_id, person, role)
    return details.log(site_id, Step(False, person, moderators.get(person).name, before, role), Kind.PEOPLE, actor, now)


@transaction
def turn(event: Event, actor: Actor, now: datetime) -> UUID:
    """Turn a change of the people round; gives the event. Raises `Conflict` for what has moved on since."""
    actor.check_owner(event.site_id)
    step = msgspec.json.decode(event.detail or "", type=Step)
    turned = _uninvited(event.site_id, step, now) if step.invited else _restored(event.site_id, step)
    return details.log(event.site_id, turned, Kind.UNDO, actor, now, undoes=event.id)


def shown(detail: str) -> Shown:
    """The step without the ids of people."""
    step = msgspec.to_builtins(msgspec.json.decode(detail, type=Step))
    return {name: value for name, value in step.items() if name != "id"}


def told(step: Shown) -> tuple[Sayable, ...]:
    """Whose role became what."""
    before, after = step["before"], step["after"]
    if step["invited"]:
        sentence = N_("{name} is invited as {after}") if after else N_("{name} is not invited any more")
    elif before and after:
        sentence = N_("{name} is {after}, no longer {before}")
    else:
        sentence = N_("{name} is {after}") if after else N_("{name} is no longer {before}")
    roles = {"before": (before or "",), "after": (after or "",)}
    return (Sentence(sentence, {"name": step["name"], **roles}),)


def listed(site_id: str, actor: Actor) -> list[Person]:
    """Who decides for the site; raises `NotFound` and `Forbidden` for who does not own it."""
    actor.check_owner(site_id)
    return people.of(site_id)


def _uninvited(site_id: str, step: Step, now: datetime) -> Step:
    if step.after is None:
        raise Conflict(N_("A link that was withdrawn stays so. Invite them again."))
    try:
        return _withdrawn(invitations.get(site_id, step.id, now))
    except NotFound as error:
        raise Conflict(N_("This invitation does not wait any more.")) from error


def _restored(site_id: str, step: Step) -> Step:
    if moderators.role_on(site_id, step.id) is not step.after:
        raise Conflict(N_("Their role was changed again since."))
    people.set_role(site_id, step.id, step.before)
    return Step(False, step.id, moderators.get(step.id).name, step.after, step.before)


def _withdrawn(invitation: Invitation) -> Step:
    db.session.delete(invitation)
    db.session.flush()
    return Step(True, invitation.id, invitation.name, invitation.role, None)


FORMS[Kind.PEOPLE] = Form(shown, told, turn, for_owners=True)
