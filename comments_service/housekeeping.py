"""What is forgotten with time: keys of requests, networks, and what lay in the trash as long as its site says."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from .accounts import invitations
from .comments.models import Comment
from .database import transaction
from .extensions import db
from .moderation import purge
from .sites.models import Site
from .sites.policy import of
from .spam import room
from .submissions.models import IdempotencyKey
from .submissions.submit import KEY_LIFETIME

NETWORK_LIFETIME = timedelta(days=30)
BATCH = 500  # rows of one transaction, so that nobody waits long who writes


def keep_house(now: datetime) -> None:
    """Forget what is kept for a time only, site by site and in small transactions."""
    _forget_requests(now)
    _forget_invitations(now)
    for site_id, days in _sites():
        while _forget_networks(site_id, now) == BATCH:
            pass
        while days and purge.empty_trash(site_id, days, now, BATCH) == BATCH:
            pass
    while make_room(now):
        pass


def _sites() -> list[tuple[str, int]]:
    """The sites, and after how many days each empties its trash."""
    return [(site.id, of(site).trash_days) for site in db.session.scalars(sa.select(Site).order_by(Site.id))]


@transaction
def _forget_requests(now: datetime) -> None:
    db.session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEY_LIFETIME))


@transaction
def _forget_invitations(now: datetime) -> None:
    invitations.forget_old(now)


@transaction
def _forget_networks(site_id: str, now: datetime) -> int:
    """Forget where a batch of a site's comments came from; how many there were."""
    # Said so, that there is one, the index of networks serves: those that are forgotten are not in its way.
    some = (Comment.site_id == site_id, Comment.network_key >= b"")
    old = sa.select(Comment.id).where(*some, Comment.created_at < now - NETWORK_LIFETIME)
    ids = list(db.session.scalars(old.limit(BATCH)))
    # Of short texts, which have no shape, the group tells the network.
    db.session.execute(
        sa.update(Comment)
        .where(Comment.site_id == site_id, Comment.id.in_(ids))
        .values(network_key=None, group_key=sa.case((Comment.shape.is_not(None), Comment.group_key)))
        .execution_options(synchronize_session=False)
    )
    return len(ids)


@transaction
def make_room(now: datetime) -> int:
    """Remove a batch of the oldest spam beyond what each site keeps; how many comments were removed."""
    return room.make_everywhere(now)
