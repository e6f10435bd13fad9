"""The script that a text is written in: the one of more than half of its letters."""

from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from itertools import islice

from ..i18n import N_
from . import hosts
from .folding import REMEMBERED, plain

FEWEST_LETTERS = 5  # "ok" and ":D" are written everywhere
LOOKED_AT = 400  # letters

EAST_ASIAN = N_("Chinese or Japanese")  # who writes the one is understood where the other is written
# Where each script begins, by the blocks of Unicode; what is written in no script of its own is "".
_BLOCKS = (
    (0x00, N_("Latin")),
    (0x2B0, ""),
    (0x370, N_("Greek")),
    (0x400, N_("Cyrillic")),
    (0x530, N_("Armenian")),
    (0x590, N_("Hebrew")),
    (0x600, N_("Arabic")),
    (0x700, N_("Syriac")),
    (0x750, N_("Arabic")),
    (0x780, N_("Thaana")),
    (0x7C0, ""),
    (0x8A0, N_("Arabic")),
    (0x900, N_("Devanagari")),
    (0x980, N_("Bengali")),
    (0xA00, N_("Gurmukhi")),
    (0xA80, N_("Gujarati")),
    (0xB00, N_("Odia")),
    (0xB80, N_("Tamil")),
    (0xC00, N_("Telugu")),
    (0xC80, N_("Kannada")),
    (0xD00, N_("Malayalam")),
    (0xD80, N_("Sinhala")),
    (0xE00, N_("Thai")),
    (0xE80, N_("Lao")),
    (0xF00, N_("Tibetan")),
    (0x1000, N_("Burmese")),
    (0x10A0, N_("Georgian")),
    (0x1100, N_("Korean")),
    (0x1200, N_("Ethiopic")),
    (0x13A0, ""),
    (0x1780, N_("Khmer")),
    (0x1800, ""),
    (0x1C90, N_("Georgian")),
    (0x1CC0, ""),
    (0x1E00, N_("Latin")),
    (0x1F00, N_("Greek")),
    (0x2000, ""),
    (0x2C60, N_("Latin")),
    (0x2C80, ""),
    (0x2D00, N_("Georgian")),
    (0x2D30, ""),
    (0x2DE0, N_("Cyrillic")),
    (0x2E00, ""),
    (0x3040, EAST_ASIAN),
    (0x3130, N_("Korean")),
    (0x3190, EAST_ASIAN),
    (0xA000, ""),
    (0xA640, N_("Cyrillic")),
    (0xA6A0, ""),
    (0xA720, N_("Latin")),
    (0xA800, ""),
    (0xAC00, N_("Korean")),
    (0xD800, ""),
    (0xF900, EAST_ASIAN),
    (0xFB00, ""),
    (0xFB50, N_("Arabic")),
    (0xFE00, ""),
    (0x20000, EAST_ASIAN),
    (0x32000, ""),
)
_STARTS = tuple(start for start, _ in _BLOCKS)


@lru_cache(REMEMBERED)
def of(text: str) -> str | None:
    """The name of the script of `text`; None where no script has more than half of its letters, or they are few."""
    written = plain(hosts.unlinked(text))
    alphabetic = filter(str.isalpha, written)
    if written.isascii():  # as most are: it has letters of one script only
        return _BLOCKS[0][1] if any(islice(alphabetic, FEWEST_LETTERS - 1, None)) else None
    letters = Counter(islice(alphabetic, LOOKED_AT))
    if letters.total() < FEWEST_LETTERS:
        return None
    numbers: Counter[str] = Counter()
    for letter, number in letters.items():
        numbers[_BLOCKS[bisect_right(_STARTS, ord(letter)) - 1][1]] += number
    script, number = numbers.most_common(1)[0]
    return script if script and 2 * number > letters.total() else None
