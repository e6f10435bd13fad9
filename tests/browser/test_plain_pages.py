"""Ada's browser runs no scripts: from an article she reads, writes and answers on the service's own pages."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SITE, Axe, Service
from tests.browser.reader import path_of

Article = Callable[..., str]
SURROUNDINGS = [("light", 1280, "en"), ("dark", 1280, "en"), ("light", 320, "en"), ("dark", 320, "ar")]
TEXT = f"A list:\n\n- one\n\n> Quoted, with `code`\n\n```\nflour 500\n```\n\n{'Donaudampfschifffahrt' * 12}"


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A tab without scripts."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def fills(page: Page, **fields: str) -> None:
    for name, text in {"name": "Ada", "email": "ada@ada-lovelace.org", **fields}.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("form button").click()


def test_ada_writes_and_ben_answers_without_a_script(plain: Page, article: Article, service: Service) -> None:
    plain.goto(url := article())
    plain.get_by_role("link", name="Comments").click()
    fills(plain, body="Does it *rise*?", email="ada@gmial.com", website="no site at all")
    expect(plain.get_by_text("Did you mean ada@gmail.com?")).to_be_visible()
    expect(plain.locator("[name=website]")).to_have_accessible_description(
        "This is not a web address like https://example.org."
    )
    expect(plain.locator("[name=body]")).to_have_value("Does it *rise*?")
    fills(plain, website="")
    expect(plain.get_by_role("status")).to_contain_text("awaiting moderation")
    plain.locator("textarea").fill("Does it *really* rise?")
    plain.get_by_role("button", name="Save").click()
    expect(plain.locator("em")).to_have_text("really")
    service.approve("Does it *really* rise?")
    plain.get_by_role("link", name="Back to the article").click()
    assert plain.url == url
    plain.get_by_role("link", name="Comments").click()
    plain.get_by_role("link", name="Reply to Ada").click()
    expect(plain.get_by_role("heading", name="Reply to Ada")).to_be_in_viewport()
    fills(plain, body="It does.", name="Ben", email="ben@ben-nevis.org")
    service.approve("It does.")
    plain.goto(f"{service.url}/s/{SITE}/thread?page={path_of(url)}")
    expect(plain.locator("li li article")).to_contain_text("It does.")


@pytest.mark.parametrize(("scheme", "width", "lang"), SURROUNDINGS)
def test_axe_finds_nothing_on_the_plain_pages(
    browser: Browser, article: Article, service: Service, axe: Axe, scheme: str, width: int, lang: str
) -> None:
    path = path_of(url := article())
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900}, locale="en-GB",
    )  # fmt: skip
    page = context.new_page()

    def fine(state: str) -> None:
        assert axe(page) == [], state
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state

    thread = f"{service.url}/s/{SITE}/thread?page={path}&lang={lang}"
    page.goto(thread)
    fine("nobody has written")
    comment = service.submit(path, url.rsplit("/", 1)[0], body=TEXT, website="https://ann.example")
    service.answers(comment, "Thank you.")
    service.pin(comment)
    page.goto(thread)
    fine("a discussion")
    page.locator("article footer a").last.click()
    page.locator("form").evaluate("form => (form.noValidate = true)")
    page.locator("[name=email]").fill("ada@gmial.com")
    page.locator("form button").click()
    expect(page.locator(".comments-error")).to_have_count(3)
    fine("errors")
    for name, text in {"body": "Hello", "name": "Ada", "email": "ada@ada-lovelace.org"}.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("form button").click()
    expect(page.locator(".comments-state")).to_be_visible()
    fine("the receipt")
    service.lock(comment)
    page.goto(thread)
    expect(page.locator("form")).to_have_count(0)
    fine("closed")
    context.close()


def test_ada_is_shown_what_is_wrong_where_it_is_wrong_however_long_the_discussion(
    plain: Page, article: Article, service: Service
) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="A long story.\n\n" * 100)
    service.approve_all(path_of(url))
    plain.goto(f"{service.url}/s/{SITE}/thread?page={path_of(url)}")
    fills(plain, body="Short", website="no site at all")
    expect(plain.get_by_role("alert")).to_be_in_viewport()
    fills(plain, website="")
    expect(plain.get_by_role("status")).to_be_in_viewport()
