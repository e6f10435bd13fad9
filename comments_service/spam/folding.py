"""One spelling for one word: case, width, invisible characters and look-alike letters folded away."""

import html
import re
import unicodedata
from functools import lru_cache

REMEMBERED = 16  # texts, or names: those that are being judged just now, which several checks ask about
LONGEST = 3000  # characters that are looked at: the first two thirds and the last third of what was written

INVISIBLE = dict.fromkeys(
    (0xAD, 0x34F, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFE0F, 0xFEFF)
)
# Letters of other alphabets that are drawn like Latin ones. They are folded only inside a word that
# mixes alphabets: a Russian word is a Russian word.
_LOOK_ALIKES = str.maketrans(
    "авеёкмнорстухіїјѕԁɡһӏьαβεηικμνορτυχɑı",
    "abeekmhopctyxiijsdghlbabenikmvoptuxai",
)
_DIGITS = str.maketrans("0158i", "olsbl")  # and the i, which as a capital is drawn like an l
_WORD = re.compile(r"\w+")
_LATIN = re.compile(r"[a-z]")
_OTHER = re.compile(r"[\u0370-\u03ff\u0400-\u052fɑɡı]")
_ALPHABETS = re.compile(r"[\u0370-\u052f]")  # Greek and Cyrillic; the dotless i is Turkish, and a letter like any
_TAG = re.compile(r"<[/a-zA-Z!][^<>]{0,500}>")
_STRETCHED = re.compile(r"([^\W\d_w])\1{2,}")  # letters: not numbers, and not "www"


def plain(text: str) -> str:
    """`text` without markup, entities and invisible characters, in compatible form (NFKC); case is kept."""
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(INVISIBLE))


@lru_cache(REMEMBERED)
def fold(text: str) -> str:
    """`plain` text with case, stretched letters ("soooo") and look-alike letters folded too."""
    folded = text.casefold()
    if has_look_alikes(folded):
        folded = _WORD.sub(_latin, folded)
    return _STRETCHED.sub(r"\1\1", folded)


@lru_cache(REMEMBERED)
def outline(name: str) -> str:
    """Equal for names that look the same: without case, accents, signs and spaces, each letter for its look-alikes."""
    letters = unicodedata.normalize("NFKD", plain(name).casefold().translate(_LOOK_ALIKES)).translate(_LOOK_ALIKES)
    return "".join(letter for letter in letters if letter.isalnum()).translate(_DIGITS)


def has_look_alikes(text: str) -> bool:
    """Whether a word of the case-folded `text` mixes Latin letters with Cyrillic or Greek ones."""
    words = _WORD.findall(text) if _ALPHABETS.search(text) else []
    return any(_ALPHABETS.search(word) and _LATIN.search(word) for word in words)


def shorten(text: str) -> str:
    """The part of a long `text` that is looked at: its beginning, and its end, where links hide."""
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST * 2 // 3] + "\n" + text[-LONGEST // 3 :]


def _mixes(word: str) -> bool:
    return _OTHER.search(word) is not None and _LATIN.search(word) is not None


def _latin(word: re.Match[str]) -> str:
    return word[0].translate(_LOOK_ALIKES) if _mixes(word[0]) else word[0]
