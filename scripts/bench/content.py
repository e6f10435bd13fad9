"""What every service is filled with: the same threads and the same texts, whoever is measured."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

SITE, BESIDE = "bench", "beside"
ORIGIN = "https://bench.example"
BREAD = "/2026/bread"  # the thread of 100 comments that most figures are about
BUSY = "/2026/busy"  # a thread as long as the longest there are
ELSEWHERE = "/beside/"  # how the pages of the other site begin
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
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprs" for vowel in "aeio"]
JUDGED = 3  # of the texts one in so many waits or is spam: no site keeps more than 20,000 of either
RARE = 20_000  # words beside those
FLOODS = 10
CHECKS = ("first-comment", "links", "words", "learned", "speed", "long-name", "shouting", "honeypot")


def sentence(chance: random.Random, characters: int = 200) -> str:
    """About so many characters of plain words."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) < characters:
        words.append(chance.choice(WORDS))
    return " ".join(words).capitalize() + "."


def various(number: int = 10_000) -> list[str]:
    """Texts whose words are as unequally frequent as those of a language; some with links."""
    chance = random.Random(number)  # noqa: S311
    words = [*WORDS, *("".join(chance.choice(SYLLABLES) for _ in range(3)) for _ in range(RARE))]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    texts = [" ".join(chance.choices(words, weights, k=35)).capitalize() + "." for _ in range(number)]
    linked = " See https://site-{}.example/{} and https://other-{}.example/."
    return [text + linked.format(n % 997, n, n % 89) if n % 20 == 0 else text for n, text in enumerate(texts)]


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
    """Threads by page with how many comments each has; every `waiting`th comment of a small thread waits.

    The service itself can be filled with so many `copies` of all that, by its database: that is faster.
    """

    threads: dict[str, int]
    waiting: int = SMALL
    judged: bool = False  # whether every `waiting`th is spam, too, and why is kept
    texts: list[str] = field(default_factory=lambda: [sentence(random.Random(n)) for n in range(TEXTS)])  # noqa: S311

    copies: int = 1

    @property
    def total(self) -> int:
        return sum(self.threads.values()) * self.copies

    @property
    def small(self) -> list[str]:
        """The pages of the small threads."""
        return [page for page, count in self.threads.items() if count == SMALL and self.site(page) == SITE]

    @property
    def sites(self) -> list[str]:
        """The sites that it is of."""
        return sorted({self.site(page) for page in self.threads}, reverse=True)

    def site(self, page: str) -> str:
        """The site that `page` is of."""
        return BESIDE if page.startswith(ELSEWHERE) else SITE

    def said(self, page: str) -> Iterator[Said]:
        """The comments below `page`, in order; every third of the talk answers the one before."""
        chance = random.Random(page)  # noqa: S311 - the same in every run
        people = max(TALK, self.total // EACH)
        for number in range(self.threads[page]):
            parent = number - 1 if number % 3 == 2 else None
            text = chance.randrange(len(self.texts))
            yield Said(number, parent, f"Ada {chance.randrange(people)}", text, BEGAN + timedelta(minutes=number))

    def is_spam(self, page: str, said: Said) -> bool:
        """Whether a comment is spam."""
        few = said.text % JUDGED == 0
        return self.judged and self.threads[page] == SMALL and said.number % self.waiting == self.waiting - 2 and few

    def group(self, said: Said) -> bytes:
        """What near-identical comments have in common; a fifth of those that wait are of ten floods."""
        text = said.text % FLOODS if said.text % 5 == 0 else FLOODS + said.text
        return text.to_bytes(8, "big")

    def reasons(self, said: Said) -> list[dict[str, Any]]:
        """Why a comment waits or is spam."""
        held = CHECKS[0], CHECKS[1 + said.text % (len(CHECKS) - 1)]
        return [{"check": check, "points": 1.5, "evidence": f"Seen {said.text}"} for check in held * self.judged]

    def waits(self, page: str, said: Said) -> bool:
        """Whether a comment waits for a moderator."""
        few = not self.judged or said.text % JUDGED == 0
        return few and self.threads[page] == SMALL and said.number % self.waiting == self.waiting - 1


def content(comments: int, *, crowd: bool = False, beside: int = 0) -> Content:
    """About so many comments: the talk, the crowd if asked for, and small threads, of which `beside` elsewhere."""
    threads = {BREAD: TALK} | ({BUSY: CROWD} if crowd else {})
    small = max(0, comments - sum(threads.values())) // SMALL
    threads |= {f"{ELSEWHERE}{number}": SMALL for number in range(beside)}
    return Content(threads | {f"/2026/page-{number:06}": SMALL for number in range(small - beside)})
