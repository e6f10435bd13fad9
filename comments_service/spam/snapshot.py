"""A learner as bytes, to be stored and exported.

A line of JSON (format, number of buckets, keys of the remembered comments), then arrays, all deflated. The weights are
not stored: they are the sum of what the remembered comments add.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Iterator, Sequence

from .features import BUCKETS
from .learner import Example, Learner

FORMAT = 1
# What each array holds: label and age of a comment, its dual variable and held-out score, how many groups it has, what
# a feature of a group weighs and how many there are, and the buckets.
_TYPES = "BQddHdHH"


class UnreadableSnapshot(ValueError):
    """The bytes are no learner of this version; it has to be taught again from the decisions."""


def to_bytes(learner: Learner) -> bytes:
    """Everything that `learner` knows; equal learners give equal bytes."""
    examples = learner.memory.values()
    groups = [group for example in examples for group in example.shares]
    columns = (
        (example.spam for example in examples),
        (example.age for example in examples),
        (example.dual for example in examples),
        (example.held_out for example in examples),
        (len(example.shares) for example in examples),
        (weight for weight, _ in groups),
        (len(buckets) for _, buckets in groups),
        (bucket for _, buckets in groups for bucket in buckets),
    )
    arrays = [array(kind, column) for kind, column in zip(_TYPES, columns, strict=True)]
    head = {"format": FORMAT, "buckets": BUCKETS, "keys": list(learner.memory), "lengths": [len(a) for a in arrays]}
    parts = [json.dumps(head, separators=(",", ":")).encode(), b"\n", *(_swapped(each).tobytes() for each in arrays)]
    return zlib.compress(b"".join(parts), level=1)


def from_bytes(data: bytes) -> Learner:
    """The learner that `to_bytes` stored. Raises `UnreadableSnapshot`."""
    try:
        head_line, _, body = zlib.decompress(data).partition(b"\n")
        head = json.loads(head_line)
        if (head["format"], head["buckets"]) != (FORMAT, BUCKETS):
            raise UnreadableSnapshot(f"format {head['format']} with {head['buckets']} buckets is not read here")
        return Learner.remembering(_examples(head, _arrays(head["lengths"], body)))
    except (zlib.error, KeyError, IndexError, TypeError, ValueError) as error:
        raise UnreadableSnapshot(f"not a stored learner: {error}") from error


def _arrays(lengths: list[int], body: bytes) -> list[array]:  # type: ignore[type-arg]
    arrays, start = [], 0
    for kind, length in zip(_TYPES, lengths, strict=True):
        column = array(kind)
        end = start + length * column.itemsize
        column.frombytes(body[start:end])
        arrays.append(_swapped(column))
        start = end
    return arrays


def _examples(head: dict[str, list[str]], arrays: list[array]) -> Iterator[tuple[str, Example]]:  # type: ignore[type-arg]
    spam, ages, duals, held_out, numbers, weights, sizes, buckets = arrays
    group = bucket = 0
    for place, key in enumerate(head["keys"]):
        shares: list[tuple[float, Sequence[int]]] = []
        for number in range(group, group + numbers[place]):
            shares.append((weights[number], buckets[bucket : bucket + sizes[number]]))
            bucket += sizes[number]
        group += numbers[place]
        yield key, Example(bool(spam[place]), ages[place], tuple(shares), duals[place], held_out[place])


def _swapped(column: array) -> array:  # type: ignore[type-arg]
    """`column` in the byte order of the stored form, little-endian, or back from it."""
    if sys.byteorder == "big":
        column.byteswap()
    return column
