"""What a moderator waits for at a million comments: her queue, its counts, and each kind of search."""

import http.client
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .content import BREAD, BUSY, SITE, WORDS
from .figures import Figure
from .services.ours import Ours, queue_headers
from .services.process import HOST, Running

MOST = 50  # milliseconds
TIMES = 11  # of fewer the middle shifts with the weather of a rented machine
API = "/api/v1/moderation"
EVERYWHERE, IN_TENTH, RARE = WORDS[0], WORDS[29], WORDS[-1]
LISTS: dict[str, dict[str, str]] = {
    "what waits": {"status": "pending"},
    "spam": {"status": "spam"},
    "all statuses": {},
}
SEARCHES = {
    "a word in nearly every comment": EVERYWHERE,
    "a word in a tenth": IN_TENTH,
    "a word in a thirtieth": RARE,
    "a rare word": "bababa",
    "a word that is nowhere": "nowhere",
    "two common words": f"{EVERYWHERE} {WORDS[1]}",
    "a common and a rare word": f"{EVERYWHERE} babado",
    "the commonest words in a row": f'"{EVERYWHERE} {WORDS[1]}"',
    "common words in a row": f'"{WORDS[2]} {WORDS[3]}"',
    "words in a row that seldom are": f'"{IN_TENTH} {RARE}"',
    "the beginning of nearly every text's words": "b*",
    "a common beginning": "ba*",
    "the beginning of words": "bab*",
    "a rare beginning": "babad*",
    "name:": "name:4287",
    "name: of everybody": "name:ada",
    "text:": f"text:{RARE}",
    "domain: of a website": "domain:home-7.example",
    "domain: of a link": "domain:site-20.example",
    "domain: that is common": "domain:example",
    "page:": f"page:{BREAD}",
    "page: of a long thread": f"page:{BUSY}",
    "page: and a word": f"page:{BUSY} {RARE}",
    "link:>1": "link:>1",
    "link:0": "link:0",
    "link:>1 and a word": f"link:>1 {IN_TENTH}",
    "rule: that held everything": "rule:first-comment",
    "rule:": "rule:links",
    "before:": "before:2100-01-01",
    "after:": "after:2001-01-01",
    "before: and a word": f"before:2026-01-01 {RARE}",
}
LATER = {
    "all statuses": "",
    "a word in nearly every comment": EVERYWHERE,
    "a common beginning": "ba*",
    "common words in a row": f'"{WORDS[2]} {WORDS[3]}"',
    "link:>1": "link:>1",
    "page: of a long thread": f"page:{BUSY}",
    "is:pending and a word": f"is:pending {IN_TENTH}",
}
WAYS: dict[str, dict[str, str]] = {
    "alone": {},
    "with is:pending": {"status": "pending"},
    "with a site": {"site": SITE},
    "with both": {"status": "pending", "site": SITE},
}
COPY = timedelta(milliseconds=1 << 32)  # that a copy of the content is older than the one before
DEEP = 10 * COPY


@dataclass(frozen=True)
class Desk:
    """A moderator's connection: what she asks for, and how long she waits."""

    connection: http.client.HTTPConnection
    headers: Mapping[str, str]

    def asks(self, path: str, **query: str) -> tuple[float, bytes]:
        began = time.perf_counter()
        self.connection.request("GET", f"{path}?{urlencode(query)}", headers=dict(self.headers))
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} {query}: {answer.status} {body[:200]!r}")
        return (time.perf_counter() - began) * 1000, body

    def finds(self, **query: str) -> Any:
        return json.loads(self.asks(f"{API}/comments", **query)[1])

    def waits(self, path: str, **query: str) -> float:
        """The middle of some times."""
        return statistics.median(self.asks(path, **query)[0] for _ in range(TIMES))


def figures(group: str, service: Running, ours: Ours, folder: Path) -> Iterator[Figure]:
    """How long each takes: of the ways to ask for the same, that which takes longest."""
    connection = http.client.HTTPConnection(HOST, service.port, timeout=60)
    own, everywhere = (Desk(connection, queue_headers(folder, who)) for who in ("token", "administrator"))
    signed_in = Desk(connection, ours.signed_in(folder))
    waits = {"one site": signed_in.waits("/admin/", site=SITE), "all sites": signed_in.waits("/admin/")}
    yield _figure(group, "the queue's first page, with its groups", waits)
    yield _figure(group, "counts by status", {"": own.waits(f"{API}/counts")})
    for name, query in LISTS.items():
        yield _figure(group, f"{name}, first page", _both(own, everywhere, **query))
    for name, q in (SEARCHES | _of_somebody(own)).items():
        found = own.finds(q=q)
        number = f"{found['total']:,}{'+' if found['at_least'] else ''} found"
        ways = {way: own.waits(f"{API}/comments", q=q, **more) for way, more in WAYS.items()}
        yield _figure(group, name, ways | {"on all sites": everywhere.waits(f"{API}/comments", q=q)}, number)
    deep = _deep(own)
    for name, q in LATER.items():
        pages = {"the second": own.finds(q=q)["next"], "one in the midst": deep}
        found = {page: own.waits(f"{API}/comments", q=q, after=after) for page, after in pages.items()}
        yield _figure(group, f"a later page: {name}", found)
    connection.close()


def _figure(group: str, name: str, waits: dict[str, float], found: str = "") -> Figure:
    slowest = max(waits, key=lambda way: waits[way])
    told = [found, f"{min(waits.values()):.1f} to {waits[slowest]:.1f} ms; longest {slowest}" if len(waits) > 1 else ""]
    return Figure(group, name, waits[slowest], "ms", MOST, small=True, note="; ".join(filter(None, told)))


def _both(own: Desk, everywhere: Desk, **query: str) -> dict[str, float]:
    return {"one site": own.waits(f"{API}/comments", **query), "all": everywhere.waits(f"{API}/comments", **query)}


def _of_somebody(own: Desk) -> dict[str, str]:
    """Searches about one comment: answers to it, and others by whoever wrote it."""
    card = next(card for card in own.finds(status="approved")["comments"] if card["parent"] is None)
    by, to = card["commenter"]["search"], f"reply-to:{card['id']}"
    return {"reply-to:": to, "from:": by, "from: and a word": f"{by} {EVERYWHERE}"}


def _deep(own: Desk) -> str:
    """A comment in the midst of all; ids begin with the time."""
    newest = own.finds(limit="1")["comments"][0]["id"]
    at = datetime.fromtimestamp(int(newest.replace("-", "")[:12], 16) / 1000, UTC) - DEEP
    return str(own.finds(q=f"before:{at.isoformat()}", limit="1")["comments"][0]["id"])
