"""What a check is given and what it gives: a submission, what is known, points with evidence."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from ..comments.models import Status
from .looks import Seen


class Evidence(msgspec.Struct, frozen=True):
    """What one check found: its points (log-odds, so that they add up) and what it saw, as a sentence."""

    check: str
    points: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the site already has from a commenter's address, by status; what the checks' looks saw; what they found."""

    approved: int = 0
    pending: int = 0
    spam: int = 0
    seen: Seen = field(default_factory=lambda: defaultdict(list))
    found: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a submission goes, the sum of its points, every reason, and what is kept for later judgements."""

    status: Status
    score: float
    reasons: tuple[Evidence, ...]
    domain_bucket: int | None = None
    shape: bytes | None = None
    near: Mapping[str, int | None] = field(default_factory=dict)
    script: str | None = None
    group_key: bytes | None = None
