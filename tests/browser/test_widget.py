"""Ada, Ben and Eve at an article: what they type arrives once, and is theirs until it does."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Complaints, Service
from tests.browser.reader import HELD, Reader, path_of

SUBMITTING = re.compile(r"/sites/blog/comments\?")
Article = Callable[..., str]

HOSTILE = """<style>
label,h2,h3{display:none!important} input,textarea{width:40px!important;height:9px!important}
button{left:-999px!important;position:fixed!important} *{letter-spacing:.4em!important;text-transform:uppercase;text-align:right;font-weight:900}
</style>"""


@pytest.fixture
def ada(page: Page) -> Reader:
    return Reader(page)


@pytest.fixture
def ben(browser: Browser, complaints: Complaints) -> Reader:
    """Another reader, in another browser."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    return Reader(complaints.listen(context.new_page()), "Ben", "ben@ben-nevis.org")


def test_ada_writes_mia_approves_and_ben_reads(ada: Reader, ben: Reader, article: Article, service: Service) -> None:
    url = article()
    own = ada.opens(url).writes("I bake mine *overnight*.")
    expect(own).to_contain_text(HELD)
    expect(own.locator("em")).to_have_text("overnight")
    expect(ada.hears()).to_have_text("Thank you. Your comment is awaiting moderation.")
    expect(own).to_be_focused()
    ben.opens(url)
    expect(ben.comments()).to_have_count(0)
    service.approve("I bake mine *overnight*.")
    ben.opens(url)
    expect(ben.comments()).to_have_count(1)
    expect(ben.comments()).to_contain_text("I bake mine overnight.")
    assert "ada-lovelace" not in ben.page.content()


