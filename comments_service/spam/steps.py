"""The last lessons of a learner as bytes, so that an undo finds it exactly as it was before them.

A lesson moves what other comments add, too. Forgetting it later takes out all that came from its own comment; taking it
back while it is the last one restores the others as well.
"""

from array import array

import msgspec

from .learner import Example, Step

KEPT = 20  # steps
BYTES_KEPT = 512 << 10

_Shares = list[tuple[float, list[int]]]
_Touched = tuple[str, int, tuple[bool, int, _Shares, float, float] | None]
_Row = tuple[int, dict[str, bool | None], list[_Touched]]


def to_bytes(steps: list[Step]) -> bytes:
    """The last of `steps`, as many as are kept."""
    kept: list[bytes] = []
    size = 0
    for step in reversed(steps[-KEPT:]):
        row = msgspec.msgpack.encode(_row(step))
        size += len(row)
        if size > BYTES_KEPT:
            break
        kept.insert(0, row)
    return msgspec.msgpack.encode(kept)


def from_bytes(data: bytes) -> list[Step]:
    """The steps that `to_bytes` stored, the last one last."""
    rows = msgspec.msgpack.decode(data, type=list[bytes]) if data else []
    return [_step(msgspec.msgpack.decode(row, type=_Row)) for row in rows]


def _row(step: Step) -> _Row:
    touched: list[_Touched] = []
    for key, (place, was) in step.touched.items():
        shares = [(weight, list(buckets)) for weight, buckets in was.shares] if was else []
        touched.append((key, place, (was.spam, was.age, shares, was.dual, was.held_out) if was else None))
    return step.age, step.kinds, touched


def _step(row: _Row) -> Step:
    age, kinds, touched = row
    return Step(age, kinds, {key: (place, _example(was) if was else None) for key, place, was in touched})


def _example(was: tuple[bool, int, _Shares, float, float]) -> Example:
    spam, age, shares, dual, held_out = was
    return Example(spam, age, tuple((weight, array("H", buckets)) for weight, buckets in shares), dual, held_out)
