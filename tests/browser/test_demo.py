"""A new user's first five minutes: the demonstration, as the README begins it. It also takes the README's pictures.

With COMMENTS_TEST_PICTURES naming a folder (`docs/pictures`) the pictures are kept there.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Axe, await_ready, free_port

WAITING = (
    ("Tomás Rivera", "I bake in a cast-iron pot and take the lid off after twenty minutes. The crust **sings** then."),
    ("Helen Ward", "Could you say more about the flour? Mine is from a mill nearby and drinks like a camel."),
    ("best-ovens-4u", "Great post! More at http://cheap-ovens.example and http://bit.ly/oven1 for all your friends."),
)


DESKS = {"": (1280, 900), "-tablet": (768, 860), "-phone": (320, 860)}  # what the queue is photographed on


@dataclass
class Demo:
    """The running demonstration and the two addresses it printed."""

    article: str
    sign_in: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`comments-service demo` in an empty folder."""
    place = tmp_path_factory.mktemp("demo")
    port = free_port()
    with (place / "log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "comments_service.cli", "demo", "--port", str(port)],
            cwd=place, stdout=log, stderr=log, env={**os.environ, "COMMENTS_INSTANCE_PATH": str(place / "instance")},
        )  # fmt: skip
        try:
            await_ready(f"http://127.0.0.1:{port}", process, place / "log")
            article, sign_in = re.findall(r"http://\S+", (place / "log").read_text())
            yield Demo(article, sign_in)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pictures go to."""
    asked = os.environ.get("COMMENTS_TEST_PICTURES")
    return Path(asked) if asked else tmp_path_factory.mktemp("pictures")


def tab(browser: Browser, scheme: str = "light", width: int = 1100, height: int = 1300) -> Page:
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": height}, locale="en-GB", reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(10_000)
    return context.new_page()


def write(page: Page, name: str, body: str) -> None:
    """Write as `name` below the article that is open."""
    page.locator("comments-thread").scroll_into_view_if_needed()
    waiting = page.locator("comments-thread article.own")
    before = waiting.count()
    page.get_by_label("Comment *", exact=True).fill(body)
    page.get_by_label("Name *").fill(name)
    page.get_by_label("Email *").fill(f"{name.split(maxsplit=1)[0].lower()}@demo.example")
    page.wait_for_timeout(2_200)  # a person needs longer still: what is faster looks like a robot
    page.get_by_role("button", name="Post Comment").click()
    expect(waiting).to_have_count(before + 1)


def photograph(page: Page, pictures: Path, name: str, *, below: str | None = None) -> None:
    """Keep what is in sight as `name`, with the element `below` in the lower part."""
    if below:
        page.locator(below).evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - innerHeight / 3)")
    picture = pictures / f"{name}.png"
    page.screenshot(path=picture)
    assert 10_000 < picture.stat().st_size < 160_000, "there is something on it, and it is soon there"


def test_a_new_user_writes_approves_and_reads(browser: Browser, demo: Demo, pictures: Path, axe: Axe) -> None:
    reader = tab(browser)
    reader.goto(demo.article)
    assert axe(reader) == []
    for name, body in WAITING:
        write(reader, name, body)
    desk = tab(browser)
    desk.goto(demo.sign_in)
    desk.get_by_role("button", name="Sign in").click()
    expect(desk.locator(".entry")).to_have_count(len(WAITING))
    for size, (width, height) in DESKS.items():
        desk.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            desk.evaluate("scrollTo(0, 0)")
            photograph(desk, pictures, f"queue-{scheme}{size}")
            assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.keyboard.press("s")  # the newest first: the oven seller
    desk.keyboard.press("a")
    expect(desk.locator("#outcome")).to_contain_text(re.compile(r"\d comments?\."))
    stranger = tab(browser)
    stranger.goto(demo.article)
    stranger.locator("comments-thread").scroll_into_view_if_needed()
    expect(stranger.locator("comments-thread article")).to_have_count(4)
    expect(stranger.get_by_text("Could you say more about the flour?")).to_be_visible()
    assert "helen@" not in stranger.evaluate("document.querySelector('comments-thread').shadowRoot.innerHTML")
    photograph(stranger, pictures, "article-light", below="comments-thread")


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1100), ("light", 390), ("dark", 390)])
def test_the_article_is_one_that_somebody_would_publish(
    browser: Browser, demo: Demo, pictures: Path, axe: Axe, scheme: str, width: int
) -> None:
    page = tab(browser, scheme, width, 1300 if width > 500 else 844)
    page.goto(demo.article)
    page.locator("comments-thread").scroll_into_view_if_needed()
    expect(page.locator("comments-thread form")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    photograph(page, pictures, f"article-{scheme}{'' if width > 500 else '-phone'}", below="comments-thread")


def test_the_sign_in_link_works_once(browser: Browser, demo: Demo) -> None:
    page = tab(browser)
    page.goto(demo.sign_in)
    expect(page.get_by_role("heading", name="Welcome")).to_have_count(0)
