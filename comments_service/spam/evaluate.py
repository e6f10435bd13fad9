"""Measure the learner: train on some comments, test on others."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import NamedTuple

from .features import Features, Text, extract
from .learner import Learner


class Row(NamedTuple):
    """A decided comment."""

    text: Text
    spam: bool


class Measured(NamedTuple):
    """A tested comment: what it is, what it scored, and which band without a look it fell in."""

    spam: bool
    score: float
    auto_spam: bool
    auto_approve: bool


class BadRow(ValueError):
    """A line is not a decided comment; the message names file and line."""


def evaluate(train: Iterable[Row], test: Sequence[Row]) -> dict[str, float]:
    """Learn `train` in the order given, test on `test`; the figures are shares of 1 (`n`: how many were tested)."""
    return measure(_tested(_taught(train), [(extract(row.text), row.spam) for row in test]))


def learning_curve(train: Sequence[Row], test: Sequence[Row], steps: Iterable[int]) -> list[dict[str, float]]:
    """The figures after each number of decisions in `steps`, fed in the order given, with that number as `decisions`.

    A number beyond the last decision is left out.
    """
    learner = Learner()
    features = [(extract(row.text), row.spam) for row in test]
    wanted = set(steps)
    curve = []
    for number, row in enumerate(train, 1):
        learner.learn(str(number), extract(row.text), row.spam)
        if number in wanted:
            curve.append({"decisions": number, **measure(_tested(learner, features))})
    return curve


def read_rows(path: Path) -> list[Row]:
    """The rows of a JSONL file: objects with `name`, `email`, `website`, `body` (texts) and `spam` (true or false).

    Raises `BadRow` for a line that is anything else, OSError where the file cannot be read.
    """
    with path.open("rb") as lines:
        return [_row(line, f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def measure(measured: Sequence[Measured]) -> dict[str, float]:
    """Accuracy, shares and Matthews' correlation coefficient of tested comments; a share of nothing is 0."""
    spam = [each for each in measured if each.spam]
    ham = [each for each in measured if not each.spam]
    caught = sum(each.score > 0 for each in spam)
    blocked = sum(each.score > 0 for each in ham)
    return {
        "n": len(measured),
        "accuracy": _share(caught + len(ham) - blocked, len(measured)),
        "caught": _share(caught, len(spam)),
        "blocked": _share(blocked, len(ham)),
        "mcc": _mcc(caught, blocked, len(spam), len(ham)),
        "auto_spam_blocked": _share(sum(each.auto_spam for each in ham), len(ham)),
        "auto_approve_spam": _share(sum(each.auto_approve for each in spam), len(spam)),
    }


def _taught(train: Iterable[Row]) -> Learner:
    learner = Learner()
    for number, row in enumerate(train, 1):
        learner.learn(str(number), extract(row.text), row.spam)
    return learner


def _tested(learner: Learner, test: Iterable[tuple[Features, bool]]) -> list[Measured]:
    bands = learner.bands()
    scored = ((spam, learner.score(features)) for features, spam in test)
    return [Measured(spam, score, score >= bands.spam, score <= bands.approve) for spam, score in scored]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mcc(caught: int, blocked: int, spam: int, ham: int) -> float:
    """Matthews' correlation coefficient (B. W. Matthews, 1975); 0 where a row or column of the table is empty."""
    missed, passed = spam - caught, ham - blocked
    margins = (caught + blocked) * spam * ham * (missed + passed)
    return (caught * passed - blocked * missed) / sqrt(margins) if margins else 0.0


def _row(line: bytes, place: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadRow(f"{place}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise BadRow(f"{place}: expected an object")
    if not isinstance(row.get("spam"), bool):
        raise BadRow(f'{place}: "spam" must be true or false')
    name, email, website, body = _texts(row, place)
    return Row(Text(body, name, email.rpartition("@")[2], website), row["spam"])


def _texts(row: Mapping[str, object], place: str) -> Iterator[str]:
    """The text fields; a field that is null or not there is empty, except the body."""
    for name in ("name", "email", "website", "body"):
        value = row.get(name)
        if value is None and name != "body":
            value = ""
        if not isinstance(value, str):
            raise BadRow(f'{place}: "{name}" must be a text')
        yield value
