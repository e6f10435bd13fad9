"""A name that is no name: a sentence, or an address."""

import re

from ..comments.form import Submission
from ..i18n import N_, Counted, Sentence
from ..sites.policy import Policy
from . import hosts
from .judgement import Evidence, Known

POINTS_WORDS = 0.5
POINTS_MANY_WORDS = 1.0
POINTS_ADDRESS = 2.0
WORDS = 5  # Maria de los Ángeles has four, and is no robot
MANY_WORDS = 7
SAID = Counted("The name has {count} word.", "The name has {count} words.")
ADDRESS = N_("The name is an address: {host}.")

_WORD = re.compile(r"\w[\w'’.-]*")


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for a name of many words, and for one that is a web address."""
    number = len(_WORD.findall(submission.name))
    linked = hosts.linked(submission.name)
    if linked:
        return Evidence("long-name", POINTS_ADDRESS, (Sentence(ADDRESS, {"host": hosts.shown(linked[0])}),))
    if number < WORDS:
        return None
    points = POINTS_MANY_WORDS if number >= MANY_WORDS else POINTS_WORDS
    return Evidence("long-name", points, (Sentence(SAID, {"count": number}),))
