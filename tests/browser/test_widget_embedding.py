"""What a website's owner pastes: pinned scripts, recipes, and what is left when the tab dies."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser.articles import Articles
from tests.browser.conftest import SITE, Complaints, Service
from tests.browser.reader import Reader, path_of

Article = Callable[..., str]

STRICT = (
    "default-src 'none'; script-src {service}; connect-src {service}; style-src 'self';"
    " require-trusted-types-for 'script'"
)
DOCUMENT = (
    (Path(__file__).parents[2] / "docs" / "embed.md").read_text().replace("https://comments.example.org", "{service}")
)
HOSTILE_TEXT = "</script><script>alert(1)</script> <!-- <script> ]]> &amp; \u2028 `"


@pytest.fixture
def ada(page: Page) -> Reader:
    return Reader(page)


def test_a_pinned_script_is_run_as_printed_and_kept_for_a_year(
    ada: Reader, article: Article, service: Service, complaints: Complaints
) -> None:
    snippet = service.command("snippet", SITE).replace("<comments-thread", "<comments-thread eager")
    ada.opens(article(snippet=snippet))
    expect(ada.page.locator("comments-thread form")).to_be_visible()
    assert [line for line in complaints.lines if "integrity" in line] == []
    [address] = re.findall(r'src="([^"]+)"', snippet)
    with urllib.request.urlopen(address) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_script_that_is_not_the_printed_one_is_not_run(
    ada: Reader, article: Article, service: Service, complaints: Complaints
) -> None:
    snippet = service.command("snippet", SITE)
    [integrity] = re.findall(r'integrity="sha384-([^"]+)"', snippet)
    ada.page.goto(article(snippet=snippet.replace(integrity, integrity[::-1])))
    expect(ada.page.locator("comments-thread")).to_be_attached()
    assert ada.page.evaluate("!customElements.get('comments-thread')")
    assert any("integrity" in line for line in complaints.lines)


def test_no_other_version_goes_by_a_versions_name(service: Service) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{service.url}/embed.0123456789abcdef.js")


def test_search_engines_read_hostile_words_as_words(
    ada: Reader, article: Article, service: Service, complaints: Complaints
) -> None:
    url = article()
    origin, path = url.rsplit("/", 1)
    service.submit(f"/{path}", origin, name="</script><b>Ann", body=HOSTILE_TEXT)
    service.approve_all(f"/{path}")
    ada.page.goto(f"{service.url}/s/{SITE}/thread?page=/{path}")
    [block] = ada.page.locator("script").all()
    assert block.get_attribute("type") == "application/ld+json"
    posting = json.loads(block.text_content() or "")
    assert posting["@type"] == "DiscussionForumPosting"
    assert posting["url"] == url
    [comment] = posting["comment"]
    assert comment["url"].startswith(f"{url}#comment-")
    assert comment["@type"] == "Comment"
    assert comment["author"]["name"] == "</script><b>Ann"
    assert "</script><script>alert(1)</script>" in comment["text"]
    assert ada.page.locator("link[rel=canonical]").get_attribute("href") == url
    assert [line for line in complaints.lines if "Content Security Policy" in line] == []


def test_the_recipe_for_mkdocs_works_on_its_material_theme(
    ada: Reader, articles: Articles, service: Service, data: Path
) -> None:
    folder = data / "pages" / "mkdocs-material"
    articles.lay_out(folder)
    html = (folder / "index.html").read_text()
    recipe = (
        f'<h2 id="comments">Comments</h2><comments-thread site="{SITE}" page="/mkdocs-recipe"></comments-thread>'
        f'<script async src="{service.url}/embed.js"></script>'
    )
    assert "</article>" in html
    url = articles.publish(service.url, f"/{folder.name}/", html.replace("</article>", f"{recipe}</article>"))
    ada.page.goto(url)
    ada.page.locator("comments-thread").scroll_into_view_if_needed()
    ada.writes("From the manual")
    expect(ada.own()).to_contain_text("From the manual")


def test_a_draft_survives_a_tab_that_dies(context: BrowserContext, article: Article) -> None:
    url = article()
    ada = Reader(context.new_page()).opens(url)
    ada.fills("Nearly done with this sentence")
    with ada.page.expect_event("crash"), pytest.raises(Error, match="crash"):
        ada.page.goto("chrome://crash")
    again = Reader(context.new_page()).opens(url)
    expect(again.page.locator("comments-thread #body")).to_have_value("Nearly done with this sentence")


def documented(opening: str) -> str:
    """The lines of docs/embed.md from the one that begins with `opening` to the end of their block."""
    [block] = re.findall(rf"^({re.escape(opening)}.*?)```", DOCUMENT, re.MULTILINE | re.DOTALL)
    return str(block)


@pytest.mark.parametrize(
    "policy", [STRICT, f"default-src 'none'; {documented('script-src').strip()}"], ids=["strict", "documented"]
)
def test_nothing_runs_where_the_site_allows_only_our_script_and_trusted_types(
    ada: Reader, article: Article, service: Service, complaints: Complaints, policy: str
) -> None:
    url = article(headers={"Content-Security-Policy": policy.format(service=service.url)})
    ada.opens(url).writes("<img src=x onerror=alert(1)> **and** [a](javascript:alert(1))")
    broken = [line for line in complaints.lines if "Content Security Policy" in line and "inline style" not in line]
    assert broken == []  # the test page's own inline style is the one thing refused


def test_drawing_what_the_manual_says_to_paste_shifts_nothing(ada: Reader, article: Article, service: Service) -> None:
    snippet = documented('<comments-thread site="blog"><a').replace("{service}", service.url)
    url = article(
        f"<!doctype html><html lang=en><title>Bread</title><style>{documented('comments-thread { display')}</style>"
        f"<h1>Bread</h1>{snippet}<footer>Baked by hand</footer>"
    )
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Calm")
    service.approve("Calm")
    ada.page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) shift += e.value })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    ada.opens(url)
    expect(ada.comments()).to_have_count(1)
    assert ada.page.evaluate("shift") == 0
