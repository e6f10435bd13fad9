"""Tags by which a cache at the edge (a CDN) knows what an answer is about, to drop it once that has changed.

An answer bears the tag of its site, and that of its page or, when it tells of several, of all.
"""

from collections.abc import Iterable
from hashlib import blake2b

LIFETIME = 3600  # seconds; a request to drop something that got lost does harm for no longer


def of_page(site_id: str, page: str) -> str:
    """The tag of what is about one page."""
    return f"{site_id}/{blake2b(page.encode(), digest_size=8).hexdigest()}"


def of_all(site_id: str) -> str:
    """The tag of what changes with any page of the site."""
    return f"{site_id}/all"


def headers(site_id: str, page: str | None) -> dict[str, str]:
    """The tags of an answer, as the different caches read them."""
    tags = (site_id, of_all(site_id) if page is None else of_page(site_id, page))
    return {"Surrogate-Key": joined(tags), "Cache-Tag": ",".join(tags)}


def joined(tags: Iterable[str]) -> str:
    """Tags in one header, as `Surrogate-Key` has them."""
    return " ".join(tags)
