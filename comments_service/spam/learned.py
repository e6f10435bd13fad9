"""What the site's decisions so far say of a submission."""

from collections.abc import Iterable

from ..comments.form import Submission
from ..comments.models import Comment
from ..sites.policy import Policy
from . import memory
from .features import Features, Text, extract
from .judgement import Evidence, Known
from .learner import Learner, blended

CHECK = "learned"
NAMED = 5  # features
LEAST = 0.1  # points worth a line
# Below the calibrated band the learner alone does not send to spam; it leaves this much to the other checks.
LEFT = 1.5
MOST_TRUST = 2.0  # points taken off at the most
LONGEST = 40  # characters of a feature that are shown
NOT_OF_THE_TEXT = {CHECK, "words", "policy", "first-comment"}


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


def _named(features: Features, learner: Learner, points: float) -> str:
    """The features that weighed most, with what each adds."""
    weighed = learner.explain(features, NAMED)
    said = "; ".join(f"{_shown(each.feature)} {each.points:+.2f}" for each in weighed)
    return f"{'Like what you marked as spam' if points > 0 else 'Like what you approved'}: {said}"


def _shown(feature: str) -> str:
    kind, _, name = feature.partition(" ")
    return f"{kind} “{name if len(name) <= LONGEST else name[: LONGEST - 1] + '…'}”"