def test_what_is_held_is_still_there_after_a_reload_and_follows_its_fate(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    ada.opens(url).writes("One of two")
    ada.writes("Two of two")
    ada.opens(url)
    expect(ada.own()).to_have_count(2)
    service.approve("One of two")
    service.decide("Two of two", "spam")
    ada.opens(url)
    expect(ada.own()).to_have_count(1)
    expect(ada.own()).to_contain_text(HELD)  # she is not told what was made of it
    expect(ada.comments().first).not_to_contain_text(HELD)


def test_every_wrong_field_is_named_at_once_and_the_first_has_the_focus(ada: Reader, article: Article) -> None:
    ada.opens(article()).sends()
    expect(ada.problem("body")).to_have_text("Please write a comment.")
    expect(ada.problem("name")).to_have_text("Please enter your name.")
    expect(ada.problem("email")).to_have_text("Please enter your email address.")
    assert ada.focused() == "body"
    body = ada.page.locator("comments-thread #body")
    expect(body).to_have_attribute("aria-invalid", "true")
    expect(body).to_have_accessible_description("Please write a comment.")


def test_what_the_service_finds_wrong_stands_at_its_field(ada: Reader, article: Article) -> None:
    ada.opens(article()).fills("Hello", email="ada at home", website="javascript:alert(1)").sends()
    expect(ada.problem("email")).to_contain_text("not an email address")
    expect(ada.problem("website")).to_be_visible()
    assert ada.focused() == "email"
    ada.fills("Hello", website="https://ada.example").sends()
    expect(ada.own()).to_contain_text("Hello")


def test_a_mistyped_address_is_mended_by_a_button(ada: Reader, article: Article) -> None:
    ada.opens(article()).fills("Hello", email="ada@gmial.com").sends()
    ada.page.get_by_role("button", name="Use ada@gmail.com").click()
    expect(ada.page.locator("comments-thread #email")).to_have_value("ada@gmail.com")
    assert ada.focused() == "email"
    ada.sends()
    expect(ada.own()).to_have_count(1)


def test_an_odd_address_is_taken_when_she_insists(ada: Reader, article: Article) -> None:
    ada.opens(article()).fills("Hello", email="ada@gmial.com").sends()
    expect(ada.problem("email")).to_be_visible()
    ada.sends()
    expect(ada.own()).to_have_count(1)


def test_a_draft_outlives_a_reload_and_goes_when_it_was_taken(ada: Reader, article: Article) -> None:
    url = article()
    ada.opens(url).fills("Half a thought, and")
    ada.opens(url)
    expect(ada.page.locator("comments-thread #body")).to_have_value("Half a thought, and")
    expect(ada.page.locator("comments-thread #email")).to_have_value("ada@ada-lovelace.org")
    ada.writes("A whole thought.")
    ada.opens(url)
    expect(ada.page.locator("comments-thread #body")).to_have_value("")


def test_a_draft_of_an_answer_finds_back_to_what_it_answers(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="A question?")
    service.approve("A question?")
    ada.opens(url).page.get_by_role("button", name="Reply to Ann").click()
    ada.fills("Half an answer")
    ada.opens(url)
    expect(ada.page.locator("comments-thread article + form #body")).to_have_value("Half an answer")
    expect(ada.page.locator("comments-thread #form")).to_have_text("Reply to Ann")


def test_an_answer_lost_on_its_way_is_asked_for_again_with_the_same_key(
    ada: Reader, article: Article, service: Service
) -> None:
    ada.opens(article())
    keys = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # the service took it, the answer is lost
            route.abort()
        else:
            route.continue_()

    ada.page.route(SUBMITTING, lose_the_first)
    ada.writes("Sent over a bad line")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert len([c for c in service.waiting() if "Sent over a bad line" in json.dumps(c)]) == 1


def test_a_service_that_cannot_store_leaves_the_text_in_the_form(ada: Reader, article: Article) -> None:
    ada.opens(article())
    asked: list[Request] = []
    ada.page.on("request", lambda request: asked.append(request) if SUBMITTING.search(request.url) else None)
    ada.page.route(SUBMITTING, lambda route: route.fulfill(status=503, body="no"))
    ada.fills("Not to be lost").sends()
    expect(ada.page.locator("comments-thread .error[role=alert]")).to_contain_text("Your text is kept here")
    assert ada.focused() == "Post Comment"
    assert len(asked) == 3
    assert len({request.headers["idempotency-key"] for request in asked}) == 1
    expect(ada.page.locator("comments-thread #body")).to_have_value("Not to be lost")
    ada.page.unroute(SUBMITTING)
    ada.sends()
    expect(ada.own()).to_contain_text("Not to be lost")


def test_offline_the_comment_waits_and_goes_out_when_the_network_is_back(
    ada: Reader, article: Article, context: BrowserContext
) -> None:
    ada.opens(article()).fills("Written on a train")
    ada.page.locator("comments-thread #name").focus()
    context.set_offline(True)
    ada.sends()
    expect(ada.page.locator("comments-thread .error[role=alert]")).to_contain_text("You are offline")
    context.set_offline(False)
    expect(ada.own()).to_contain_text("Written on a train")


def test_ben_answers_ada_below_her_words(ada: Reader, ben: Reader, article: Article, service: Service) -> None:
    url = article()
    ada.opens(url).writes("With a lid or a cloth?")
    service.approve("With a lid or a cloth?")
    ben.opens(url)
    reply = ben.page.get_by_role("button", name="Reply to Ada")
    reply.click()
    assert ben.focused() == "body"
    ben.page.get_by_role("button", name="Cancel").click()
    expect(reply).to_be_focused()
    reply.click()
    ben.writes("A lid.")
    service.approve("A lid.")
    ada.opens(url)
    expect(ada.page.locator("comments-thread li li article")).to_contain_text("A lid.")


def test_ada_changes_and_withdraws_what_she_wrote(ada: Reader, article: Article, service: Service) -> None:
    ada.opens(article()).writes("Bake at 250 degrees.")
    ada.page.get_by_role("button", name="Edit").click()
    body = ada.page.locator("comments-thread #body")
    expect(body).to_have_value("Bake at 250 degrees.")
    body.fill("Bake at 230 degrees.")
    ada.page.get_by_role("button", name="Save").click()
    expect(ada.own()).to_contain_text("230")
    assert [c["body_source"] for c in service.waiting() if "Bake at" in c["body_source"]] == ["Bake at 230 degrees."]
    ada.page.get_by_role("button", name="Withdraw").click()
    expect(ada.comments()).to_have_count(0)
    expect(body).to_have_value("Bake at 230 degrees.")
    assert not [c for c in service.waiting() if "Bake at" in c["body_source"]]


def test_who_she_is_is_remembered_when_she_asks_and_forgotten_when_she_does_not(ada: Reader, article: Article) -> None:
    url = article()
    ada.opens(url)
    ada.page.get_by_role("checkbox").check()
    ada.writes("Remember me")
    ada.opens(url)
    expect(ada.page.locator("comments-thread #name")).to_have_value("Ada")
    ada.page.route(SUBMITTING, lambda route: route.continue_())  # to see what is in it
    with ada.page.expect_request(SUBMITTING) as sent:
        ada.writes("It is me")
    assert len(sent.value.post_data_json["known"].split()) == 1  # the receipt of the first
    ada.page.get_by_role("checkbox").uncheck()
    assert "ada-lovelace" not in ada.page.evaluate("JSON.stringify(localStorage)")
    assert json.loads(ada.page.evaluate("localStorage['comments:blog']")) == {"person": None}


def test_who_does_not_ask_to_be_remembered_is_nobody_known_the_next_time(ada: Reader, article: Article) -> None:
    ada.opens(url := article()).writes("Do not remember me")
    assert ada.page.evaluate("localStorage['comments:blog']") is None
    ada.opens(url)
    ada.page.route(SUBMITTING, lambda route: route.continue_())  # to see what is in it
    with ada.page.expect_request(SUBMITTING) as sent:
        ada.writes("Who is this?")
    assert "known" not in sent.value.post_data_json


def test_a_link_to_a_comment_loads_the_page_it_stands_on(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    origin, path = url.rsplit("/", 1)[0], path_of(url)
    last = [service.submit(path, origin, body=f"Number {n}", email=f"n{n}@example.org") for n in range(105)][-1]
    service.approve_all(path)
    ada.page.goto(f"{url}#comment-{last['id']}")
    found = ada.page.locator(f"comments-thread article:has(a[href$='#comment-{last['id']}'])")
    expect(found).to_be_focused()
    expect(found).to_contain_text("Number 104")
    found.get_by_role("button", name="Reply").click()
    ada.fills("Half an answer, far below")
    ada.page.goto("about:blank")
    ada.opens(url)
    expect(found.locator("+ form #body")).to_have_value("Half an answer, far below")


def test_more_comments_come_when_asked_for_and_the_first_new_one_has_the_focus(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    origin, path = url.rsplit("/", 1)[0], path_of(url)
    for n in range(105):
        service.submit(path, origin, body=f"More {n}", email=f"m{n}@example.org")
    service.approve_all(path)
    ada.opens(url)
    expect(ada.comments()).to_have_count(100)
    ada.page.get_by_role("button", name="Show more comments").click()
    expect(ada.comments()).to_have_count(105)
    expect(ada.comments().nth(100)).to_be_focused()


@pytest.mark.parametrize("key", ["Control", "Meta"])
def test_enter_sends_with_a_key_held_down(ada: Reader, article: Article, key: str) -> None:
    ada.opens(article()).fills("By keyboard alone")
    ada.page.keyboard.press(f"{key}+Enter")
    expect(ada.own()).to_contain_text("By keyboard alone")


def test_a_german_page_speaks_german_to_an_english_reader(ada: Reader, article: Article) -> None:
    ada.opens(article(attributes=' lang="de"')).fills("Hallo", email="ada at home").sends()
    expect(ada.page.locator("comments-thread #form")).to_have_text("Schreibe einen Kommentar")
    expect(ada.problem("email")).to_contain_text("E-Mail-Adresse")


def test_a_preview_shows_what_will_be_read(ada: Reader, article: Article) -> None:
    ada.opens(article()).fills("**Bold** and <b>not</b>")
    ada.page.get_by_role("button", name="Preview").click()
    preview = ada.page.locator("comments-thread .preview")
    expect(preview.locator("strong")).to_have_text("Bold")
    expect(preview).to_contain_text("<b>not</b>")
    ada.page.locator("comments-thread #body").press_sequentially("!")
    expect(preview).to_be_empty()
    ada.page.route("**/preview?*", lambda route: route.fulfill(status=429, json={"detail": "Not so fast."}))
    ada.page.get_by_role("button", name="Preview").click()
    expect(preview).to_have_text("Not so fast.")


def test_a_locked_discussion_can_be_read_but_not_joined(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="The last word")
    service.lock(service.approve("The last word"))
    ada.opens(url)
    expect(ada.comments()).to_contain_text("The last word")
    expect(ada.page.locator("comments-thread form")).to_be_hidden()
    expect(ada.page.locator("comments-thread")).to_contain_text("Comments are closed here.")


def test_a_bare_division_does_as_well_and_two_snippets_do_no_harm(
    ada: Reader, article: Article, complaints: Complaints
) -> None:
    snippet = (
        '<div data-comments-site="blog" data-comments-page="{path}" data-comments-eager></div>'
        '<script async src="{service}/embed.js"></script><script async src="{service}/embed.js"></script>'
    )
    ada.opens(article(snippet=snippet)).writes("In a division")
    assert complaints.lines == []


def test_an_index_page_tells_how_many_comments_there_are(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="To be counted")
    service.approve("To be counted")
    links = (
        f'<a data-comments-site="blog" data-comments-count="{path_of(url)}" href="#">Comments</a>'
        '<a data-comments-site="blog" data-comments-count="/nothing" href="#">0 comments</a>'
    )
    index = article(head="<title>Index</title>", snippet=links + '<script async src="{service}/embed.js"></script>')
    ada.page.goto(index)
    expect(ada.page.get_by_text("Comments (1)")).to_be_visible()
    expect(ada.page.get_by_text("0 comments")).to_be_visible()


def test_while_the_service_is_down_the_article_is_whole_and_says_where_to_go(
    ada: Reader, article: Article, service: Service, complaints: Complaints
) -> None:
    page = ada.page
    page.route("**/api/v1/**", lambda route: route.abort())
    page.goto(url := article())
    expect(page.get_by_text("Comments could not be loaded.")).to_be_visible()
    expect(page.get_by_role("link", name="Read them on their own page")).to_be_visible()
    expect(page.get_by_role("link", name="Comments", exact=True)).to_be_visible()
    assert len(complaints.ours()) == 1
    page.get_by_role("link", name="Read them on their own page").click()
    expect(page.get_by_role("heading", name="Leave a Comment")).to_be_visible()
    assert page.url == f"{service.url}/s/blog/thread?page={quote(path_of(url), safe='')}"
    page.go_back()
    expect(page.get_by_text("Comments could not be loaded.")).to_be_visible()
    page.unroute("**/api/v1/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("comments-thread form")).to_be_visible()


@pytest.mark.parametrize(
    "rubbish", ["<html>proxy</html>", "null", "[]", '{"texts": {}}', '{"texts": 1, "comments": "x"}']
)
def test_rubbish_from_the_service_does_not_break_the_page(
    ada: Reader, article: Article, complaints: Complaints, rubbish: str
) -> None:
    ada.page.route("**/thread?*", lambda route: route.fulfill(status=200, body=rubbish))
    ada.page.goto(article())
    expect(ada.page.get_by_text("Comments could not be loaded.")).to_be_visible()
    assert len(complaints.ours()) <= 1
    ada.page.unroute("**/thread?*")
    ada.page.get_by_role("button", name="Try again").click()
    ada.page.route("**/api/v1/**", lambda route: route.fulfill(status=200, body=rubbish))
    ada.fills("To a broken proxy").sends()
    expect(ada.page.locator("comments-thread .error[role=alert]")).to_contain_text("Your text is kept here")
    expect(ada.page.locator("comments-thread #body")).to_have_value("To a broken proxy")


def test_hostile_styles_do_not_reach_the_form(ada: Reader, article: Article) -> None:
    ada.opens(article(head=HOSTILE))
    for field in ("body", "name", "email", "website"):
        box = ada.page.locator(f"comments-thread #{field}").bounding_box()
        assert box is not None
        assert box["width"] > 150
        assert box["height"] > 24
        expect(ada.page.locator(f"comments-thread label[for={field}]")).to_be_visible()
    box = ada.page.locator("comments-thread button.main").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    inherited = (
        "e => ['letterSpacing', 'textTransform', 'textAlign', 'fontWeight'].map((name) => getComputedStyle(e)[name])"
    )
    assert ada.page.locator("comments-thread form p").first.evaluate(inherited) == ["normal", "none", "start", "400"]


def test_the_page_is_asked_for_twice_at_most_before_the_first_comment_shows(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.opens(url)
    # The article itself and its icon are its own; nobody else is asked for anything.
    theirs = [address for address in asked if not address.startswith(url.rsplit("/", 1)[0])]
    assert [address.split("?")[0] for address in theirs] == [
        f"{service.url}/embed.js",
        f"{service.url}/api/v1/sites/blog/thread",
    ]


def test_without_scripts_a_link_leads_to_the_comments(browser: Browser, article: Article) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(article())
    page.get_by_role("link", name="Comments").click()
    expect(page.get_by_role("heading", name="Leave a Comment")).to_be_visible()
    context.close()


def test_the_site_hears_what_happens(ada: Reader, article: Article, service: Service) -> None:
    ada.page.add_init_script(
        "window.heard = []; for (const name of ['loaded', 'posted', 'error'])"
        " addEventListener('comments:' + name, event => heard.push([name, event.detail]))"
    )
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="To be heard")
    service.approve("To be heard")
    ada.opens(url).writes("Heard")
    [held] = [comment for comment in service.waiting() if comment["page"] == path_of(url)]
    assert ada.page.evaluate("heard") == [["loaded", {"count": 1}], ["posted", {"id": held["id"], "status": "pending"}]]


def test_the_stage_stands_on_two_sites(articles: Articles, service: Service) -> None:
    assert articles.url.startswith("http://127.0.0.1:")
    assert service.url.startswith("http://localhost:")
