"""An address made to be thrown away."""

from functools import cache
from importlib import import_module

from ..comments.form import Submission
from ..i18n import N_, Sentence
from ..sites.policy import Policy
from .judgement import Evidence, Known

POINTS = 1.0
SAID = N_("The address is of {domain}, where anybody gets one for a while.")


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for an address of a service that gives one out for ten minutes, or of a host below it."""
    parts = submission.email_domain.casefold().split(".")
    above = (".".join(parts[place:]) for place in range(len(parts) - 1))
    found = next((domain for domain in above if domain in _domains()), None)
    if found is None:
        return None
    return Evidence("disposable", POINTS, (Sentence(SAID, {"domain": found}),))


@cache
def _domains() -> frozenset[str]:
    """The domains, whose megabyte comes in with the first comment."""
    return frozenset(import_module("disposable_email_domains").blocklist)
