"""Telling a cache at the edge (a CDN) what to drop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from .. import outside
from ..sites.tags import joined

SETTLING = timedelta(seconds=2)  # until every machine gives the new answer, which may be asked for at once
AT_A_TIME = 30  # tags in a request


@dataclass(frozen=True, slots=True)
class Edge:
    """Where it is told, with which header of the operator's, and which secret to sign with; either may be empty."""

    url: str
    header: str
    secret: str


def tell(edge: Edge, tags: Sequence[str], now: datetime) -> None:
    """Let what bears one of `tags` be dropped; raises one of `outside.FAILURES`."""
    for start in range(0, len(tags), AT_A_TIME):
        some = tags[start : start + AT_A_TIME]
        body = msgspec.json.encode({"tags": some})
        headers = {"Content-Type": "application/json", "Surrogate-Key": joined(some)}
        if edge.header:
            name, _, value = edge.header.partition(":")
            headers[name.strip()] = value.strip()
        if edge.secret:
            headers |= outside.signature(edge.secret, body, now)
        outside.post(edge.url, body, headers)
