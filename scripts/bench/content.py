"""What every service is filled with: the same threads and the same texts, whoever is measured."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

SITE = "bench"
ORIGIN = "https://bench.example"
BREAD = "/2026/bread"  # the thread of 100 comments that most figures are about
BUSY = "/2026/busy"  # a thread as long as the longest there are
TALK = 100
CROWD = 3_656
SMALL = 20
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
EACH = 10  # comments that a person wrote, on average
TEXTS = 2_000  # different ones; with more, filling a million rows would measure Markdown
VOCABULARY = (
    "bread dough water flour salt oven crust crumb morning kitchen table friend letter garden river window story "
    "question answer reason number weather summer winter mountain village teacher student computer language music "
    "picture paper bottle basket market street bicycle station journey ticket coffee cheese butter apple orange "
    "because although perhaps always never sometimes often quickly slowly gently warm cold bright quiet old new "
    "make take give find think know believe remember forget begin finish carry follow change open close read write"
)
WORDS = VOCABULARY.split()


def sentence(chance: random.Random, characters: int = 200) -> str:
    """About so many characters of plain words."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) < characters:
        words.append(chance.choice(WORDS))
    return " ".join(words).capitalize() + "."


@dataclass(frozen=True, slots=True)
class Said:
    """A comment to fill in, numbered within its thread; `parent` is such a number."""

    number: int
    parent: int | None
    name: str
    text: int  # which of the texts
    at: datetime


@dataclass(frozen=True)
class Content:
    """Threads by page with how many comments each has; every `waiting`th comment of a small thread waits."""

    threads: dict[str, int]
    waiting: int = SMALL
    texts: list[str] = field(default_factory=lambda: [sentence(random.Random(n)) for n in range(TEXTS)])  # noqa: S311

    @property
    def total(self) -> int:
        return sum(self.threads.values())

    @property
    def small(self) -> list[str]:
        """The pages of the small threads."""
        return [page for page, count in self.threads.items() if count == SMALL]

    def said(self, page: str) -> Iterator[Said]:
        """The comments below `page`, in order; every third of the talk answers the one before."""
        chance = random.Random(page)  # noqa: S311 - the same in every run
        people = max(TALK, self.total // EACH)
        for number in range(self.threads[page]):
            parent = number - 1 if number % 3 == 2 else None
            text = chance.randrange(len(self.texts))
            yield Said(number, parent, f"Ada {chance.randrange(people)}", text, BEGAN + timedelta(minutes=number))

    def waits(self, page: str, said: Said) -> bool:
        """Whether a comment waits for a moderator."""
        return self.threads[page] == SMALL and said.number % self.waiting == self.waiting - 1


def content(comments: int, *, crowd: bool = False) -> Content:
    """About so many comments: the talk, the crowd if asked for, and small threads."""
    threads = {BREAD: TALK} | ({BUSY: CROWD} if crowd else {})
    small = max(0, comments - sum(threads.values())) // SMALL
    return Content(threads | {f"/2026/page-{number:06}": SMALL for number in range(small)})
