"""Refusing what another website makes a moderator's browser send.

Browsers say where a request comes from: in `Sec-Fetch-Site` (Fetch Metadata), older ones and those that reach us over
plain http in `Origin`. A page cannot forge either, so no token has to be put into forms.
"""

from urllib.parse import urlsplit

from ..errors import Forbidden
from ..i18n import N_

SAFE = {"GET", "HEAD", "OPTIONS"}
OWN_SITES = {"same-origin", "none"}  # none: the person himself, as by reloading
PORTS = {"http": 80, "https": 443}


def check(method: str, fetch_site: str | None, origin: str | None, own_origin: str) -> None:
    """Raise `Forbidden` unless a request that changes something comes from our own page.

    `fetch_site` and `origin` are the headers `Sec-Fetch-Site` and `Origin`, None where the browser sent none.
    """
    if method in SAFE:
        return
    from_us = fetch_site in OWN_SITES if fetch_site is not None else bool(origin) and origin == own_origin
    if not from_us:
        raise Forbidden(N_("This did not come from a page of this service, so nothing was done."))


def origin_of(address: str) -> str:
    """The origin of `address`, written as browsers do; empty when it has none."""
    try:
        parts = urlsplit(address)
        host, number = parts.hostname or "", parts.port
    except ValueError:
        return ""
    host = f"[{host}]" if ":" in host else host
    port = f":{number}" if number and number != PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{host}{port}" if host else ""
