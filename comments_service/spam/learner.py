"""A filter that learns from decisions: logistic regression over the decisions it remembers.

The weights are the minimum of ½|w|² + Σ cost · log(1 + exp(-label · w·x)) over the remembered comments x, label 1 for
spam and -1 for ham. They are found in the dual, one comment at a time (H.-F. Yu, F.-L. Huang, C.-J. Lin, "Dual
coordinate descent methods for logistic regression and maximum entropy models", Machine Learning 85, 2011, section 3).
There the weights are exactly a sum of what each comment adds, so a decision can be taken back without a trace, and the
score that a comment would have had without having been learned is known: those scores set the bands.

There is no intercept and both kinds have the same total cost, so the share of spam among the decisions is not a prior.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest
from math import exp, inf
from typing import NamedTuple, Self

from . import lines
from .features import BUCKETS, Features

COST = 12.0  # of a mistake, against the size of the weights; anything from 4 to 32 serves (docs/spam.md)
ENOUGH = 10  # decisions of each kind before the learner says anything
REPLAYED = 32  # remembered comments looked at again with every decision
REPLAYED_FEATURES = 200  # of each of them on average; of longer ones fewer are looked at
PASSES = 3  # times that all are looked at again at the most, however many decisions come at once
FEATURES_KEPT = 800_000  # of all remembered comments together; the oldest of the larger kind goes first
FORGOTTEN = 50  # one in so many of them goes at once
TRUST = 40  # decisions of the rarer kind after which a site's own learner counts as much as the shared one
CLEAR = 2.0  # a score that a band asks for at the least: other pages have other readers


Shares = tuple[tuple[float, Sequence[int]], ...]  # what each feature of a group weighs, and its buckets


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


class Lesson(NamedTuple):
    """A decision to learn."""

    features: Features
    spam: bool


@dataclass(slots=True)
class Step:
    """What was before some lessons: enough to take them back exactly, as long as they are the last."""

    age: int
    kinds: dict[str, bool | None]  # of each comment in the lessons: whether it was spam, None if not remembered
    # Each comment that the lessons touched: its place in the order, and what it was; None if not remembered.
    touched: dict[str, tuple[int, Example | None]] = field(default_factory=dict)


class Counts(NamedTuple):
    """How many decisions are remembered."""

    ham: int
    spam: int


class Bands(NamedTuple):
    """Scores at or below `approve` and at or above `spam` need no look."""

    approve: float
    spam: float


class Weighed(NamedTuple):
    """A feature, and the points that it adds."""

    kind: str
    name: str
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
        self._lines: lines.Lines | None = None  # worked out when asked for
        self._step: Step | None = None  # while lessons are learned
        self._places: dict[str, int] = {}

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
    def size(self) -> int:
        """How many features the remembered comments have."""
        return sum(self._sizes)

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
        weights = self.weights
        points = [group.weight * weights[bucket] for group in features for bucket in group.buckets]
        places = nlargest(most, range(len(points)), key=lambda place: abs(points[place]))
        names = [(group.kind, name) for group in features for name in group.names]
        return [Weighed(*names[place], points[place]) for place in places if points[place]]

    def learn(self, key: str, features: Features, spam: bool) -> None:
        """Remember that the comment `key` is spam, or not; an earlier decision on it is forgotten."""
        self._change({key: Lesson(features, spam)})

    def unlearn(self, key: str) -> None:
        """Take back the decision on the comment `key`."""
        self._change({key: None})

    def teach(self, lessons: Mapping[str, Lesson | None]) -> Step:
        """Learn what each comment is, and forget those that are None; gives what `take_back` needs."""
        step = self._step = Step(self._age, {key: self.kind(key) for key in lessons})
        self._places = {key: place for place, key in enumerate(self.memory)}
        self._change(lessons)
        self._step = None
        return self._lean(step)

    def take_back(self, step: Step) -> None:
        """Be again exactly what was before the last lessons, which `step` remembers."""
        touched = self._full(step)
        for key in touched:
            self._forget(key)
        back = {place: (key, replace(was)) for key, (place, was) in touched.items() if was}
        rest = iter(list(self.memory.items()))
        self.memory.clear()
        for place in range(len(back) + sum(self._numbers)):
            key, example = back.get(place) or next(rest)
            self.memory[key] = example
        for _, example in back.values():
            self._count(example, 1)
            self._add(example.shares, example.label * example.dual)
        self._age = step.age

    def kind(self, key: str) -> bool | None:
        """Whether the comment `key` is remembered as spam; None when it is not remembered."""
        example = self.memory.get(key)
        return example.spam if example else None

    def copy(self) -> "Learner":
        """A learner that knows the same and goes its own way."""
        twin = Learner()
        twin.weights = self.weights[:]
        twin.memory = OrderedDict((key, replace(example)) for key, example in self.memory.items())
        twin._age, twin._numbers, twin._sizes = self._age, self._numbers[:], self._sizes[:]
        return twin

    def bands(self) -> Bands:
        """The scores beyond which no look is needed, from the scores that the remembered would have had unlearned.

        A band is empty until so many are remembered that one mistake in it stays within its bound.
        """
        if self.silent:
            return Bands(-inf, inf)
        held = self._held_out_lines()
        return Bands(min(held.approve - held.even, -CLEAR), max(held.spam - held.even, CLEAR))

    @property
    def slope(self) -> float:
        """What a score is multiplied by to be log-odds that the remembered would have borne out; 1.0 while silent."""
        return 1.0 if self.silent else self._held_out_lines().slope

    def _held_out_lines(self) -> lines.Lines:
        if self._lines is None:
            ham = sorted(example.held_out for example in self.memory.values() if not example.spam)
            spam = sorted(example.held_out for example in self.memory.values() if example.spam)
            self._lines = lines.drawn(ham, spam)
        return self._lines

    def _sum(self, shares: Iterable[tuple[float, Sequence[int]]]) -> float:
        weight_of = self.weights.__getitem__
        return sum([weight * sum(map(weight_of, buckets)) for weight, buckets in shares])

    def _add(self, shares: Shares, amount: float) -> None:
        self._lines = None
        weights = self.weights
        for weight, buckets in shares:
            step = weight * amount
            for bucket in buckets:
                weights[bucket] += step

    def _change(self, lessons: Mapping[str, Lesson | None]) -> None:
        changes = sum([self._set(key, lesson) for key, lesson in lessons.items()])
        self._keep_within_bounds()
        for key, lesson in lessons.items():
            if lesson and key in self.memory:
                self._visit(key)
        self._replay(min(REPLAYED * changes, PASSES * len(self.memory)))

    def _set(self, key: str, lesson: Lesson | None) -> bool:
        """Forget what the comment `key` was and remember what it is; whether anything changed."""
        known = self._forget(key)
        if lesson is None:
            return known
        self._age += 1
        shares = tuple((group.weight, array("H", group.buckets)) for group in lesson.features)
        self._remember(key, Example(lesson.spam, self._age, shares))
        return True

    def _remember(self, key: str, example: Example) -> None:
        self._note(key)
        self.memory[key] = example
        self._count(example, 1)

    def _forget(self, key: str) -> bool:
        self._note(key)
        example = self.memory.pop(key, None)
        if example is None:
            return False
        self._count(example, -1)
        self._add(example.shares, -example.label * example.dual)
        return True

    def _count(self, example: Example, number: int) -> None:
        self._numbers[example.spam] += number
        self._sizes[example.spam] += number * example.size

    def _note(self, key: str) -> None:
        """Keep what the comment `key` was before this step."""
        if self._step and key not in self._step.touched:
            example = self.memory.get(key)
            self._step.touched[key] = (self._places.get(key, -1), replace(example) if example else None)

    def _lean(self, step: Step) -> Step:
        """`step` without the features of comments that are still remembered by the same ones."""
        for key, (place, was) in step.touched.items():
            now = self.memory.get(key)
            if was and now and was.shares == now.shares:
                step.touched[key] = (place, replace(was, shares=()))
        return step

    def _full(self, step: Step) -> dict[str, tuple[int, Example | None]]:
        """What `step` touched, with the features that `_lean` left out."""
        return {
            key: (place, was and (was if was.shares else replace(was, shares=self.memory[key].shares)))
            for key, (place, was) in step.touched.items()
        }

    def _keep_within_bounds(self) -> None:
        """Forget the oldest of the larger kind, some at once, when too much is remembered."""
        if self.size <= FEATURES_KEPT:
            return
        aged = sorted(self.memory.items(), key=lambda item: item[1].age, reverse=True)
        of_kind = {kind: [key for key, example in aged if example.spam is kind] for kind in (True, False)}
        while self.size > FEATURES_KEPT - FEATURES_KEPT // FORGOTTEN:
            self._forget(of_kind[self._sizes[True] > self._sizes[False]].pop())

    def _replay(self, number: int) -> None:
        left = number * REPLAYED_FEATURES
        for _ in range(number):
            key, example = next(iter(self.memory.items()))
            self._visit(key)
            left -= example.size
            if left < 0:
                return

    def _visit(self, key: str) -> None:
        """Give the comment `key` the dual variable that is best while all others stay."""
        self._note(key)
        example = self.memory[key]
        example.held_out = self._sum(example.shares) - example.label * example.dual * example.square
        # Both kinds have the same total cost, however many there are of each.
        cost = COST * len(self.memory) / (2 * self._numbers[example.spam])
        dual = _best(example, cost)
        self._lines = None
        if dual != example.dual:
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


def blended(features: Features, site: Learner, shared: Learner) -> float:
    """The score of the site's own learner and the one shared by all sites, by how much the site has decided."""
    if site.silent or shared.silent:
        return site.score(features) or shared.score(features)
    trust = min(site.counts) / (min(site.counts) + TRUST)
    return trust * site.score(features) + (1 - trust) * shared.score(features)
