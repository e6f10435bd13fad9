"""What the learner sees of a comment: named features of all its fields, hashed into buckets.

A feature is there or not. Features of one kind share a weight, the kind's weight divided by the square root of how many
there are, so that a long text does not shout down a short one and no kind the others. The score of a comment is then a
sum over kinds, and names such as "word casino" can be read back from the text itself to explain it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import sqrt
from typing import NamedTuple
from zlib import crc32

from . import hosts
from .folding import fold, has_look_alikes, plain, shorten

BUCKETS = 1 << 16  # two bytes each; four times as many measured no better

# How much a kind of feature has to say. Words, pieces and their like were settled by cross-validation inside the
# training parts of docs/spam.md; those of the website, which these sets lack, with texts of our own.
WEIGHTS = {
    "word": 1.0,
    "words": 0.7,
    "piece": 1.5,
    "link": 0.7,
    "shape": 0.5,
    "name": 0.5,
    "name piece": 0.4,
    "website": 1.0,
    "website piece": 0.6,
    "website shape": 1.0,
    "email": 0.4,
    "points": 0.7,
}
PIECE = 4  # characters in a piece of the body
NAME_PIECE = 3

# Scripts written without spaces between words: their words are taken to be pairs of neighbouring characters.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
# Letters and digits, with the vowel signs of Hebrew, Arabic and the Indian scripts, which `\w` leaves out.
_WORD = re.compile(r"[\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u109f\u1780-\u17d3]+")
_SCHEME = re.compile(r"^[a-z]*://")
_PATH = re.compile(r"\w/[^/]")
_DIGIT = re.compile(r"\d")
_LONG_NUMBER = re.compile(r"\d{4}")
_NUMBER = re.compile(r"\d+")
_MONEY = re.compile(r"[$€£¥₹₽₩]")
_RUN = re.compile(r"[^\w\s]{5}")
_LENGTHS = (2, 4, 8, 16, 32, 64, 128)
_AMOUNTS = (1, 2, 4, 8)
MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Text:
    """A comment as the learner reads it: its fields, and the points of the checks that found something."""

    body: str
    name: str = ""
    email_domain: str = ""
    website: str = ""
    points: Mapping[str, float] = field(default_factory=dict)
    domain_bucket: int | None = None  # in place of `email_domain`, where only that was kept


class Group(NamedTuple):
    """The features of one kind: what each of them weighs, their names, their buckets."""

    kind: str
    weight: float
    names: tuple[str, ...]
    buckets: tuple[int, ...]


Features = tuple[Group, ...]


def extract(text: Text) -> Features:
    """The features of `text`, grouped by kind; kinds that are not there are left out."""
    features = tuple(_group(kind, names) for kind, names in _kinds(text) if names)
    if text.domain_bucket is None:
        return features
    return (*features, Group("email", WEIGHTS["email"], ("",), (text.domain_bucket,)))


def domain_bucket(domain: str) -> int | None:
    """The bucket of an address's domain: all that is kept of it for the learner."""
    return _group("email", [domain.casefold()]).buckets[0] if domain else None


def _group(kind: str, found: Iterable[str]) -> Group:
    names = tuple(dict.fromkeys(found))  # a set's order would differ from process to process
    salt = crc32(kind.encode())
    buckets = tuple([crc32(name.encode("utf-8", "replace"), salt) % BUCKETS for name in names])
    return Group(kind, WEIGHTS[kind] / sqrt(len(names)), names, buckets)


def _kinds(text: Text) -> Iterator[tuple[str, list[str]]]:
    body = plain(shorten(text.body))
    folded = fold(body)
    words = split(folded)
    linked = hosts.linked(body)
    yield "word", words
    yield "words", [f"{first} {second}" for first, second in pairwise(words)]
    yield "piece", _pieces(f" {' '.join(folded.split())} ", PIECE)
    yield "link", _hosts(linked)
    yield "shape", [*_shape(body, words, len(linked)), *_letters(body), *_shape_of_name(text)]
    name = fold(plain(shorten(text.name))).strip()
    yield "name", split(name)
    yield "name piece", _pieces(f" {name} ", NAME_PIECE) if name else []
    yield from _website(replace(text, website=shorten(text.website)))
    yield "email", [text.email_domain.casefold()] if text.email_domain else []
    yield "points", [step for check, points in text.points.items() for step in _steps(check, points)]


