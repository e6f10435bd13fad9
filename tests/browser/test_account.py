"""Mia sets up her phone, and somebody invited comes in, in a real browser."""

import re

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Axe, Service


def comes_in(page: Page, service: Service, name: str) -> None:
    page.goto(service.command("moderator", "add", f"{name.lower()}@desk.example", "--name", name).split()[-1])
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_phone_is_set_up_and_asked_for(browser: Browser, service: Service, axe: Axe, scripts: bool) -> None:
    context = browser.new_context(locale="en-GB", viewport={"width": 320, "height": 800}, java_script_enabled=scripts)
    page, name = context.new_page(), f"Mia{scripts}"
    comes_in(page, service, name)
    page.goto(f"{service.url}/admin/account")
    page.get_by_role("link", name="Set up a second step").click()
    box = page.get_by_role("img", name="QR code with the key below").locator("svg").bounding_box()
    assert box is not None
    assert box["width"] > 150
    phone = pyotp.TOTP(page.locator("#key").inner_text().replace(" ", ""))
    page.get_by_label("Code from your app").fill(phone.now())
    page.get_by_role("button", name="Ask for codes from now on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery = page.locator(".codes li").all_inner_texts()
    assert not scripts or axe(page) == []
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes are left")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    comes_in(page, service, name)
    page.get_by_label("Code from your app").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    assert not scripts or axe(page) == []
    page.get_by_label("Code from your app").fill(recovery[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/admin/$"))
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_invitation_is_followed(browser: Browser, service: Service, axe: Axe, scheme: str) -> None:
    context = browser.new_context(locale="en-GB", color_scheme=scheme)  # type: ignore[arg-type]
    owner = context.new_page()
    comes_in(owner, service, "Olga")
    owner.goto(f"{service.url}/admin/people")
    owner.get_by_label("Their name").fill("Ida")
    owner.get_by_label("Their email address").fill(f"ida-{scheme}@desk.example")
    owner.get_by_role("button", name="Invite").click()
    link = owner.locator("pre code").inner_text()
    assert axe(owner) == []
    context.close()
    context = browser.new_context(locale="en-GB", color_scheme=scheme)  # type: ignore[arg-type]
    ida = context.new_page()
    ida.goto(link)
    assert axe(ida) == []
    ida.get_by_role("button", name="Accept").click()
    expect(ida.get_by_text("Welcome.")).to_be_visible()
    ida.goto(f"{service.url}/admin/people")
    expect(ida.get_by_role("heading", name="This was refused")).to_be_visible()
    context.close()
