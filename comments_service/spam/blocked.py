"""Whom the moderators of a site have blocked: an address, a domain, a name or a network.

The comment goes to spam without a word: who is blocked is answered as if it waited.
"""

from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import zip_longest

import sqlalchemy as sa

from ..comments.form import Submission
from ..database import table
from ..extensions import connection
from ..i18n import N_, Sayable, Sentence
from ..sites.policy import Policy
from . import hosts
from .folding import REMEMBERED, outline
from .judgement import Evidence, Known
from .looks import NOTHING, ONE, Look
from .models import Listed, ListKind

BLOCKS = (ListKind.ADDRESS, ListKind.DOMAIN, ListKind.NAME, ListKind.NETWORK)
SAID = {
    ListKind.ADDRESS: N_("The address is blocked."),
    ListKind.DOMAIN: N_("The domain {shown} is blocked."),
    ListKind.NAME: N_("The name “{shown}” is blocked."),
    ListKind.NETWORK: N_("The network is blocked."),
}
REASON = N_("Reason: {reason}")

_TABLE = table(Listed)
_FOUND = (
    sa.select(_TABLE.c.kind, _TABLE.c.shown, _TABLE.c.reason)
    .where(
        _TABLE.c.site_id == sa.bindparam("site_id"),
        _TABLE.c.kind.in_(BLOCKS),
        _TABLE.c.key.in_(sa.bindparam("keys", expanding=True)),
        _TABLE.c.expires_at.is_(None) | (_TABLE.c.expires_at > sa.bindparam("now")),
    )
    .order_by(_TABLE.c.kind, _TABLE.c.shown)
    .limit(1)
)
_KEYS = tuple(f"blocked_{number}" for number in range(16))  # as many as a usual comment has; a longer one asks itself
_ANY = sa.select(NOTHING, ONE).where(
    _TABLE.c.site_id == sa.bindparam("site_id"),
    _TABLE.c.kind.in_([sa.literal(kind, _TABLE.c.kind.type) for kind in BLOCKS]),
    _TABLE.c.key.in_([sa.bindparam(name, type_=_TABLE.c.key.type) for name in _KEYS]),
)


def _asked(submission: Submission) -> dict[str, bytes | None]:
    return dict(zip_longest(_KEYS, _keys(submission)[: len(_KEYS)]))


LOOKS = (Look("blocked", _ANY.limit(1), _asked),)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """As many points as it takes to make it spam, whatever speaks for it."""
    keys = _keys(submission)
    if not known.seen["blocked"] and len(keys) <= len(_KEYS):
        return None
    found = _find(submission.site_id, keys, submission.arrived_at)
    if found is None:
        return None
    kind, shown, reason = found
    so_far = sum(evidence.points for evidence in known.found)
    said: list[Sayable] = [Sentence(SAID[kind], {"shown": shown})]
    if reason:
        said.append(Sentence(REASON, {"reason": reason}))
    return Evidence("blocked", max(policy.spam_at, policy.spam_at - so_far), tuple(said))


def domain_key(domain: str) -> bytes:
    """The key that a blocked domain is listed under."""
    return _digest("domain", hosts.clean(domain))


def name_key(name: str) -> bytes | None:
    """The key that a blocked name is listed under; None for a name without a letter."""
    folded = outline(name)
    return _digest("name", folded) if folded else None


def _keys(submission: Submission) -> list[bytes]:
    """Everything about `submission` that could be blocked."""
    written = f"{submission.name} {submission.website} {submission.body}"
    named = _named(submission.name, written, submission.email_domain)
    return [key for key in (submission.address.lookup, submission.network_key, *named) if key]


@lru_cache(REMEMBERED)
def _named(name: str, written: str, email_domain: str) -> tuple[bytes | None, ...]:
    """The keys of a name, and of the domains that stand in what was `written` or that mail comes from."""
    domains = {part for host in [*hosts.linked(written), email_domain] for part in _within(host)}
    return (name_key(name), *map(domain_key, domains))


def _within(host: str) -> list[str]:
    """`host` and the domains that it is part of."""
    labels = host.lower().split(".")
    return [".".join(labels[place:]) for place in range(len(labels) - 1)]


def _find(site_id: str, keys: list[bytes], now: datetime) -> tuple[ListKind, str, str] | None:
    row = connection().execute(_FOUND, {"site_id": site_id, "keys": keys, "now": now}).first()
    return (row.kind, row.shown, row.reason) if row else None


def _digest(kind: str, text: str) -> bytes:
    return sha256(f"{kind}\0{text}".encode("utf-8", "replace")).digest()[:16]
