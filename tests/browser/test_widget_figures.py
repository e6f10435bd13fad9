"""What the widget costs the page that embeds it: `make figures` prints it, and no figure may pass its limit."""

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from comments_service.widget import pages
from tests.browser.conftest import Service

Article = Callable[..., str]

SCRIPT = pages.SCRIPTS / "embed.js"
MOST_BROTLI = 6_144
MOST_GZIP = 7_168
MOST_REQUESTS = 2
# Milliseconds on the thread's own clock, which other work on the machine does not move much.
MOST_SCRIPT = 12
VISITS = 5
SHIFT = (
    "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) shift += e.value })"
    ".observe({type: 'layout-shift', buffered: true})"
)


def test_the_script_stays_in_its_budget(capsys: pytest.CaptureFixture[str]) -> None:
    content = SCRIPT.read_bytes()
    packed, zipped = brotli(SCRIPT), len(gzip.compress(content, 9))
    with capsys.disabled():
        print(f"\nembed.js: {packed} bytes brotli (limit {MOST_BROTLI}), {zipped} gzip, {len(content)} raw")
    assert packed <= MOST_BROTLI
    assert zipped <= MOST_GZIP


def brotli(path: Path) -> int:
    """What `path` weighs under brotli -q 11, by Node, which has it."""
    script = "console.log(require('zlib').brotliCompressSync(require('fs').readFileSync(process.argv[1])).length)"
    try:
        done = subprocess.run(["node", "-e", script, str(path)], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("node is missing: nothing here can weigh with brotli")
    return int(done.stdout)


def test_twenty_comments_cost_little(
    browser: Browser, article: Article, service: Service, capsys: pytest.CaptureFixture[str]
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
