"""The form's token: the signed time at which writing below a page began."""

from datetime import datetime, timedelta
from hashlib import blake2s

from ..signing import BadToken, Purpose, Signer

LIFETIME = timedelta(hours=24)
DIGEST_BYTES = 16


def issue(site_id: str, page: str, signer: Signer, now: datetime) -> str:
    """The token for a form below `page` that somebody begins to fill in now."""
    return signer.sign(Purpose.FORM, _about(site_id, page), now)


def began_at(token: str, site_id: str, page: str, signer: Signer, now: datetime) -> datetime | None:
    """When writing began; None without a valid token, which is evidence for the checks and no error."""
    try:
        payload, signed_at = signer.read(Purpose.FORM, token, now, LIFETIME)
    except BadToken:
        return None
    return signed_at if payload == _about(site_id, page) else None


def _about(site_id: str, page: str) -> list[str]:
    # A page's own key may be longer than the form takes a token to be.
    return [site_id, blake2s(page.encode(), digest_size=DIGEST_BYTES).hexdigest()]
