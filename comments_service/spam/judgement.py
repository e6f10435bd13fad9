"""What a check is given and what it gives: a submission, what is known, points with evidence."""

from dataclasses import dataclass

import msgspec

from ..comments.models import Status


class Evidence(msgspec.Struct, frozen=True):
    """What one check found: its points (log-odds, so that they add up) and what it saw, as a sentence."""

    check: str
    points: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the site already has from a commenter's address, by status."""

    approved: int = 0
    pending: int = 0
    spam: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a submission goes, the sum of its points, and every reason."""

    status: Status
    score: float
    reasons: tuple[Evidence, ...]
