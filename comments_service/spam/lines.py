"""Lines through held-out scores: those that decided comments would have had, had they not been learned."""

from bisect import bisect_right
from collections.abc import Sequence
from math import exp, inf, log2, nextafter
from typing import NamedTuple

MOST_WRONG = 0.01  # share of the other kind that a band may hold at the most
DOUBT = 0.1  # log-odds in favour of ham, when a hundred are known: a reader who is held is worse than spam that is not
DOUBT_MORE = 0.04  # for each doubling of the ham: the more is known, the further the kinds lie apart, the less it costs
STEEPEST, FLATTEST = 3.0, 0.7
LOOKED_AT = 400  # scores of each kind that the slope is taken from


class Lines(NamedTuple):
    """Where held-out scores are divided: the ends of the two bands, the line between ham and spam, and how steep."""

    approve: float
    even: float
    spam: float
    slope: float


def drawn(ham: Sequence[float], spam: Sequence[float]) -> Lines:
    """The lines through the sorted scores of ham and of spam; there are some of both."""
    even = _even(ham, spam)
    slope = _slope([score - even for score in _thinned(ham)], [score - even for score in _thinned(spam)])
    return Lines(-_beyond([-score for score in reversed(spam)]), even, _beyond(ham), slope)


def _beyond(scores: Sequence[float]) -> float:
    """A score that at most `MOST_WRONG` of comments like those with the sorted `scores` reach; inf if too few to tell.

    With n scores and k of them beyond a bound, one more like them falls beyond it with a chance of (k + 1) / (n + 1).
    Half of what is allowed is aimed at, because the comments of tomorrow are not quite like those of yesterday.
    """
    tellable = (len(scores) + 1) * MOST_WRONG
    if tellable < 1:
        return inf
    beyond = max(0, int(tellable / 2) - 1)
    return nextafter(scores[-1 - beyond], inf)


def _even(ham: Sequence[float], spam: Sequence[float]) -> float:
    """The lowest score beyond doubt at which no larger share of ham lies above than of spam below; both sorted.

    Where nearly all decisions were on spam, unknown ham looks like spam too; it gets the benefit of more doubt.
    """
    doubt = max(0.0, DOUBT + DOUBT_MORE * log2(len(ham) / 100))
    for line in [doubt, *(score for score in ham if score > doubt)]:
        above = (len(ham) - bisect_right(ham, line)) / len(ham)
        if above <= bisect_right(spam, line) / len(spam):
            return line
    return doubt


def _slope(ham: Sequence[float], spam: Sequence[float]) -> float:
    """What scores are multiplied by to be log-odds (J. Platt, 1999, without an offset), both kinds weighing the same.

    Weights that are kept small give scores that promise too little. Newton's method, with a wish for 1 that weighs
    as much as two comments.
    """
    labelled = [(score, 0.0, 1 / len(ham)) for score in ham] + [(score, 1.0, 1 / len(spam)) for score in spam]
    slope, wish = 1.0, 2 / min(len(ham), len(spam))
    for _ in range(8):
        pull, bend = wish * (1 - slope), wish
        for score, label, weight in labelled:
            chance = 1 / (1 + exp(-max(-500.0, min(slope * score, 500.0))))
            pull += weight * (label - chance) * score
            bend += weight * chance * (1 - chance) * score * score
        slope = max(FLATTEST, min(slope + pull / bend, STEEPEST))
    return slope


def _thinned(scores: Sequence[float]) -> Sequence[float]:
    """Every n-th of many scores."""
    return scores[:: len(scores) // LOOKED_AT + 1]
