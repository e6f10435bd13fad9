"""What a moderator waits for at a million comments: her queue, its counts, and each kind of search."""

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .content import BREAD, BUSY, WORDS
from .figures import Figure
from .services.ours import queue_headers
from .services.process import HOST, Running

MOST = 50  # milliseconds
TIMES = 9
API = "/api/v1/moderation"
EVERYWHERE, IN_TENTH, RARE = WORDS[0], WORDS[29], WORDS[-1]
FORMS = {
    "the queue's first page": {"status": "pending"},
    "spam, first page": {"status": "spam"},
    "all statuses, first page": {},
    "a word in nearly every comment": {"q": EVERYWHERE},
    "the same among those that wait": {"q": f"is:pending {EVERYWHERE}"},
    "a word in a tenth": {"q": IN_TENTH},
    "the same among spam": {"q": f"is:spam {IN_TENTH}"},
    "a word in a thirtieth": {"q": RARE},
    "a rare word": {"q": "bababa"},
    "a word that is nowhere": {"q": "nowhere"},
    "two common words": {"q": f"{EVERYWHERE} {WORDS[1]}"},
    "words in a row": {"q": f'"{WORDS[2]} {WORDS[3]}"'},
    "the beginning of words": {"q": "bab*"},
    "name:": {"q": "name:4287"},
    "name: of everybody": {"q": "name:ada"},
    "text:": {"q": f"text:{RARE}"},
    "domain: of a website": {"q": "domain:home-7.example"},
    "domain: of a link": {"q": "domain:site-20.example"},
    "page:": {"q": f"page:{BREAD}"},
    "page: of a long thread": {"q": f"page:{BUSY}"},
    "link:>1": {"q": "link:>1"},
    "link:>1 among those that wait": {"q": "is:pending link:>1"},
    "link:0": {"q": "link:0"},
    "rule: that held everything": {"q": "rule:first-comment"},
    "rule:": {"q": "rule:links"},
    "rule: among those that wait": {"q": "is:pending rule:links"},
    "before:": {"q": "before:2100-01-01"},
    "after:": {"q": "after:2001-01-01"},
}


def figures(group: str, service: Running, folder: Path) -> Iterator[Figure]:
    """How long each takes, the middle of some, on one connection; and how many were found."""
    headers = queue_headers(folder)
    connection = http.client.HTTPConnection(HOST, service.port, timeout=60)

    def ask(path: str) -> tuple[float, bytes]:
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return (time.perf_counter() - began) * 1000, body

    card = _card(ask(f"{API}/comments?status=approved")[1])
    forms = FORMS | {"reply-to:": {"q": f"reply-to:{card['id']}"}, "from:": {"q": card["commenter"]["search"]}}
    for name, query in forms.items():
        yield _figure(group, name, [ask(f"{API}/comments?{urlencode(query)}") for _ in range(TIMES)])
    yield _figure(group, "counts by status", [ask(f"{API}/counts") for _ in range(TIMES)])
    connection.close()


def _figure(group: str, name: str, asked: list[tuple[float, bytes]]) -> Figure:
    waits = [milliseconds for milliseconds, _ in asked]
    total = json.loads(asked[0][1]).get("total")
    found = "" if total is None else f"; {total:,} found"
    note = f"{min(waits):.1f} to {max(waits):.1f} ms{found}"
    return Figure(group, name, statistics.median(waits), "ms", MOST, small=True, note=note)


def _card(body: bytes) -> Any:
    """The first comment on a page of the queue that answers nothing."""
    return next(card for card in json.loads(body)["comments"] if card["parent"] is None)
