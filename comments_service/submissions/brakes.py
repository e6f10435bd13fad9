"""What holds a flood from many clients: limits for a network, a page and a site, and before them a proof of work.

Each client has its own limit (`http.limit`). Beyond the usual rate of a site, or of an IPv6 /48, a submission has to
bring a solved challenge; one without is asked to wait, and then let through to be held. A store that does not answer
turns nobody away.
"""

import ipaddress
import time
from dataclasses import dataclass
from typing import cast

from limits import RateLimitItem
from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport

from .. import config, http
from ..extensions import let_go, limiter
from . import challenge
from .challenge import Challenge, ChallengeRequired
from .submit import RequestKey, answered

WIDER = 48  # bits of an IPv6 address that one customer of a provider has
REMEMBERED = round(challenge.LIFETIME.total_seconds())


@dataclass(frozen=True, slots=True)
class Knock:
    """What is known of a submission at the door."""

    site_id: str
    page: str
    proof: str
    key: RequestKey | None


def admit(knock: Knock) -> bool:
    """Let a submission in; whether it is without the proof of work that it should have brought.

    Raises `TooMany` or `ChallengeRequired`.
    """
    let_go()  # who holds one connection and waits for another may wait for ever behind PgBouncer
    try:
        return _admit(knock)
    except limiter.storage.base_exceptions:  # of the configured one, whichever counts just now
        return False


def due(site_id: str) -> Challenge | None:
    """The challenge that a submission to the site had better solve now."""
    let_go()
    try:
        pressure = _pressure(config.current().site_rate, site_id)
    except limiter.storage.base_exceptions:  # of the configured one, whichever counts just now
        return None
    return _issue(site_id, pressure) if pressure > 1 else None


def _admit(knock: Knock) -> bool:
    settings = config.current()
    crowd = _crowd()
    if crowd:
        _hit(settings.network_rate, *crowd)
    fits = limiter.limiter.hit(settings.site_rate, "site", knock.site_id)
    pressure = _pressure(settings.site_rate, knock.site_id, crowd)
    unproven = False
    if not fits or pressure > 1:
        if _is_known(knock):
            return False
        if not _is_proven(knock):
            if not fits:
                raise http.refusal(settings.site_rate, "site", knock.site_id)
            if not _has_waited():
                raise ChallengeRequired(_issue(knock.site_id, pressure))
            unproven = True
    _hit(settings.page_rate, "page", http.sealer().fingerprint(knock.site_id, knock.page).hex())
    return unproven


def _hit(rate: RateLimitItem, *who: str) -> None:
    if not limiter.limiter.hit(rate, *who):
        raise http.refusal(rate, *who)


def _crowd() -> tuple[str, str] | None:
    """The key of the wider network that an IPv6 address is in: whoever has one /64 has thousands."""
    address = http.client_address()
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    wider = str(ipaddress.ip_network((address, WIDER), strict=False))
    return "network", http.sealer().client(wider).hex()


def _pressure(site_rate: RateLimitItem, site_id: str, crowd: tuple[str, str] | None = None) -> float:
    """How many times as much arrives at the site, or from the network, as goes without a challenge."""
    settings = config.current()
    found = _rate(site_rate, "site", site_id) / settings.challenge_rate
    if crowd:
        found = max(found, _rate(settings.network_rate, *crowd) / settings.network_rate.amount * 2)
    return found


def _rate(rate: RateLimitItem, *who: str) -> float:
    """How many were counted in the time of `rate`."""
    expiry = rate.get_expiry()
    storage = cast(SlidingWindowCounterSupport, _store())
    previous, previous_ttl, current, _ = storage.get_sliding_window(rate.key_for(*who), expiry)
    return previous * previous_ttl / expiry + current


def _issue(site_id: str, pressure: float) -> Challenge:
    return challenge.issue(site_id, pressure, http.sealer(), http.now())


def _is_known(knock: Knock) -> bool:
    """Whether this was answered before: it is answered the same again, its proof being used up."""
    return knock.key is not None and answered(knock.site_id, knock.key) is not None


def _is_proven(knock: Knock) -> bool:
    """Whether a challenge of ours was solved for this submission, and for no other before."""
    name = challenge.solved(knock.proof, knock.site_id, http.sealer(), http.now()) if knock.proof else None
    return name is not None and _store().incr(f"proof/{name}", 2 * REMEMBERED) == 1


def _has_waited() -> bool:
    """Whether this client was asked to wait, and did; each wait counts once."""
    key, now = f"waits/{http.client_key()}", time.time()
    store = _store()
    if not store.get(key):
        store.incr(key, REMEMBERED)
        return False
    if now < store.get_expiry(key) - REMEMBERED + challenge.WAIT_SECONDS:
        return False
    store.clear(key)
    return True


def _store() -> Storage:
    """Where hits are counted: the store, or memory while it does not answer."""
    return limiter.limiter.storage
