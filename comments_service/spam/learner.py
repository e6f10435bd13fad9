"""A filter that learns from decisions: logistic regression over the decisions it remembers.

The weights are the minimum of ½|w|² + Σ cost · log(1 + exp(-label · w·x)) over the remembered comments x, label 1 for
spam and -1 for ham. They are found in the dual, one comment at a time (H.-F. Yu, F.-L. Huang, C.-J. Lin, "Dual
coordinate descent methods for logistic regression and maximum entropy models", Machine Learning 85, 2011, section 3).
There the weights are exactly a sum of what each comment adds, so a decision can be taken back without a trace, and the
score that a comment would have had without having been learned is known: those scores set the bands.

There is no intercept and both kinds have the same total cost, so the share of spam among the decisions is not a prior.
"""

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, inf, nextafter
from typing import NamedTuple, Self

from .features import BUCKETS, Features

COST = 12.0  # of a mistake, against the size of the weights; anything from 4 to 32 serves (docs/spam.md)
ENOUGH = 10  # decisions of each kind before the learner says anything
REPLAYED = 32  # remembered comments looked at again with every decision
FEATURES_KEPT = 800_000  # of all remembered comments together; the oldest of the larger kind goes first
TRUST = 40  # decisions of the rarer kind after which a site's own learner counts as much as the shared one
MOST_WRONG = 0.01  # share of the other kind that a band may hold at the most
CLEAR = 1.0  # log-odds that a band asks for at the least


Shares = tuple[tuple[float, tuple[int, ...]], ...]  # what each feature of a group weighs, and its buckets


@dataclass(slots=True)
class Example:
    """A decided comment: its features, what it adds to the weights, and its score had it not been learned."""

    spam: bool
    age: int
    shares: Shares
    dual: float = 0.0
    held_out: float = 0.0

    @property
    def label(self) -> int:
        return 1 if self.spam else -1

    @property
    def size(self) -> int:
        """How many features it has."""
        return sum(len(buckets) for _, buckets in self.shares)

    @property
    def square(self) -> float:
        """The squared length of its features: how far its own dual variable moves its own score."""
        return sum(weight * weight * len(buckets) for weight, buckets in self.shares)


class Counts(NamedTuple):
    """How many decisions are remembered."""

    ham: int
    spam: int


class Bands(NamedTuple):
    """Scores at or below `approve` and at or above `spam` need no look."""

    approve: float
    spam: float


class Lines(NamedTuple):
    """Where the held-out scores are divided: the ends of the two bands, and the line between ham and spam."""

    approve: float
    even: float
    spam: float


class Weighed(NamedTuple):
    """A feature, as its kind and name, and the points that it adds."""

    feature: str
    points: float


