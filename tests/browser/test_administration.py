"""The owner's pages in a browser: the settings, tried and saved, and the numbers."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Complaints, Service, sign_in


def test_mia_tries_a_rule_saves_it_and_takes_it_back(
    browser: Browser, service: Service, articles: Articles, complaints: Complaints
) -> None:
    comment = service.submit("/kitchen", articles.url, body="A word about zucchini", email="z@example.org")
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = complaints.listen(context.new_page())
    sign_in(page, service)
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Words that make spam").fill("zucchini")
    page.get_by_label("Heading of the form").fill("Say it")
    page.get_by_role("button", name=re.compile("Try on the last")).click()
    expect(page.locator("#tried [role=status]")).to_contain_text(re.compile(r"Would have held \d+ of the last \d+"))
    expect(page.get_by_label("Words that make spam")).to_have_value("zucchini")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".outcome")).to_contain_text(re.compile(r"Saved\. .* 1 went to spam"))
    assert comment["id"] not in [waiting["id"] for waiting in service.waiting()]
    page.goto(f"{service.url}/s/blog/thread?page=/kitchen")
    expect(page.get_by_role("heading", name="Say it")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".outcome")).to_contain_text("Undid.")
    expect(page.get_by_label("Words that make spam")).to_have_value("")
    context.close()


def test_a_wrong_setting_is_a_link_away(browser: Browser, service: Service) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 900}, locale="en-GB")
    page = context.new_page()
    sign_in(page, service)
    page.goto(f"{service.url}/admin/settings")
    page.get_by_label("Origins").fill("nowhere")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Origins")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("alert").get_by_role("link", name="Origins").click()
    expect(page.get_by_label("Origins")).to_be_in_viewport()
    context.close()
