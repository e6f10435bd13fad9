"""Slow mode: a person writes once in so many minutes, where a site says so."""

import math
from datetime import timedelta

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment
from ..compiled import Compiled
from ..database import first_id
from ..errors import TooMany
from ..i18n import N_
from ..sites.policy import Policy

SOON = N_("Everybody writes a little slower here. Please try again in {minutes} min; what you wrote is kept.")

# Whoever types another address is the same person, and so is who comes back from another place with the same one.
_LAST = Compiled(
    sa.select(sa.func.max(Comment.created_at, type_=Comment.created_at.type)).where(
        Comment.site_id == sa.bindparam("site_id"),
        Comment.id > sa.bindparam("first"),
        Comment.created_at > sa.bindparam("begin"),
        sa.or_(
            Comment.network_key == sa.bindparam("network_key"),
            Comment.address_key == sa.bindparam("address_key"),
        ),
    )
)


def refuse_soon(submission: Submission, policy: Policy) -> None:
    """Refuse a comment that comes too soon after the last of the same address or place; raises `TooMany`."""
    if not policy.slow_minutes:
        return
    pause = timedelta(minutes=policy.slow_minutes)
    begin = submission.arrived_at - pause
    asked = {
        "site_id": submission.site_id,
        "first": first_id(begin),
        "begin": begin,
        "network_key": submission.network_key,
        "address_key": submission.address.lookup,
    }
    last = _LAST.scalar(asked)
    if last is not None:
        raise TooMany(SOON, math.ceil((last - begin).total_seconds()))
