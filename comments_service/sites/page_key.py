"""The key of a page: one spelling for one article."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode

from ..errors import FieldError, InvalidForm
from ..i18n import N_, Translate

MAX_LENGTH = 512
PATH_CHARACTERS = "/!$&'()*+,;=:@~"
REQUIRED = N_("The page is missing.")
WRONG = N_("This is not a page of this site.")
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def normalise(page: object, origins: Collection[str], parameters: Collection[str], translate: Translate) -> str:
    """The canonical key of `page`, at most 512 characters.

    An address below one of `origins` becomes its path; the fragment goes, of the query only `parameters` stay,
    percent-encoding becomes canonical, a slash at the end goes. Any other string is kept as it is: a site may
    choose its own keys. Raises `InvalidForm` naming `page`.
    """
    if not isinstance(page, str) or not page.strip():
        raise InvalidForm([FieldError("page", "required", translate(REQUIRED))])
    key = page.strip()
    if len(key) > MAX_LENGTH * 4 or FORBIDDEN.search(key):
        raise InvalidForm([FieldError("page", "invalid-page", translate(WRONG))])
    if key.lower().startswith(("http://", "https://")):
        key = _path_of(key, origins, translate)
    if key.startswith("/"):
        key = _canonical(key, tuple(parameters))
    if len(key) > MAX_LENGTH:
        raise InvalidForm([FieldError("page", "too-long", translate(WRONG))])
    return key


def _path_of(address: str, origins: Collection[str], translate: Translate) -> str:
    scheme, _, rest = address.partition("://")
    host, slash, path = re.match(r"([^/?#]*)(/?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if f"{scheme}://{host}".lower() not in origins:
        raise InvalidForm([FieldError("page", "invalid-page", translate(WRONG))])
    return slash + path if slash else "/" + path


@lru_cache(500)  # of up to 2,048 characters
def _canonical(address: str, parameters: tuple[str, ...]) -> str:
    address = address.partition("#")[0]
    path, _, query = address.partition("?")
    path = quote(_unquoted(path), safe=PATH_CHARACTERS)
    path = path.rstrip("/") or "/"
    kept = sorted((name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name in parameters)
    return path + (f"?{urlencode(kept)}" if kept else "")


def _unquoted(path: str) -> str:
    """`path` with percent-encoding undone where that is safe: `%2F` stays another thing than a slash."""
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", _byte, path.encode())
    return raw.decode("utf-8", "replace")


def _byte(found: "re.Match[bytes]") -> bytes:
    byte = bytes([int(found[1], 16)])
    return found[0].upper() if byte in b"/?#%" or byte < b" " else byte


def address(page: str, origins: Sequence[str]) -> str | None:
    """Where the article with the key `page` stands, or None when its key is not a path."""
    return origins[0] + page if origins and page.startswith("/") and not page.startswith("//") else None
