"""What the site's decisions so far say of a submission."""

import re
from collections.abc import Iterable

from ..comments.form import Submission
from ..comments.models import Comment
from ..i18n import N_, Sayable, Sentence
from ..sites.policy import Policy
from . import memory
from .features import Features, Text, extract
from .judgement import Evidence, Known
from .learner import Learner, Weighed, blended

CHECK = "learned"
NAMED = 5  # features
LEAST = 0.1  # points worth a line
# Below the calibrated band the learner alone does not send to spam; it leaves this much to the other checks.
LEFT = 1.5
MOST_TRUST = 2.0  # points taken off at the most
LONGEST = 40  # characters of a feature that are shown
NOT_OF_THE_TEXT = {CHECK, "words", "policy", "first-comment"}
# What kinds of features are called.
KINDS = {
    "words": N_("Pairs of words: {names}."),
    "word": N_("Words: {names}."),
    "piece": N_("Parts of words: {names}."),
    "link": N_("Links: {names}."),
    "shape": N_("Look of the text: {names}."),
    "name piece": N_("Parts of the name: {names}."),
    "name": N_("The name: {names}."),
    "website piece": N_("Parts of the website: {names}."),
    "website shape": N_("Look of the website: {names}."),
    "website": N_("The website: {names}."),
    "email": N_("The mailbox: {names}."),
    "points": N_("Other checks: {names}."),
}
# What can be seen without reading, as `features` calls it, with its number left out.
OF_SHAPE = ("shape", "website shape")
SHAPES = (
    N_("any comment"),
    N_("{number} words or more"),
    N_("{number} links or more"),
    N_("no word"),
    N_("no link"),
    N_("an exclamation mark"),
    N_("two exclamation marks"),
    N_("a question mark"),
    N_("money"),
    N_("a row of signs"),
    N_("several lines"),
    N_("look-alike letters"),
    N_("{number} % capitals"),
    N_("no capital"),
    N_("a digit"),
    N_("a long number"),
    N_("number of {number} digits"),
    N_("name of {number} words or more"),
    N_("digit in the name"),
    N_("name in small letters"),
    N_("given"),
    N_("with a path"),
    N_("with {number} words of the name or more"),
)
_NUMBER = re.compile(r"\d+")


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points as log-odds, with the five features that weighed most; nothing until ten of each kind were decided."""
    learners = memory.seen(submission.site_id, known.seen["learners"])
    return _evidence(learners, _text(submission, known), policy)


def of_stored(comment: Comment, found: Iterable[Evidence], policy: Policy) -> Evidence | None:
    """The same of a comment that is stored, beside what the other checks found."""
    return _evidence(memory.of(comment.site_id), text_of(comment, found), policy)


def _evidence(learners: tuple[Learner, Learner], text: Text, policy: Policy) -> Evidence | None:
    own, shared = learners
    if own.silent and shared.silent:
        return None
    features = extract(text)
    points = round(_points(features, own, shared, policy), 2)
    if abs(points) < LEAST:
        return None
    return Evidence(CHECK, points, _named(features, shared if own.silent else own, points))


def text_of(comment: Comment, reasons: Iterable[Evidence]) -> Text:
    """A stored comment as the learner reads it."""
    points = _points_of(reasons)
    return Text(comment.body, comment.name, "", comment.website, points, comment.domain_bucket)


def _text(submission: Submission, known: Known) -> Text:
    points = _points_of(known.found)
    return Text(submission.body, submission.name, submission.email_domain, submission.website, points)


def _points_of(reasons: Iterable[Evidence]) -> dict[str, float]:
    return {reason.check: reason.points for reason in reasons if reason.check not in NOT_OF_THE_TEXT}


def _points(features: Features, own: Learner, shared: Learner, policy: Policy) -> float:
    """The score, held to what it may do: what is more like spam than like ham waits for a look at the least.

    By itself only a score in the site's calibrated band goes to spam without one.
    """
    score = blended(features, own, shared)
    points = score * (shared if own.silent else own).slope
    if score <= 0:
        return max(points, -MOST_TRUST)
    if not own.silent and own.score(features) >= own.bands().spam:
        return max(points, policy.spam_at)
    return max(min(points, policy.spam_at - LEFT), policy.hold_at)


def _named(features: Features, learner: Learner, points: float) -> tuple[Sayable, ...]:
    """The features that weighed most, with what each adds: the heaviest first, those of a kind together."""
    kinds: dict[str, list[Sayable]] = {}
    for each in learner.explain(features, NAMED):
        kinds.setdefault(each.kind, []).append(_shown(each))
    said = [Sentence(KINDS[kind], {"names": tuple(names)}) for kind, names in kinds.items()]
    return (N_("Like what you marked as spam.") if points > 0 else N_("Like what you approved."), *said)


def _shown(feature: Weighed) -> Sayable:
    """A feature with its points: what can be seen without reading is said, the rest is quoted."""
    name, points = feature.name, f"{feature.points:+.2f}"
    if feature.kind not in OF_SHAPE:
        return f"“{name if len(name) <= LONGEST else name[: LONGEST - 1] + '…'}” {points}"
    number = _NUMBER.search(name)
    look = Sentence(_NUMBER.sub("{number}", name), {"number": number[0]} if number else {})
    return Sentence("{look} {points}", {"look": (look,), "points": points})
