"""The hosts that a text links to, and the registrable domain of a host."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

# An address with a scheme or "www." counts whatever its ending; a bare one only below endings that are
# not also words ("love it.is it", "see you.to the end").
_ENDINGS = (
    "com|net|org|info|biz|edu|gov|ru|su|ua|by|kz|рф|de|fr|pl|nl|uk|eu|cz|es|ro|tr|br|mx|ar|cn|tw|jp|kr|vn|au|ca|ir|"
    "xyz|top|shop|store|online|site|website|space|club|icu|vip|app|dev|tech|pro|cc|io|co|ai|ly|gl|gg|gd|tk|ml|ga|cf|"
    "link|click|blog|news|agency|casino|bet|loan|win|bid|stream"
)
_LINK = re.compile(
    rf"(?:https?://|//|\bwww\.)([^\s/?#<>\"'()\[\]]+)|(?<![\w@.-])((?:[\w-]+\.)+(?:{_ENDINGS}))(?![\w-])", re.IGNORECASE
)
_ADDRESS = re.compile(r"(?:https?:)?//\S*|www\.\S*", re.IGNORECASE)


def linked(text: str) -> list[str]:
    """The hosts linked to in `text`, in order and as often as they occur, in lower case and without "www."."""
    if "." not in text:
        return []
    return [clean(found[1] or found[2]) for found in _LINK.finditer(text)]


def unlinked(text: str) -> str:
    """`text` without the web addresses in it."""
    if "//" not in text and "www." not in text.lower():  # as most are: to look at each place takes much longer
        return text
    return _ADDRESS.sub(" ", text)


def clean(host: str) -> str:
    """`host` in lower case, without user, port, "www." and the dot or comma that ended the sentence."""
    return host.rpartition("@")[2].partition(":")[0].rstrip(".,;!*_").lower().removeprefix("www.")


def of(address: str) -> str:
    """The host of a web address as it is shown; the address itself where it has none."""
    try:
        return shown(urlsplit(address).hostname or address)
    except ValueError:
        return address


def shown(host: str) -> str:
    """`host` as it is read and, where that may deceive, as the network knows it: "exаmple.com (xn--exmple-4nf.com)"."""
    try:
        known = host.encode("idna").decode("ascii")
        read = known.encode("ascii").decode("idna")
    except UnicodeError:
        return host
    return host if read == known else f"{read} ({known})"


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """The domain that somebody registered to have `host` ("blog.example.co.uk" gives "example.co.uk")."""
    return _suffixes().privatesuffix(host) or host


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The public suffix list, read once (60 ms), when the first link is met."""
    return PublicSuffixList()
