"""Ada writes while a flood runs: her browser does the work that everybody is asked for, and she notices nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Complaints, Service, serving
from tests.browser.reader import Reader
from tests.browser.test_widget_embedding import STRICT


@pytest.fixture(scope="module")
def flooded(articles: Articles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that finds the second comment of a minute too many to take without work."""
    with serving(articles.url, tmp_path_factory.mktemp("flooded"), challenge_from="1") as service:
        service.submit("/flooded", articles.url, body="The flood")
        yield service


def test_in_a_flood_the_browser_does_the_work_and_the_comment_arrives_once(
    page: Page, articles: Articles, flooded: Service, complaints: Complaints
) -> None:
    policy = {"Content-Security-Policy": STRICT.format(service=flooded.url)}
    ada = Reader(page).opens(articles.publish(flooded.url, "/flooded-article", headers=policy))
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    ada.writes("Not a flood, only Ada")
    assert [request.response().status for request in sent] == [428, 202]  # type: ignore[union-attr]
    assert len({request.headers["idempotency-key"] for request in sent}) == 1
    [held] = [c for c in flooded.waiting() if c["body_source"] == "Not a flood, only Ada"]
    assert "unproven" not in str(held)
    refused = [line for line in complaints.lines if "Content Security Policy" in line and "inline style" not in line]
    assert refused == []


def test_a_browser_that_cannot_do_the_work_is_told_to_wait_and_keeps_the_text(
    page: Page, articles: Articles, flooded: Service
) -> None:
    # So it is on a page that did not come over HTTPS.
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    ada = Reader(page).opens(articles.publish(flooded.url, "/flooded-article"))
    ada.fills("Patience").sends()
    expect(page.locator("comments-thread [role=alert]")).to_contain_text("Please wait half a minute")
    expect(page.locator("comments-thread #body")).to_have_value("Patience")
