"""Nothing typed is lost, whatever happens on the way; and what was sent is followed."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Complaints, Service, serving
from tests.browser.reader import Reader, path_of
from tests.browser.test_widget import SUBMITTING

Article = Callable[..., str]
THREAD = re.compile(r"/sites/blog/thread\?")


@pytest.fixture
def ada(page: Page) -> Reader:
    return Reader(page)


def change_thread(page: Page, change: Callable[[dict[str, Any]], None]) -> None:
    """Let `change` change what the service answers when a thread is asked for."""

    def answer(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        change(body)
        route.fulfill(response=response, body=json.dumps(body))

    page.route(THREAD, answer)


def alert(reader: Reader) -> Any:
    return reader.page.locator("comments-thread .error[role=alert]")


# In the form.


def test_browsers_know_what_to_fill_in(ada: Reader, article: Article) -> None:
    ada.opens(article())
    for name, kind, fills, label in (
        ("name", "text", "name", "Name"),
        ("email", "email", "email", "Email"),
        ("website", "url", "url", "Website"),
    ):
        field = ada.page.get_by_role("textbox", name=label, exact=True)
        expect(field).to_have_attribute("id", name)
        expect(field).to_have_attribute("type", kind)
        expect(field).to_have_attribute("autocomplete", fills)
        assert field.evaluate("e => e.required") is (label != "Website")
        expect(ada.page.locator(f"comments-thread label[for={name}]")).to_have_text(label + " *" * (label != "Website"))
    expect(
        ada.page.get_by_text("Your email address will not be published. Required fields are marked *")
    ).to_be_visible()
    remember = ada.page.get_by_label("Save my name, email, and website in this browser for the next time I comment.")
    expect(remember).not_to_be_checked()
    order = "e => [...e.querySelectorAll('textarea, input:not([inert] *)')].map((field) => field.name)"
    assert ada.page.locator("comments-thread form").evaluate(order) == ["body", "name", "email", "website", "remember"]


def test_what_is_said_of_a_field_goes_when_it_is_mended(ada: Reader, article: Article) -> None:
    ada.opens(article()).sends()
    expect(ada.problem("name")).to_be_visible()
    ada.page.locator("comments-thread #name").press_sequentially("A")
    expect(ada.problem("name")).to_have_count(0)
    expect(ada.page.locator("comments-thread #name")).to_have_attribute("aria-invalid", "false")
    expect(ada.problem("email")).to_be_visible()


def test_who_writes_at_length_is_told_what_is_left(ada: Reader, article: Article) -> None:
    ada.opens(article())
    body, note = ada.page.locator("comments-thread #body"), ada.page.locator("comments-thread #about-body")
    body.fill("x" * 9_499)
    expect(note).to_contain_text("bold")
    body.fill("x" * 9_999)
    expect(note).to_have_text("1 character left")
    body.fill("x" * 9_990 + "🍞" * 10)
    expect(note).to_have_text("0 characters left")
    ada.fills("x" * 10_001).sends()
    expect(ada.problem("body")).to_contain_text("too long")


def test_the_field_grows_with_the_text(ada: Reader, article: Article) -> None:
    ada.opens(article())
    body = ada.page.locator("comments-thread #body")
    before = body.bounding_box()
    body.fill("A line\n" * 40)
    after = body.bounding_box()
    assert before
    assert after
    assert after["height"] > before["height"] * 3


def test_a_box_that_the_site_offers_is_drawn_and_sent(ada: Reader, article: Article) -> None:
    offer = {"name": "replies", "type": "checkbox", "label": "Email me replies to this comment"}
    change_thread(ada.page, lambda answer: answer["form"]["fields"].append(offer))
    ada.opens(article()).page.get_by_label("Email me replies to this comment").check()
    expect(ada.page.locator("comments-thread label.box").last).to_have_text(offer["label"])
    with ada.page.expect_request(SUBMITTING) as sent:
        ada.writes("Tell me")
    assert sent.value.post_data_json["replies"] == "on"


# On the way.


def test_the_same_words_keep_their_key_over_a_reload(ada: Reader, article: Article) -> None:
    ada.opens(url := article())
    ada.page.route(SUBMITTING, lambda route: route.fulfill(status=403, json={"detail": "Not now."}))
    sent: list[Request] = []
    ada.page.on("request", lambda request: sent.append(request) if SUBMITTING.search(request.url) else None)
    ada.fills("Once and only once").sends()
    expect(alert(ada)).to_have_text("Not now.")
    ada.opens(url).sends()
    expect(alert(ada)).to_have_text("Not now.")
    assert len(sent) == 2
    assert sent[0].headers["idempotency-key"] == sent[1].headers["idempotency-key"]
    assert sent[0].post_data_json == sent[1].post_data_json
    ada.fills("Something else").sends()
    expect(ada.page.locator("comments-thread button.main")).to_have_text("Post Comment")
    assert sent[2].headers["idempotency-key"] != sent[0].headers["idempotency-key"]


def test_a_service_that_never_answers_is_given_up_and_asked_twice_more(ada: Reader, article: Article) -> None:
    ada.page.add_init_script(
        "window.waits = []; window.haste = 1; const timeout = AbortSignal.timeout; const later = setTimeout;"
        "AbortSignal.timeout = (wait) => { waits.push(wait); return timeout.call(AbortSignal, wait / haste) };"
        "window.setTimeout = (act, wait) => { waits.push(wait); return later(act, wait / haste) }"
    )
    ada.opens(article()).fills("Is anybody there?")
    ada.page.locator("comments-thread #body").focus()
    ada.page.wait_for_load_state("networkidle")
    # A hundredth of the time, so that nobody has to wait for it.
    ada.page.evaluate("waits.length = 0; haste = 100")
    ada.page.route(SUBMITTING, lambda route: None)
    ada.sends()
    expect(alert(ada)).to_contain_text("Your text is kept here")
    assert ada.page.evaluate("waits") == [15_000, 800, 15_000, 2_400, 15_000]
    expect(ada.page.locator("comments-thread #body")).to_have_value("Is anybody there?")


def test_who_is_too_fast_is_told_for_how_long_to_wait(
    ada: Reader, articles: Articles, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving(articles.url, tmp_path_factory.mktemp("slow"), submit_limits="1 per hour") as slow:
        ada.opens(articles.publish(slow.url, "/too-fast")).writes("One an hour")
        ada.fills("And another").sends()
        expect(alert(ada)).to_contain_text(re.compile(r"in \d+ min; what you wrote is kept"))
        expect(ada.page.locator("comments-thread #body")).to_have_value("And another")


def test_a_thread_that_never_comes_is_given_up_and_can_be_asked_for_again(ada: Reader, article: Article) -> None:
    ada.page.add_init_script(
        "window.haste = 100; const timeout = AbortSignal.timeout;"
        "AbortSignal.timeout = (wait) => timeout.call(AbortSignal, wait / haste)"
    )
    ada.page.route(THREAD, lambda route: None)
    ada.page.goto(article())
    expect(ada.page.get_by_text("Comments could not be loaded.")).to_be_visible()
    ada.page.evaluate("haste = 1")
    ada.page.unroute(THREAD)
    ada.page.get_by_role("button", name="Try again").click()
    expect(ada.page.locator("comments-thread form")).to_be_visible()


def test_where_nothing_may_be_kept_she_writes_all_the_same(
    ada: Reader, article: Article, complaints: Complaints
) -> None:
    ada.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    ada.opens(article()).writes("In private")
    assert complaints.lines == []


def test_a_discussion_that_closes_while_she_writes_leaves_her_the_text(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Before the end")
    ada.opens(url).fills("Too late")
    service.lock(service.approve("Before the end"))
    ada.sends()
    expect(alert(ada)).to_have_text("This discussion takes no more comments.")
    expect(ada.page.locator("comments-thread #body")).to_have_value("Too late")


def test_nothing_is_written_into_a_browser_that_only_reads(
    ada: Reader, article: Article, context: BrowserContext
) -> None:
    ada.opens(article())
    assert ada.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert context.cookies() == []


def test_what_she_writes_on_while_offline_goes_out_when_she_says_so(
    ada: Reader, article: Article, context: BrowserContext
) -> None:
    ada.opens(article()).fills("Written on a train")
    context.set_offline(True)
    ada.sends()
    expect(alert(ada)).to_contain_text("You are offline")
    ada.page.locator("comments-thread #body").press_sequentially(", and not")
    expect(alert(ada)).to_be_empty()
    context.set_offline(False)
    ada.page.wait_for_timeout(500)  # for nothing to happen
    expect(ada.own()).to_have_count(0)
    expect(ada.page.locator("comments-thread #body")).to_have_value("Written on a train, and not")
    ada.page.locator("comments-thread #body").press_sequentially(" finished")
    ada.sends()
    expect(ada.own()).to_contain_text("Written on a train, and not finished")


def test_what_is_on_its_way_stays_where_it_is_until_there_is_an_answer(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Asked meanwhile")
    service.approve("Asked meanwhile")
    held: list[Route] = []
    ada.page.route(SUBMITTING, lambda route: held.extend([route]))
    ada.opens(url).fills("On a slow line").sends()
    ada.page.get_by_role("button", name="Reply to Ann").click()
    expect(ada.page.locator("comments-thread #form")).to_have_text("Leave a Comment")
    expect(ada.page.locator("comments-thread #body")).to_have_value("On a slow line")
    post = ada.page.get_by_role("button", name="Sending …")
    expect(post).to_have_attribute("aria-disabled", "true")
    post.click(force=True)
    while not held:
        ada.page.wait_for_timeout(20)
    assert len(held) == 1
    held[0].continue_()
    expect(ada.own()).to_contain_text("On a slow line")
    ada.page.get_by_role("button", name="Reply to Ann").click()
    expect(ada.page.locator("comments-thread #form")).to_have_text("Reply to Ann")


def test_every_answer_and_every_page_has_a_draft_of_its_own(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Asked here")
    service.approve("Asked here")
    body, reply = ada.page.locator("comments-thread #body"), ada.page.get_by_role("button", name="Reply to Ann")
    ada.opens(url)
    body.fill("For the article")
    reply.click()
    expect(body).to_have_value("")
    body.fill("For Ann")
    ada.page.get_by_role("button", name="Cancel").click()
    expect(body).to_have_value("For the article")
    reply.click()
    expect(body).to_have_value("For Ann")
    ada.opens(article(attributes=' page="/elsewhere"'))
    expect(body).to_have_value("")
    ada.opens(article())
    expect(body).to_have_value("For Ann")


def test_half_an_answer_outlives_what_it_answers(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="Asked and regretted")
    question = service.approve("Asked and regretted")
    ada.opens(url).page.get_by_role("button", name="Reply to Ann").click()
    ada.fills("Half an answer")
    service.removes(question)
    ada.opens(url)
    expect(ada.comments()).to_have_count(0)
    expect(ada.page.locator("comments-thread #form")).to_have_text("Leave a Comment")
    expect(ada.page.locator("comments-thread #body")).to_have_value("Half an answer")
    ada.sends()
    expect(ada.own()).to_contain_text("Half an answer")
    ada.opens(url)
    expect(ada.page.locator("comments-thread #body")).to_have_value("")


def test_half_a_change_outlives_a_reload(ada: Reader, article: Article) -> None:
    ada.opens(url := article()).writes("Bake at 250 degrees.")
    ada.page.get_by_role("button", name="Edit").click()
    body = ada.page.locator("comments-thread #body")
    body.fill("Bake at 230")
    ada.opens(url)
    expect(body).to_have_value("")
    ada.own().get_by_role("button", name="Edit").click()
    expect(body).to_have_value("Bake at 230")


# What was sent.


def test_two_tabs_keep_the_receipts_of_both(ada: Reader, article: Article, context: BrowserContext) -> None:
    other = Reader(context.new_page())
    ada.opens(url := article()).writes("From one tab")
    other.opens(url).writes("From the other")
    ada.own().get_by_role("button", name="Edit").click()
    ada.page.locator("comments-thread #body").fill("From the first tab")
    ada.sends()
    expect(ada.own()).to_contain_text("From the first tab")
    ada.opens(url)
    expect(ada.own()).to_have_count(2)


def test_why_a_comment_cannot_be_withdrawn_is_said_to_everybody(ada: Reader, article: Article) -> None:
    ada.opens(article()).writes("Here to stay")
    ada.page.route("**/api/v1/comments/*", lambda route: route.fulfill(status=403, json={"detail": "It is too late."}))
    ada.own().get_by_role("button", name="Withdraw").click()
    expect(ada.own()).to_contain_text("It is too late.")
    expect(ada.hears()).to_have_text("It is too late.")


def test_what_became_of_a_comment_takes_nobodys_place_away(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    ada.opens(url).writes("Looked at again")
    [comment] = [held for held in service.waiting() if held["page"] == path_of(url)]
    service.approve("Looked at again")
    ada.page.goto("about:blank")
    with ada.page.expect_response(lambda answer: answer.url.endswith(f"/comments/{comment['id']}?")):
        ada.page.goto(f"{url}#comment-{comment['id']}")
    ada.page.wait_for_load_state("networkidle")
    expect(ada.comments()).to_be_focused()


def test_her_comment_says_until_when_it_can_be_changed(ada: Reader, article: Article) -> None:
    expect(ada.opens(article()).writes("Changeable")).to_contain_text(
        re.compile(r"You can change it until \d+:\d\d"),
    )


def test_what_was_published_can_be_changed_for_a_while_and_what_was_not_is_said_so(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    ada.opens(url).writes("Good bread")
    ada.writes("Bad bread")
    service.approve("Good bread")
    service.decide("Bad bread", "trash")
    ada.opens(url)
    expect(ada.own()).to_have_count(1)
    expect(ada.own()).to_contain_text("This comment was not published.")
    expect(ada.own()).to_contain_text("Bad bread")
    expect(ada.own().get_by_role("button")).to_have_count(0)
    good = ada.comments().filter(has_text="Good bread")
    good.get_by_role("button", name="Edit").click()
    ada.page.locator("comments-thread #body").fill("Good bread, with salt")
    ada.sends()
    expect(good).to_contain_text("edited")
    service.approve("Good bread, with salt")
    ada.opens(url)
    expect(good).to_be_visible()
    expect(ada.own()).to_have_count(0)


def test_what_is_gone_elsewhere_is_gone_here(ada: Reader, article: Article, service: Service) -> None:
    ada.opens(url := article()).writes("Withdrawn by another way")
    withdraw = """([service, page]) => {
      const [{ comment, receipt }] = JSON.parse(localStorage.getItem(`comments:blog:${page}`)).own
      const headers = { Authorization: `Bearer ${receipt}` }
      return fetch(`${service}/api/v1/comments/${comment.id}`, { method: 'DELETE', headers }).then(({ status }) => status)
    }"""
    assert ada.page.evaluate(withdraw, [service.url, path_of(url)]) == 204
    ada.opens(url)
    expect(ada.comments()).to_have_count(0)
    ada.page.wait_for_load_state("networkidle")
    assert "Withdrawn" not in ada.page.evaluate("JSON.stringify(localStorage)")


def test_in_a_closed_discussion_her_own_words_can_still_be_mended(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    service.submit(path_of(url), url.rsplit("/", 1)[0], body="The last one")
    ada.opens(url).writes("Bake at 250 degrees.")
    service.lock(service.approve("The last one"))
    ada.opens(url)
    closed = ada.page.get_by_text("Comments are closed here.")
    expect(closed).to_be_visible()
    expect(ada.page.locator("comments-thread form")).to_be_hidden()
    expect(ada.page.get_by_role("button", name="Reply")).to_have_count(0)
    ada.own().get_by_role("button", name="Edit").click()
    expect(closed).to_be_visible()
    ada.page.locator("comments-thread #body").fill("Bake at 230 degrees.")
    ada.page.get_by_role("button", name="Save").click()
    expect(ada.own()).to_contain_text("230")
    expect(ada.page.locator("comments-thread form")).to_be_hidden()
    ada.page.get_by_role("button", name="Withdraw").click()
    expect(ada.own()).to_have_count(0)
    expect(ada.page.locator("comments-thread form")).to_be_hidden()
    expect(ada.page.locator("comments-thread section").last).to_be_focused()
