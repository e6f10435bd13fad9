"""The site's own lists: words that hold a comment, and words that make it spam.

An entry is a word or several in a row, "*" in it stands for any letters, and "name:", "website:", "email:", "body:" or
"page:" before it says where alone it counts. Of an address only the part after the @ is looked at. Case, width,
invisible characters and look-alike letters make no difference.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..comments.form import Submission
from ..i18n import N_, Sentence
from ..sites.policy import Policy
from .folding import INVISIBLE, fold, plain
from .judgement import Evidence, Known

FIELDS = ("name", "website", "email", "body", "page")
SHOWN = 5
SAID = N_("On the site's list: {words}.")

_WORD = re.compile(r"[\w*]+")
_RAW = re.compile(rf"[\w*{''.join(map(chr, INVISIBLE))}]+")  # a word before it is folded
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list: as it was written, where it counts, and its words, each as the parts between its stars."""

    written: str
    fields: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]

    def is_in(self, words: list[str], places: dict[str, list[int]], text: str) -> bool:
        """Whether it occurs in a field with these `words`, which stand at `places`."""
        if self.is_unspaced:
            return self.plainly in text
        return any(self.fits(words[place : place + len(self.words)]) for place in self._begins(places))

    @property
    def plainly(self) -> str:
        """Its words without stars and spaces."""
        return "".join(part for parts in self.words for part in parts)

    @property
    def is_unspaced(self) -> bool:
        """Whether it is of a script without spaces between words."""
        return bool(_UNSPACED.fullmatch(self.plainly))

    def fits(self, words: list[str]) -> bool:
        """Whether it is these words in a row."""
        return len(words) == len(self.words) and all(map(_fits, self.words, words))

    def _begins(self, places: dict[str, list[int]]) -> Iterator[int]:
        first = self.words[0]
        if len(first) == 1:
            yield from places.get(first[0], ())
        else:
            yield from (place for word, found in places.items() if _fits(first, word) for place in found)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """As many points as it takes to hold the comment, or to make it spam, whatever speaks for it."""
    if not policy.hold_words and not policy.spam_words:
        return None
    fields = _fields(submission)
    sum_so_far = sum(evidence.points for evidence in known.found)
    for entries, least in ((policy.spam_words, policy.spam_at), (policy.hold_words, policy.hold_at)):
        found = [entry.written for entry in _entries(entries) if _is_in_any(entry, fields)]
        if found:
            shown = (*(f"“{word}”" for word in found[:SHOWN]), *(["…"] if len(found) > SHOWN else []))
            return Evidence("words", max(least, least - sum_so_far), (Sentence(SAID, {"words": shown}),))
    return None


def places(reasons: Iterable[Evidence], field: str, text: str) -> list[tuple[int, int]]:
    """Where in the `field` with this `text` the entries stand that `check` named: from and to, in order and apart."""
    entries = [entry for entry in map(_entry, _named(reasons)) if entry and field in entry.fields]
    words = [(found.start(), found.end(), fold(plain(found[0]))) for found in _RAW.finditer(text)] if entries else []
    found: list[tuple[int, int]] = []
    for place in sorted(place for entry in entries for place in _places(entry, words, text)):
        if not found or place[0] >= found[-1][1]:
            found.append(place)
    return found


def _named(reasons: Iterable[Evidence]) -> Iterator[str]:
    for reason in reasons:
        for said in reason.sentences if reason.check == "words" else ():
            words = said.values["words"] if isinstance(said, Sentence) else ()
            yield from (str(word).strip("“”") for word in (words if isinstance(words, tuple) else ()))


def _places(entry: Entry, words: list[tuple[int, int, str]], text: str) -> Iterator[tuple[int, int]]:
    if entry.is_unspaced:
        yield from (found.span() for found in re.finditer(re.escape(entry.plainly), text))
        return
    size = len(entry.words)
    for first in range(len(words) - size + 1):
        some = words[first : first + size]
        if entry.fits([word for _, _, word in some]):
            yield some[0][0], some[-1][1]


_Field = tuple[list[str], dict[str, list[int]], str]


def _fields(submission: Submission) -> dict[str, _Field]:
    texts = (submission.name, submission.website, submission.email_domain, submission.body, submission.page)
    return {name: _field(text) for name, text in zip(FIELDS, texts, strict=True)}


def _field(text: str) -> _Field:
    folded = fold(plain(text))
    words = [word.replace("*", "") for word in _WORD.findall(folded)]
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word, []).append(place)
    return words, places, folded


def _is_in_any(entry: Entry, fields: dict[str, _Field]) -> bool:
    return any(entry.is_in(*fields[name]) for name in entry.fields)


@lru_cache(maxsize=64)
def _entries(written: tuple[str, ...]) -> tuple[Entry, ...]:
    return tuple(entry for line in written if (entry := _entry(line)))


def _entry(written: str) -> Entry | None:
    """The entry in a line of a list; None for one without a letter."""
    field, colon, rest = written.partition(":")
    where, text = ((field,), rest) if colon and field in FIELDS else (FIELDS, written)
    words = tuple(word for word in _WORD.findall(fold(plain(text))) if word.strip("*"))
    if not words:
        return None
    return Entry(written, where, tuple(tuple(word.split("*")) for word in words))


def _fits(parts: tuple[str, ...], word: str) -> bool:
    """Whether `word` is the first of `parts`, whatever, the next one, …, the last one."""
    if len(parts) == 1:
        return word == parts[0]
    first, *middle, last = parts
    place, end = len(first), len(word) - len(last)
    if end < place or not word.startswith(first) or not word.endswith(last):
        return False
    for part in middle:
        place = word.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True
