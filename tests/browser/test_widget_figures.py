"""What the widget costs the page that embeds it; no figure may pass its limit.

`make figures` prints them and, by COMMENTS_TEST_FIGURES, writes them into docs/embed.md.
"""

import gzip
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from comments_service.widget import pages
from tests.browser import figures
from tests.browser.conftest import Service
from tests.browser.figures import MOST_BROTLI, MOST_GZIP, MOST_REQUESTS, MOST_SCRIPT, Cost, Size

Article = Callable[..., str]

SCRIPT = pages.SCRIPTS / "embed.js"
VISITS = 5
SHIFT = (
    "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) shift += e.value })"
    ".observe({type: 'layout-shift', buffered: true})"
)


@pytest.fixture(scope="module")
def size() -> Size:
    """What the script weighs."""
    content = SCRIPT.read_bytes()
    return Size(brotli(SCRIPT), len(gzip.compress(content, 9)), len(content))


def test_the_script_stays_in_its_budget(size: Size, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nembed.js: {size.brotli} bytes brotli (limit {MOST_BROTLI}), {size.gzip} gzip, {size.raw} raw")
    assert size.brotli <= MOST_BROTLI
    assert size.gzip <= MOST_GZIP


def brotli(path: Path) -> int:
    """What `path` weighs under brotli -q 11, by Node, which has it."""
    script = "console.log(require('zlib').brotliCompressSync(require('fs').readFileSync(process.argv[1])).length)"
    try:
        done = subprocess.run(["node", "-e", script, str(path)], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("node is missing: nothing here can weigh with brotli")
    return int(done.stdout)


def test_twenty_comments_cost_little(
    browser: Browser, article: Article, service: Service, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    url = article()
    origin, path = url.rsplit("/", 1)
    for n in range(20):
        service.submit(f"/{path}", origin, name=f"Reader {n}", body=f"**Number {n}** has `something` to say.\n\nTwice.")
    service.approve_all(f"/{path}")
    bare = article(snippet="<p>No comments</p>")
    idle = min(visit(browser, bare, service)["script"] for _ in range(VISITS))
    article()
    visits = [visit(browser, url, service, comments=20) for _ in range(VISITS)]
    script = sorted(seen["script"] for seen in visits)[VISITS // 2] - idle
    requests, shift = max((seen["requests"] for seen in visits), key=len), max(seen["shift"] for seen in visits)
    with capsys.disabled():
        print(
            f"\n20 comments: {len(requests)} requests (limit {MOST_REQUESTS}), {script:.1f} ms of script "
            f"(limit {MOST_SCRIPT}; median of {VISITS}), layout shift {shift:g} (limit 0)"
        )
    assert len(requests) <= MOST_REQUESTS, requests
    assert shift == 0
    assert script <= MOST_SCRIPT
    cost = Cost(len(requests), script, shift)
    if os.environ.get("COMMENTS_TEST_FIGURES"):
        figures.write(size, cost)
    # Times are another machine's; the rest is the same everywhere.
    for row in (figures.size_row(size), figures.requests_row(cost), figures.compared_row(size)):
        assert row in figures.DOCUMENT.read_text(), "make figures"


def visit(browser: Browser, url: str, service: Service, comments: int = 0) -> dict[str, Any]:
    """Open `url` in a new browser profile: what it asked of the service, ran, and moved."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(SHIFT)
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(url)
    # Looking runs scripts of its own, so it waits until there is something to see, and looks once.
    page.wait_for_load_state("networkidle")
    measured = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    expect(page.locator("comments-thread article")).to_have_count(comments)
    shift = page.evaluate("shift")
    context.close()
    return {
        "script": measured["ScriptDuration"] * 1000,
        "requests": [address for address in asked if address.startswith(service.url)],
        "shift": shift,
    }
