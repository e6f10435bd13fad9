"""Mia sets up her phone, Pia her passkey, and somebody invited comes in, in a real browser."""

import re
from urllib.parse import parse_qsl

import pyotp
import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.conftest import Axe, Complaints, Service


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


def test_an_invitation_is_followed(browser: Browser, service: Service, axe: Axe) -> None:
    context = browser.new_context(locale="en-GB")
    owner = context.new_page()
    comes_in(owner, service, "Olga")
    owner.goto(f"{service.url}/admin/people")
    owner.get_by_label("Their name").fill("Ida")
    owner.get_by_label("Their email address").fill("ida@desk.example")
    owner.get_by_role("button", name="Invite").click()
    link = owner.locator("pre code").inner_text()
    assert axe(owner) == []
    context.close()
    context = browser.new_context(locale="en-GB")
    ida = context.new_page()
    ida.goto(link)
    assert axe(ida) == []
    ida.get_by_role("button", name="Accept").click()
    expect(ida.get_by_text("Welcome.")).to_be_visible()
    ida.goto(f"{service.url}/admin/people")
    expect(ida.get_by_role("heading", name="This was refused")).to_be_visible()
    context.close()


AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def device(page: Page) -> tuple[CDPSession, str]:
    """A device with a finger on it, which Chromium keeps for `page`; with its id."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]


def makes_passkey(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/admin/account/passkeys")
    page.get_by_label("What to call it").fill("Laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("The passkey is kept.")).to_be_visible()


def test_a_passkey_is_made_signs_in_and_is_forgotten(
    browser: Browser, service: Service, axe: Axe, complaints: Complaints
) -> None:
    context = browser.new_context(locale="en-GB", viewport={"width": 320, "height": 800})
    page = complaints.listen(context.new_page())
    device(page)
    comes_in(page, service, "Pia")
    makes_passkey(page, service)
    assert axe(page) == []
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{service.url}/admin/sign-in?next=/admin/events")
    assert axe(page) == []
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile("/admin/events$"))
    expect(page.get_by_role("link", name="Pia")).to_be_visible()
    answer = dict(parse_qsl(sent[0]))
    again = page.request.post(
        f"{service.url}/admin/sign-in/passkey", form=answer, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert again.status == 422, "an answer is taken once"
    page.goto(f"{service.url}/admin/account/passkeys")
    page.get_by_role("button", name="Forget Laptop").click()
    expect(page.get_by_text("You have none yet.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("not taken")
    context.close()


def test_a_device_without_the_finger_signs_nobody_in(browser: Browser, service: Service) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    session, authenticator = device(page)
    comes_in(page, service, "Una")
    makes_passkey(page, service)
    page.get_by_role("button", name="Sign out").click()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("no passkey")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Una")).to_be_visible()
    context.close()
