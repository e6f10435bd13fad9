"""What readers see: who wrote, when, in answer to what, in which order; and how they find it again."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.articles import SNIPPET, Articles
from tests.browser.conftest import Complaints, Service
from tests.browser.reader import Reader, path_of
from tests.browser.test_widget import SUBMITTING
from tests.browser.test_widget_kept import change_thread

Article = Callable[..., str]


@pytest.fixture
def ada(page: Page) -> Reader:
    return Reader(page)


def test_what_lies_deeper_than_the_site_wants_says_what_it_answers(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    origin, path = url.rsplit("/", 1)[0], path_of(url)
    parent: str | None = None
    for n in range(6):
        parent = service.submit(path, origin, body=f"Level {n}", name=f"Ann {n}", parent=parent)["id"]
        service.approve_all(path)
    ada.opens(url)
    deep = [ada.comments().filter(has_text=f"Level {n}") for n in range(6)]
    levels = [
        comment.evaluate("e => { let n = 0; while (e = e.parentNode.closest?.('li')) n++; return n }")
        for comment in deep
    ]
    assert levels == [1, 2, 3, 4, 4, 4]
    assert [re.findall("in reply to (.*?)\\s*Level", comment.inner_text()) for comment in deep] == [
        [], [], [], [], ["Ann 3"], ["Ann 4"],
    ]  # fmt: skip
    deep[5].get_by_role("link", name="in reply to Ann 4").click()
    expect(deep[4]).to_be_focused()


def test_a_moderator_is_marked(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.answers(service.submit(path_of(url), url.rsplit("/", 1)[0], body="Why?"), "Because.")
    ada.opens(url)
    expect(ada.comments().nth(1).locator(".badge")).to_have_text("Moderator")
    expect(ada.comments().nth(0).locator(".badge")).to_have_count(0)


def test_a_pinned_comment_comes_first_and_says_why(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    for body in ("Oldest", "Best"):
        service.submit(path_of(url), url.rsplit("/", 1)[0], body=f"{body} of all here")
    service.approve("Oldest of all here")
    service.pin(service.approve("Best of all here"))
    ada.opens(url)
    expect(ada.comments()).to_have_text([re.compile("Ann.*Pinned.*Best"), re.compile("Ann(?!.*Pinned).*Oldest")])


def test_newest_first_is_an_attribute_and_her_own_words_stand_where_she_looks(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article(attributes=' sort="newest"')
    for body in ("Sooner", "Later"):
        service.submit(path_of(url), url.rsplit("/", 1)[0], body=body)
    service.approve_all(path_of(url))
    ada.opens(url)
    expect(ada.page.get_by_role("combobox")).to_have_value("newest")
    expect(ada.comments()).to_contain_text(["Later", "Sooner"])
    ada.writes("Mine")
    expect(ada.comments()).to_contain_text(["Mine", "Later", "Sooner"])


def test_times_are_near_in_words_and_exact_when_asked(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    ages = [timedelta(seconds=5), timedelta(minutes=7), timedelta(hours=3), timedelta(days=2), timedelta(days=90)]

    def age(answer: dict) -> None:  # type: ignore[type-arg]
        for comment, ago in zip(answer["comments"], ages, strict=True):
            comment["created_at"] = (datetime.now().astimezone() - ago).isoformat()

    for n in range(len(ages)):
        service.submit(path_of(url), url.rsplit("/", 1)[0], body=f"Aged {n}")
    service.approve_all(path_of(url))
    change_thread(ada.page, age)
    times = ada.opens(url).page.locator("comments-thread time")
    said = times.all_inner_texts()
    assert re.fullmatch(r"\d+ seconds ago", said[0])
    assert said[1:4] == ["7 minutes ago", "3 hours ago", "2 days ago"]
    assert re.fullmatch(r"\w+ \d+, 20\d\d", said[4])
    expect(times.first).to_have_attribute("title", re.compile(r"^\w+, \w+ \d+, 20\d\d at \d+:\d\d"))
    expect(times.first).to_have_attribute("datetime", re.compile(r"^20\d\d-"))


def test_many_comments_are_counted_as_the_reader_writes_numbers(ada: Reader, article: Article) -> None:
    change_thread(ada.page, lambda answer: answer.update(count=12_345))
    heading = ada.opens(article(attributes=' lang="de"')).page.locator("comments-thread h2").first
    expect(heading).to_have_text("12.345 Kommentare")


def test_where_nobody_has_written_it_says_so(ada: Reader, article: Article) -> None:
    expect(ada.opens(article()).page.get_by_role("heading", name="No comments yet")).to_be_visible()


def test_where_nobody_moderates_a_comment_is_counted_at_once_and_a_withdrawn_one_no_more(
    ada: Reader, article: Article, articles: Articles, service: Service
) -> None:
    service.command("site", "add", "tavern", "--origin", articles.url)
    service.command("site", "settings", "tavern", "moderation=none", "hold_at=100", "spam_at=100")
    ada.opens(article(snippet=SNIPPET.replace("blog", "tavern")))
    heading = ada.page.locator("comments-thread h2").first
    expect(heading).to_have_text("No comments yet")
    ada.writes("Here is to bread")
    expect(ada.hears()).to_have_text("Thank you. Your comment is published.")
    expect(heading).to_have_text("1 comment")
    ada.writes("And to salt")
    expect(heading).to_have_text("2 comments")
    ada.comments().last.get_by_role("button", name="Edit").click()
    ada.page.locator("comments-thread #body").fill("And to butter")
    ada.sends()
    expect(ada.comments().last).to_contain_text("butter")
    expect(heading).to_have_text("2 comments")
    ada.comments().last.get_by_role("button", name="Withdraw").click()
    expect(heading).to_have_text("1 comment")
    ada.page.reload()
    expect(heading).to_have_text("1 comment")


def test_a_discussion_closed_by_age_says_so(ada: Reader, article: Article) -> None:
    change_thread(ada.page, lambda answer: answer.update(state="closed"))
    ada.opens(article())
    expect(ada.page.get_by_text("This discussion is over")).to_be_visible()
    expect(ada.page.locator("comments-thread form")).to_be_hidden()


def test_a_link_on_the_page_to_a_comment_leads_there(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    comment = service.submit(path_of(url), url.rsplit("/", 1)[0], body="Linked to")
    service.approve("Linked to")
    ada.opens(url)
    # A base elsewhere must not lead the reader away.
    ada.page.evaluate(
        "document.head.append(Object.assign(document.createElement('base'), { href: 'https://else.example/' }))"
    )
    ada.page.evaluate("id => (location.hash = `comment-${id}`)", comment["id"])
    expect(ada.comments()).to_be_focused()
    expect(ada.comments().locator("time").locator("..")).to_have_attribute("href", f"{url}#comment-{comment['id']}")


def test_a_comment_that_was_gone_to_is_marked_however_one_went(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Marked")
    service.approve("Marked")
    outlined = "e => getComputedStyle(e).outlineStyle"
    comment = ada.opens(url).comments()
    comment.locator(".body").click()  # to read, perhaps to copy
    assert comment.evaluate(outlined) == "none"
    comment.locator("time").click()
    expect(comment).to_be_focused()
    assert comment.evaluate(outlined) == "solid"


def test_more_that_cannot_be_loaded_can_be_asked_for_again(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    for n in range(101):
        service.submit(path_of(url), url.rsplit("/", 1)[0], body=f"One of many {n}", email=f"o{n}@example.org")
    service.approve_all(path_of(url))
    ada.opens(url)
    ada.page.route(re.compile("after=."), lambda route: route.abort())
    ada.page.get_by_role("button", name="Show more comments").click()
    expect(ada.hears()).to_have_text("Comments could not be loaded.")
    expect(ada.comments()).to_have_count(100)
    ada.page.unroute(re.compile("after=."))
    more = ada.page.get_by_role("button", name="Try again", include_hidden=True)
    more.click()
    expect(ada.comments()).to_have_count(101)
    expect(more).to_have_count(0)  # were there still more, they would be shown, not tried again


def test_the_canonical_address_is_the_articles_key(ada: Reader, article: Article, service: Service) -> None:
    ada.opens(article(head='<link rel="canonical" href="https://blog.example/2026/canonical">')).writes("Which key?")
    assert [held["page"] for held in service.waiting() if held["body_source"] == "Which key?"] == ["/2026/canonical"]


def test_it_loads_when_the_reader_comes_near_and_at_once_when_asked(
    ada: Reader, article: Article, service: Service
) -> None:
    lazy = '<p style="height:5000px">Long</p><comments-thread site="blog"></comments-thread><script async src="{service}/embed.js"></script>'
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url) if "/thread?" in request.url else None)
    ada.page.goto(url := article(snippet=lazy))
    ada.page.wait_for_function("!!customElements.get('comments-thread')")
    ada.page.wait_for_load_state("networkidle")
    assert asked == []
    ada.page.mouse.wheel(0, 5000)
    expect(ada.page.locator("comments-thread form")).to_be_visible()
    assert len(asked) == 1
    for now in (url + "#comment-1", article(snippet=lazy.replace('site="blog"', 'site="blog" eager'))):
        asked.clear()
        ada.page.goto("about:blank")
        ada.page.goto(now)
        expect(ada.page.locator("comments-thread form")).to_be_attached()
        assert len(asked) == 1


def test_all_counts_of_an_index_page_are_one_request(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Counted")
    service.approve("Counted")
    pages = [path_of(url), "/never", "/nor/this"]
    words = ("Comments", "12 comments", "")
    links = "".join(
        f'<a data-comments-site="blog" data-comments-count="{page}" href="#">{text}</a>'
        for page, text in zip(pages, words, strict=True)
    )
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url) if "/counts?" in request.url else None)
    ada.page.goto(article(snippet=links + '<script async src="{service}/embed.js"></script>'))
    expect(ada.page.locator("a")).to_have_text(["Comments (1)", "0 comments", "0"])
    assert len(asked) == 1


def test_counts_are_asked_for_by_the_hundred(ada: Reader, article: Article) -> None:
    links = '<a data-comments-site="blog" data-comments-count="/never" href="#"></a>' * 101
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url) if "/counts?" in request.url else None)
    ada.page.goto(article(snippet=links + '<script async src="{service}/embed.js"></script>'))
    expect(ada.page.locator("a")).to_have_text(["0"] * 101)
    assert sorted(url.count("page=") for url in asked) == [1, 100]


def test_a_body_that_no_service_of_ours_would_send_is_text(
    ada: Reader, article: Article, service: Service, complaints: Complaints
) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Changed on the way")
    service.approve("Changed on the way")
    tree = [["script", "die()"], ["img", {"src": "x", "onerror": "die()"}], ["p", ["a", {"href": "javascript:die()"}, "Press"]],
            ["p", {"onclick": "die()"}, "Text and ", ["a", {"href": "https://mill.example"}, "a link"]]]  # fmt: skip
    change_thread(ada.page, lambda answer: answer["comments"][0].update(body=tree, website="javascript:die()"))
    body = ada.opens(url).comments().locator(".body")
    expect(body).to_contain_text("die()Press")
    expect(body.locator("script, img, [onclick]")).to_have_count(0)
    [link] = ada.comments().locator("a:not([href*='#comment-'])").all()
    expect(link).to_have_attribute("href", "https://mill.example")
    expect(link).to_have_attribute("rel", "nofollow ugc noopener")


def test_links_that_come_later_are_counted_too_and_together(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Counted later")
    service.approve("Counted later")
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url) if "/counts?" in request.url else None)
    link = f'<a data-comments-site="blog" data-comments-count="{path_of(url)}" href="#">Comments</a>'
    ada.page.goto(article(snippet=f'<div id="endless">{link}</div><script async src="{{service}}/embed.js"></script>'))
    expect(ada.page.locator("a")).to_have_text("Comments (1)")
    more = "more => document.querySelector('#endless').insertAdjacentHTML('beforeend', more)"
    ada.page.evaluate(more, link + link.replace("Comments<", "None<").replace('count="/', 'count="/not'))
    expect(ada.page.locator("a")).to_have_text(["Comments (1)", "Comments (1)", "None (0)"])
    assert len(asked) == 2
    ada.page.evaluate(more, '<div data-comments-site="blog" data-comments-page="/later" data-comments-eager></div>')
    expect(ada.page.locator("comments-thread form")).to_be_visible()


def test_the_site_hears_of_failures(ada: Reader, article: Article, complaints: Complaints) -> None:
    ada.page.add_init_script("addEventListener('comments:error', (event) => (window.heard = event.detail.message))")
    ada.page.route("**/api/v1/**", lambda route: route.abort())
    ada.page.goto(article())
    expect(ada.page.get_by_role("alert")).to_be_visible()
    assert ada.page.evaluate("heard")
    assert len(complaints.ours()) == 1
    ada.page.unroute("**/api/v1/**")
    ada.page.get_by_role("button", name="Try again").click()
    ada.page.route(SUBMITTING, lambda route: route.fulfill(status=403, json={"detail": "Not now."}))
    ada.fills("To be refused").sends()
    expect(ada.page.locator("comments-thread .error[role=alert]")).to_have_text("Not now.")
    assert ada.page.evaluate("heard") == "Not now."


@pytest.mark.parametrize(("root", "attribute", "title"), [
    ('lang="fr"', ' lang="de"', "Schreibe einen Kommentar"),
    ('lang="fr"', "", "Laisser un commentaire"),
    ("", "", "Deja un comentario"),
    ("", ' lang="not a language"', "Deja un comentario"),
])  # fmt: skip
def test_the_language_is_the_elements_then_the_pages_then_the_readers(
    browser: Browser, article: Article, service: Service, root: str, attribute: str, title: str
) -> None:
    url = article(
        f'<!doctype html><html {root}><title>Bread</title><comments-thread site="blog" eager{attribute}></comments-thread>'
        f'<script async src="{service.url}/embed.js"></script>'
    )
    context = browser.new_context(locale="es-MX")
    page = context.new_page()
    page.goto(url)
    expect(page.locator("comments-thread #form")).to_have_text(title)
    context.close()
