"""Texts that say nearly the same: a few words changed, added or left out.

Two texts are alike by the share of their pairs of neighbouring words that both have. Keys that are stored beside a
comment find those that may be: each key is the smallest two of all pairs in an order of its own, so that two texts have
a key in common with a chance of their likeness squared (A. Broder, "On the resemblance and containment of documents",
1997; in bands as by A. Rajaraman and J. Ullman, "Mining of Massive Datasets", 3.4).
"""

import re
from hashlib import blake2s
from itertools import pairwise
from zlib import crc32

from ..comments.models import NEAR
from . import hosts
from .features import split
from .folding import fold, plain, shorten

FEWEST = 8  # pairs; shorter texts are alike by accident
ALIKE = 0.45  # of the pairs of both; below three videos, no two readers are more than 0.3 alike

_BITS = 32
# The smallest in an order is what differs from its number in the lowest bits alone.
_ORDERS = tuple(int.from_bytes(blake2s(b"order %d" % number).digest()[:4]) for number in range(2 * len(NEAR)))
_QUOTED = re.compile(r"^ {0,3}>.*$", re.MULTILINE)

Pairs = frozenset[int]


def pairs(body: str) -> Pairs:
    """The pairs of neighbouring words of `body`, hashed; what is quoted, addresses and numbers are left out."""
    own = hosts.unlinked(_QUOTED.sub(" ", shorten(body)))
    words = [word for word in split(fold(plain(own))) if not word.isdigit()]
    # All at once: a call for each pair takes twice as long.
    written = " ".join(words).encode("utf-8", "replace").split()
    return frozenset(map(crc32, map(b" ".join, pairwise(written))))


def keys(found: Pairs) -> tuple[int | None, ...]:
    """What is stored beside a comment, and looked up: numbers of 64 bits with sign; None for a short text."""
    if len(found) < FEWEST:
        return (None,) * len(NEAR)
    smallest = [min([each ^ order for each in found]) ^ order for order in _ORDERS]
    return tuple((first << _BITS | second) - (1 << 63) for first, second in pairwise(smallest))[::2]


def likeness(one: Pairs, other: Pairs) -> float:
    """The share of the pairs of both that each of them has, from 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 0.0
