"""Capitals and repeats: what is written to be seen rather than read."""

import re
from collections import Counter

from ..comments.form import Submission
from ..i18n import N_
from ..sites.policy import Policy
from .folding import shorten
from .judgement import Evidence, Known

# Few: below three videos, 39 of 586 spam comments and 31 of 552 others shouted.
POINTS_CAPITALS = 0.5
POINTS_SIGNS = 0.3
POINTS_WORDS = 0.5
CAPITALS = 0.7  # of the letters that have case
FEWEST_LETTERS = 25

_SIGNS = re.compile(r"([!?$€£¥*#@%^&+<>♥★►▶✔➡👉🔥💰])\1{7,}")
ROW = 4
_WORD = re.compile(r"\w{2,}")
_WORDS = re.compile(r"\b(\w{2,}(?:\W+\w+){0,5}?)(?:\W+\1\b){3,}", re.IGNORECASE)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for a text in capitals, for rows of signs, and for words said four times in a row."""
    body = shorten(submission.body)
    seen = [
        (POINTS_CAPITALS, N_("Most of it is in capitals."), _mostly_capitals(body)),
        (POINTS_SIGNS, N_("Has a row of signs."), _SIGNS.search(body)),
        (POINTS_WORDS, N_("Says the same words again and again."), _repeats(body)),
    ]
    found = [(points, what) for points, what, there in seen if there]
    if not found:
        return None
    return Evidence("shouting", sum(points for points, _ in found), tuple(what for _, what in found))


def _repeats(body: str) -> bool:
    # The look for rows takes a while, and most texts say no word so often at all.
    often = Counter(_WORD.findall(body.lower())).most_common(1)
    return bool(often and often[0][1] >= ROW and _WORDS.search(body))


def _mostly_capitals(body: str) -> bool:
    capitals = sum(map(str.isupper, body))
    return capitals >= FEWEST_LETTERS and capitals >= CAPITALS * (capitals + sum(map(str.islower, body)))
