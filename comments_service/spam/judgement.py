"""What a check is given and what it gives: a submission, what is known, points with evidence."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from ..comments.models import Status
from ..i18n import Sayable, Translate
from .looks import Seen


class Evidence(msgspec.Struct, frozen=True):
    """What one check found: its points (log-odds, so that they add up) and what it saw.

    That is a sentence, or several with what stands in them: kept as they are, and said in the language of who reads.
    """

    check: str
    points: float
    evidence: str | tuple[Sayable, ...]

    @property
    def sentences(self) -> tuple[Sayable, ...]:
        """What it saw."""
        return (self.evidence,) if isinstance(self.evidence, str) else self.evidence

    def said(self, translate: Translate = str) -> str:
        """What it saw, by `translate` in somebody's language."""
        return " ".join(map(translate, self.sentences))


@dataclass(frozen=True, slots=True)
class Known:
    """What the site already has from a commenter's address, by status; what the checks' looks saw; what they found.

    `groups` are those of the comments that say nearly the same, of the oldest first.
    """

    approved: int = 0
    pending: int = 0
    spam: int = 0
    seen: Seen = field(default_factory=lambda: defaultdict(list))
    found: list[Evidence] = field(default_factory=list)
    groups: list[bytes] = field(default_factory=list)


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