class Learner:
    """What the decisions of a site, or of all sites, have taught."""

    def __init__(self) -> None:
        self.weights = array("d", bytes(8 * BUCKETS))
        # The comment looked at longest ago comes first.
        self.memory: OrderedDict[str, Example] = OrderedDict()
        self._age = 0
        self._numbers = [0, 0]
        self._sizes = [0, 0]
        self._lines: Lines | None = None  # worked out when asked for

    @classmethod
    def remembering(cls, examples: Iterable[tuple[str, Example]]) -> Self:
        """The learner that has `examples` by key as its memory, the one looked at longest ago first."""
        learner = cls()
        for key, example in examples:
            learner._remember(key, example)
            learner._add(example.shares, example.label * example.dual)
            learner._age = max(learner._age, example.age)
        return learner

    @property
    def counts(self) -> Counts:
        return Counts(*self._numbers)

    @property
    def silent(self) -> bool:
        """Whether too little has been decided to say anything."""
        return min(self._numbers) < ENOUGH

    def score(self, features: Features) -> float:
        """The log-odds that a comment is spam, for a site with as much spam as ham; 0.0 while silent."""
        if self.silent:
            return 0.0
        return self._sum((group.weight, group.buckets) for group in features) - self._held_out_lines().even

    def explain(self, features: Features, most: int = 5) -> list[Weighed]:
        """The features that weighed most in a score, heaviest first."""
        if self.silent:
            return []
        weighed = [
            Weighed(f"{group.kind} {name}", group.weight * self.weights[bucket])
            for group in features
            for name, bucket in zip(group.names, group.buckets, strict=True)
        ]
        return sorted((each for each in weighed if each.points), key=lambda each: -abs(each.points))[:most]

    def learn(self, key: str, features: Features, spam: bool) -> None:
        """Remember that the comment `key` is spam, or not; an earlier decision on it is forgotten."""
        self._forget(key)
        self._age += 1
        shares = tuple((group.weight, group.buckets) for group in features)
        self._remember(key, Example(spam, self._age, shares))
        self._keep_within_bounds()
        self._visit(key)
        self._replay()

    def unlearn(self, key: str) -> None:
        """Take back the decision on the comment `key` as if it had never been made."""
        if self._forget(key):
            self._replay()

    def bands(self) -> Bands:
        """The scores beyond which no look is needed, from the scores that the remembered would have had unlearned.

        A band is empty until so many are remembered that one mistake in it stays within its bound.
        """
        if self.silent:
            return Bands(-inf, inf)
        lines = self._held_out_lines()
        return Bands(min(lines.approve - lines.even, -CLEAR), max(lines.spam - lines.even, CLEAR))

    def _held_out_lines(self) -> Lines:
        if self._lines is None:
            ham = sorted(example.held_out for example in self.memory.values() if not example.spam)
            spam = sorted(example.held_out for example in self.memory.values() if example.spam)
            self._lines = Lines(-_beyond([-score for score in reversed(spam)]), _even(ham, spam), _beyond(ham))
        return self._lines

    def _sum(self, shares: Iterable[tuple[float, tuple[int, ...]]]) -> float:
        weights = self.weights
        return sum([weight * sum([weights[bucket] for bucket in buckets]) for weight, buckets in shares])

    def _add(self, shares: Shares, amount: float) -> None:
        self._lines = None
        weights = self.weights
        for weight, buckets in shares:
            step = weight * amount
            for bucket in buckets:
                weights[bucket] += step

    def _remember(self, key: str, example: Example) -> None:
        self.memory[key] = example
        self._numbers[example.spam] += 1
        self._sizes[example.spam] += example.size

    def _forget(self, key: str) -> bool:
        example = self.memory.pop(key, None)
        if example is None:
            return False
        self._numbers[example.spam] -= 1
        self._sizes[example.spam] -= example.size
        self._add(example.shares, -example.label * example.dual)
        return True

    def _keep_within_bounds(self) -> None:
        while sum(self._sizes) > FEATURES_KEPT:
            larger = self._sizes[True] > self._sizes[False]
            kind = [(example.age, key) for key, example in self.memory.items() if example.spam is larger]
            self._forget(min(kind)[1])

    def _replay(self) -> None:
        for _ in range(min(REPLAYED, len(self.memory))):
            self._visit(next(iter(self.memory)))

    def _visit(self, key: str) -> None:
        """Give the comment `key` the dual variable that is best while all others stay."""
        example = self.memory[key]
        example.held_out = self._sum(example.shares) - example.label * example.dual * example.square
        # Both kinds have the same total cost, however many there are of each.
        cost = COST * len(self.memory) / (2 * self._numbers[example.spam])
        dual = _best(example, cost)
        self._add(example.shares, example.label * (dual - example.dual))
        example.dual = dual
        self.memory.move_to_end(key)


def _best(example: Example, cost: float) -> float:
    """The dual variable a that solves a = cost / (1 + exp(label · held_out + a · square)).

    Newton's method, halving the interval where its step would leave it.
    """
    margin, square = example.label * example.held_out, example.square
    low, high = 0.0, cost
    dual = example.dual if low < example.dual < high else cost / 2
    for _ in range(20):
        pull = 1 / (1 + exp(min(margin + dual * square, 500.0)))
        error = dual - cost * pull
        if abs(error) < 1e-4 * cost:
            break
        low, high = (low, dual) if error > 0 else (dual, high)
        step = dual - error / (1 + cost * pull * (1 - pull) * square)
        dual = step if low < step < high else (low + high) / 2
    return dual


def _beyond(scores: list[float]) -> float:
    """A score that at most `MOST_WRONG` of comments like those with the sorted `scores` reach; inf if too few to tell.

    With n scores and k of them beyond a bound, one more like them falls beyond it with a chance of (k + 1) / (n + 1).
    Half of what is allowed is aimed at, because the comments of tomorrow are not quite like those of yesterday.
    """
    tellable = (len(scores) + 1) * MOST_WRONG
    if tellable < 1:
        return inf
    beyond = max(0, int(tellable / 2) - 1)
    return nextafter(scores[-1 - beyond], inf)


def _even(ham: list[float], spam: list[float]) -> float:
    """The lowest score from 0 up at which no larger share of ham lies above than of spam below; both lists sorted.

    Where nearly all decisions were on spam, unknown ham looks like spam too; it gets the benefit of the doubt.
    """
    for line in [0.0, *(score for score in ham if score > 0)]:
        above = (len(ham) - bisect_right(ham, line)) / len(ham)
        if above <= bisect_right(spam, line) / len(spam):
            return line
    return 0.0


def blended(features: Features, site: Learner, shared: Learner) -> float:
    """The score of the site's own learner and the one shared by all sites, by how much the site has decided."""
    if site.silent or shared.silent:
        return site.score(features) or shared.score(features)
    trust = min(site.counts) / (min(site.counts) + TRUST)
    return trust * site.score(features) + (1 - trust) * shared.score(features)
