"""Invitations to moderate a site, each good once and within a week.

Whoever holds the link may come in as somebody new. It never opens an account that is there already: an owner who
reads a link he made for somebody shall not come by what that person may do on another's site.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ..database import uuid7
from ..errors import NotFound
from ..extensions import db
from ..i18n import N_
from ..privacy.sealing import Sealer
from ..signing import BadToken, Purpose, Signer
from . import moderators
from .models import Invitation, Role

LIFETIME = timedelta(days=7)
USELESS = N_("This invitation was used already, was withdrawn, or is older than a week. Ask for a new one.")


def add(site_id: str, name: str, address: str, role: Role, sealer: Sealer) -> Invitation:
    """An invitation that is not dated yet, in place of an older one to the same address.

    Inside the caller's transaction. Raises `InvalidForm` for a name or an address that cannot be one.
    """
    row, normal = uuid7(), moderators.normalised(address)
    kept = sealer.seal(normal, row)
    older = sa.delete(Invitation).where(Invitation.site_id == site_id, Invitation.address_key == kept.lookup)
    db.session.execute(older)
    invitation = Invitation(site_id=site_id, id=row, name=moderators.checked_name(name), role=role)
    invitation.address_sealed, invitation.address_key = kept.sealed, kept.lookup
    return invitation


def token(invitation: Invitation, signer: Signer) -> str:
    """What its link ends in."""
    payload = [invitation.site_id, invitation.id.hex]
    return signer.sign(Purpose.INVITATION, payload, invitation.created_at)


def read(text: str, signer: Signer, now: datetime) -> Invitation:
    """The invitation of the token `text`; raises `NotFound`."""
    try:
        (site_id, row), _ = signer.read(Purpose.INVITATION, text, now, LIFETIME)
    except BadToken as error:
        raise NotFound(USELESS) from error
    return get(site_id, UUID(row), now)


def get(site_id: str, invitation_id: UUID, now: datetime) -> Invitation:
    """A site's invitation that is still good; raises `NotFound`."""
    invitation = db.session.get(Invitation, (site_id, invitation_id))
    if invitation is None or invitation.created_at <= now - LIFETIME:
        raise NotFound(USELESS)
    return invitation


def of(site_id: str, now: datetime) -> Sequence[Invitation]:
    """The site's invitations that wait, the newest first."""
    good = sa.select(Invitation).where(Invitation.site_id == site_id, Invitation.created_at > now - LIFETIME)
    return db.session.scalars(good.order_by(Invitation.id.desc())).all()


def forget_old(now: datetime) -> None:
    """Remove those that are good no more, inside the caller's transaction."""
    db.session.execute(sa.delete(Invitation).where(Invitation.created_at <= now - LIFETIME))
