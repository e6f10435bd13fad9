"""Words that a search names. A word is a run of letters and digits, whatever its case, to either database's index."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from ..comments.models import Comment

TEXT = ("name", "website", "body")

_WORD = re.compile(r"[^\W_]")
_PLAIN = re.compile(r"[^\W_]+\*?")
# Scripts without spaces between words: neither index knows where a word begins.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SIGNS = str.maketrans({chr(code): " " for code in range(33, 127) if not chr(code).isalnum()})


@dataclass(frozen=True)
class Term:
    """Words in a row, in one of `fields`; with `prefix`, the last one may go on."""

    text: str
    fields: tuple[str, ...] = TEXT
    prefix: bool = False

    @property
    def words(self) -> str:
        """The text with a space for each sign, for that is what signs are to an index."""
        return self.text.translate(_SIGNS)

    @cached_property
    def indexed(self) -> bool:
        """Whether an index can find it."""
        return bool(_WORD.search(self.text)) and not _UNSPACED.search(self.text)

    @cached_property
    def literal(self) -> bool:
        """Whether it is looked for as written, too: an index knows of letters and digits only."""
        if not self.indexed:
            return True
        # The signs of the reasons are JSON's and tell nothing.
        checks = self.fields == ("reasons",)
        return not checks and self.text.isascii() and not all(map(_PLAIN.fullmatch, self.text.split()))

    @property
    def as_written(self) -> sa.ColumnElement[bool]:
        """That a comment has it literally."""
        return sa.or_(*(getattr(Comment, name).icontains(self.text, autoescape=True) for name in self.fields))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        row = r"[\W_]+".join(re.findall(r"[^\W_]+", self.text))
        return re.compile(r"(?<![^\W_])" + row + ("" if self.prefix else r"(?![^\W_])"), re.IGNORECASE)

    def stands_in(self, comment: Any) -> bool:
        """Whether the texts of `comment` have it, as an index would say and literally."""
        texts = [getattr(comment, name) for name in self.fields]
        if self.literal and not any(self.text.lower() in text.lower() for text in texts):
            return False
        return not self.indexed or any(map(self._pattern.search, texts))