def split(folded: str) -> list[str]:
    """The words of a folded text; for scripts without spaces, every pair of neighbouring characters."""
    words = _WORD.findall(folded)
    if folded.isascii():
        return words
    return [part for word in words for part in _parts(word)]


def _parts(word: str) -> Iterator[str]:
    """`word`, or the pairs of characters of its parts in a script without spaces."""
    rest = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > rest:
            yield word[rest : run.start()]
        yield from (run[0][i : i + 2] for i in range(max(1, len(run[0]) - 1)))
        rest = run.end()
    if rest < len(word):
        yield word[rest:]


def _pieces(text: str, length: int) -> list[str]:
    return [text[i : i + length] for i in range(len(text) - length + 1)]


def _hosts(linked: list[str]) -> list[str]:
    """Each host, its registrable domain and its ending."""
    return [name for host in linked for name in (host, hosts.registrable(host), f".{host.rpartition('.')[2]}")]


def _website(text: Text) -> Iterator[tuple[str, list[str]]]:
    """The website's host, its registrable domain and ending and the words of its address; the pieces of its host."""
    if not text.website:
        return
    folded = fold(plain(text.website.strip()))
    host = hosts.clean(_SCHEME.sub("", folded).partition("/")[0])
    yield "website", _hosts([host]) + _WORD.findall(folded)
    yield "website piece", _pieces(host, PIECE)
    yield "website shape", list(_shape_of_website(text))


def _shape(body: str, words: list[str], links: int) -> Iterator[str]:
    """What can be seen of the body without reading it."""
    yield "any comment"  # what a comment with nothing remarkable is known by
    yield from (f"{length} words or more" for length in _LENGTHS if len(words) >= length)
    yield from (f"{amount} links or more" for amount in _AMOUNTS if links >= amount)
    seen = {
        "no word": not words,
        "no link": not links,
        "an exclamation mark": "!" in body,
        "two exclamation marks": "!!" in body,
        "a question mark": "?" in body,
        "money": _MONEY.search(body),
        "a row of signs": _RUN.search(body),
        "several lines": "\n" in body.strip(),
        "look-alike letters": has_look_alikes(body.casefold()),
    }
    yield from (name for name, there in seen.items() if there)


def _letters(body: str) -> Iterator[str]:
    """Capitals and digits."""
    letters = sum(map(str.isalpha, body))
    capitals = sum(map(str.isupper, body))
    yield from (f"{share} % capitals" for share in (30, 70) if 100 * capitals > share * letters)
    if letters and not capitals:
        yield "no capital"
    if _DIGIT.search(body):
        yield "a digit"
    if _LONG_NUMBER.search(body):
        yield "a long number"
    # A year, a code to send and a telephone number differ in length.
    yield from (f"number of {min(len(number), MOST_DIGITS)} digits" for number in _NUMBER.findall(body))


def _shape_of_name(text: Text) -> Iterator[str]:
    """What can be seen of the name."""
    words = split(fold(plain(text.name)))
    yield from (f"name of {number} words or more" for number in (2, 3, 4, 6) if len(words) >= number)
    if _DIGIT.search(text.name):
        yield "digit in the name"
    if text.name.islower():
        yield "name in small letters"


def _shape_of_website(text: Text) -> Iterator[str]:
    """What can be seen of the website, and whether the name speaks of the same thing."""
    site = text.website.casefold()
    yield "given"
    if _PATH.search(site):
        yield "with a path"
    words = split(fold(plain(text.name)))
    agreeing = sum(len(word) > 3 and word in site for word in words)
    yield from (f"with {number} words of the name or more" for number in (1, 2, 3) if agreeing >= number)


def _steps(check: str, points: float) -> Iterator[str]:
    """The steps that the points of a check reach, so that more points say all that fewer do."""
    sign = ">=" if points > 0 else "<= -"
    return (f"{check} {sign}{step:g}" for step in (0.5, 1.0, 2.0, 4.0) if abs(points) >= step)
