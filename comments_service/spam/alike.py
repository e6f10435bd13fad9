"""What makes comments one of a kind: moderators decide on near-identical ones at once."""

from hashlib import blake2s

from ..comments.form import Submission
from . import hosts
from .duplicates import BYTES
from .folding import fold, plain
from .judgement import Known


def group_key(submission: Submission, shape: bytes | None, known: Known) -> bytes:
    """Equal for comments that are near-identical.

    A long text is known by its shape, whoever sent it; one with a few words changed joins the group of what it is
    nearly the same as. A short one has to come from the same network, too, and to link to the same domains, or say
    the same where it links nowhere.
    """
    if shape is not None:
        return known.groups[0] if known.groups else shape
    linked = hosts.linked(submission.website) + hosts.linked(submission.body)
    said = sorted(set(map(hosts.registrable, linked))) or [_letters(submission.body)]
    digest = blake2s(submission.network_key, digest_size=BYTES)
    digest.update("\0".join(said).encode("utf-8", "replace"))
    return digest.digest()


def _letters(body: str) -> str:
    """What a text says, without its signs and spaces where there is more to it than these."""
    folded = fold(plain(body))
    return "".join(filter(str.isalnum, folded)) or folded
