"""A video's comments come in as they came in life; Mia decides by key, and less and less of her queue is spam."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SITE, Service, serving

pytestmark = pytest.mark.once

ORIGIN = "https://video.example"
PAGE = "/watch"
DAY = 50  # comments between two visits of Mia's


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that has learned nothing yet, behind a proxy: everybody writes from somewhere else."""
    wide = dict.fromkeys(("page_limit", "site_limit"), "100000 per minute")
    with serving(ORIGIN, tmp_path, lenient=False, trusted_proxies="127.0.0.1", **wide) as service:
        yield service


def sent(service: Service, row: dict[str, str], number: int, token: str) -> str:
    """Post a comment of the video; gives its id."""
    form = {
        "page": PAGE,
        "name": row["AUTHOR"],
        "email": f"viewer{number}@viewers.org",
        "body": row["CONTENT"],
        "token": token,
    }
    headers = {
        "Origin": ORIGIN,
        "Content-Type": "application/json",
        "Idempotency-Key": f"{number:032d}",
        "X-Forwarded-For": f"203.0.{113 + number // 250}.{number % 250}",
    }
    request = Request(f"{service.url}/api/v1/sites/{SITE}/comments", json.dumps(form).encode(), headers)
    with urlopen(request, timeout=10) as answer:
        return str(json.loads(answer.read())["comment"]["id"])


def token_of(service: Service) -> str:
    """A form's token that is old enough for somebody to have written a line."""
    with urlopen(f"{service.url}/api/v1/sites/{SITE}/token?page={PAGE}", timeout=10) as answer:
        token = str(json.loads(answer.read())["token"])
    time.sleep(2.1)
    return token


def decide_all(mia: Page, service: Service, spam: dict[str, bool]) -> None:
    """Decide whatever waits by one key each, from the first to the last."""
    mia.goto(f"{service.url}/admin/?limit={DAY}")
    entries = mia.locator(".entry")
    waiting = entries.evaluate_all("entries => entries.map(entry => entry.dataset.id)")
    for comment_id in waiting:
        mia.keyboard.press("s" if spam[comment_id] else "a")
    expect(entries).to_have_count(0)
    deadline = time.monotonic() + 10
    while service.waiting():  # the page sends some decisions together
        assert time.monotonic() < deadline, "keys were pressed and nothing was decided"
        time.sleep(0.1)


def test_less_and_less_of_the_queue_is_spam(mia: Page, service: Service, data: Path) -> None:
    with (data / "spam" / "Youtube01-Psy.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    spam: dict[str, bool] = {}
    token = token_of(service)
    days: list[dict[str, Any]] = []
    for start in range(0, len(rows), DAY):
        came = {
            sent(service, row, start + place, token): row["CLASS"] == "1"
            for place, row in enumerate(rows[start : start + DAY])
        }
        spam |= came
        waits = {comment["id"] for comment in service.waiting()}
        queued = [came[comment_id] for comment_id in came if comment_id in waits]
        lost = [comment_id for comment_id, is_spam in came.items() if not is_spam and comment_id not in waits]
        days.append({"came": sum(came.values()) / len(came), "queued": sum(queued) / len(queued), "lost": lost})
        decide_all(mia, service, spam)
    shares = [day["queued"] for day in days]
    first, last = sum(shares[:3]) / 3, sum(shares[-2:]) / 2
    assert first > 0.5, shares
    assert last < first / 3, shares
    assert days[-1]["came"] > 0.5, "on the last day as much spam comes as ever"
    assert shares[-1] < days[-1]["came"] / 3, "and most of it never meets Mia"
    assert [lost for day in days for lost in day["lost"]] == [], "no viewer is taken for a robot without a look"
