"""Cleaning what was typed: one spelling of it, and nothing in it that plays tricks.

Repaired are things that no person types on purpose and nobody would miss; a lone surrogate, which cannot be stored, is
refused. Nothing is ever cut: a text that is too long is refused whole.
"""

import re
import unicodedata

MAX_MARKS = 4  # combining marks on one character; Vietnamese, Hebrew, Thai and Tibetan need fewer

_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Controls but tab and line feed; the bidirectional embeddings, overrides and isolates; byte-order marks and tags.
_REMOVED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_LINE_BREAK = re.compile("\r\n|[\r\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*){3,}")
_SPACES = re.compile(r"\s+")


class NotText(ValueError):
    """A string that is no Unicode text."""


def many_lines(raw: str) -> str:
    """`raw` as a text of several lines: NFC, line feeds, no control but tab, at most two blank lines in a row."""
    text = _LINE_BREAK.sub("\n", _known(raw))
    return _BLANK_LINES.sub("\n\n\n", harmless(text)).strip()


def one_line(raw: str) -> str:
    """`raw` as one line: whatever white space or line break it holds becomes a single space."""
    if raw.isascii() and raw.isprintable():  # as most are: nothing in it but the spaces has another spelling
        return " ".join(raw.split())
    return _SPACES.sub(" ", harmless(_SPACES.sub(" ", _known(raw)))).strip()


def is_visible(text: str) -> bool:
    """Whether a reader would see anything of `text`: a letter, a number, punctuation or a symbol."""
    return any(
        unicodedata.category(character)[0] in "LNPS" and character not in "\u3164\u115f\u1160\uffa0\u2800"
        for character in text
    )


def _known(raw: str) -> str:
    if _SURROGATE.search(raw):
        raise NotText("a lone surrogate is no character")
    return raw


def harmless(text: str) -> str:
    """`text` in NFC, without controls, bidirectional overrides and towers of combining marks."""
    return _without_towers(unicodedata.normalize("NFC", _REMOVED.sub("", text)))


def _without_towers(text: str) -> str:
    """`text` with at most `MAX_MARKS` combining marks in a row."""
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))
