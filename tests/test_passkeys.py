"""Passkeys at the door without a browser: what is no answer of a device is refused, and nothing is told by it."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
import sqlalchemy as sa
from door import CAFE, MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from test_people_pages import everything
from test_second_step import sets_up

from comments_service import http
from comments_service.accounts import moderators, second_step
from comments_service.accounts.models import Passkey
from comments_service.extensions import db

# Well formed, and signed by nobody: a credential as a browser sends it.
EMPTY = {"id": "eA", "rawId": "eA", "type": "public-key", "response": {}, "clientExtensionResults": {}}
RESPONSE = {"clientDataJSON": "e30", "authenticatorData": "eA", "signature": "eA", "attestationObject": "oA"}
CREDENTIALS = [
    "",
    "null",
    "[]",
    "{",
    "{}",
    '{"rawId": 7}',
    '{"rawId": "!"}',
    json.dumps(EMPTY),
    json.dumps(EMPTY | {"response": RESPONSE}),
    json.dumps(EMPTY | {"response": RESPONSE | {"clientDataJSON": "x" * 20_000}}),
    "[" * 20_000,
    "\0",
]


@pytest.fixture
def mia(app: Flask) -> Browser:
    """Mia at home, signed in by her password, with a passkey that nobody has."""
    moderator, _ = add_mia()
    key = Passkey(id=b"x", moderator_id=moderator.id, name="Laptop", public_key=b"x", sign_count=0)
    key.created_at = http.now()
    db.session.add(key)
    db.session.commit()
    browser = Browser(app)
    browser.signs_in()
    return browser


def question(browser: Browser, path: str) -> tuple[str, dict]:
    """The token and the options in a page."""
    page = browser.opens(path).text
    token, options = re.search(r'name="token" value="([^"]+)"', page), re.search(r'data-options="([^"]+)"', page)
    assert token is not None
    assert options is not None
    return token[1], json.loads(unescape(options[1]))


@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda text: text[:30])
def test_what_no_device_has_answered_signs_nobody_in_and_makes_no_key(
    app: Flask, mia: Browser, credential: str
) -> None:
    eve = Browser(app, CAFE)
    token, _ = question(eve, "/admin/sign-in")
    assert eve.sends("/admin/sign-in/passkey", token=token, credential=credential).status_code == 422
    assert not eve.is_signed_in()
    token, _ = question(mia, "/admin/account/passkeys")
    form = {"token": token, "credential": credential, "name": "Mine", "current": MIAS_PASSWORD}
    assert mia.sends("/admin/account/passkeys/add", **form).status_code == 422
    assert len(db.session.scalars(sa.select(Passkey)).all()) == 1


@pytest.mark.parametrize("token", ["", "x", "\udcff"])
def test_a_made_up_question_is_refused(mia: Browser, token: str) -> None:
    form = {"token": token.encode("utf-8", "replace").decode(), "credential": json.dumps(EMPTY)}
    assert mia.sends("/admin/sign-in/passkey", **form).status_code == 422


def test_the_question_at_the_door_names_nobody_and_is_another_each_time(app: Flask, mia: Browser) -> None:
    eve = Browser(app, CAFE)
    _, first = question(eve, "/admin/sign-in")
    _, second = question(eve, "/admin/sign-in")
    assert first["allowCredentials"] == []
    assert first["userVerification"] == "required"
    assert first["challenge"] != second["challenge"]


def test_a_new_key_belongs_to_who_is_signed_in_and_names_no_address(mia: Browser) -> None:
    _, options = question(mia, "/admin/account/passkeys")
    assert options["user"]["name"] == "Mia"
    assert "@" not in json.dumps(options)
    assert [key["id"] for key in options["excludeCredentials"]] == ["eA"]
    assert options["authenticatorSelection"]["userVerification"] == "required"


def test_whoever_sits_down_at_mias_browser_makes_no_key(mia: Browser) -> None:
    sets_up(mia)
    token, _ = question(mia, "/admin/account/passkeys")
    form = {"token": token, "credential": json.dumps(EMPTY), "name": "Eve's"}
    wrong_password = mia.sends("/admin/account/passkeys/add", **form, current="not hers", code="000000")
    assert 'id="current-note"' in wrong_password.text
    wrong_code = mia.sends("/admin/account/passkeys/add", **form, current=MIAS_PASSWORD, code="000000")
    assert 'id="code-note"' in wrong_code.text


def test_mia_forgets_her_key_and_tom_does_not(app: Flask, mia: Browser) -> None:
    _, link = moderators.add("tom@tom-moderates.org", "Tom", {}, http.sealer(), http.now())
    tom = Browser(app, CAFE)
    tom.sends(f"/admin/sign-in/{link}")
    before = everything()
    tom.sends("/admin/account/passkeys/remove", passkey=b"x".hex())
    mia.sends("/admin/account/passkeys/remove", passkey="no key")
    assert everything()["passkey"] == before["passkey"]
    mia.sends("/admin/account/passkeys/remove", passkey=b"x".hex())
    assert everything()["passkey"] == []


def test_a_lost_phone_takes_its_passkeys_along(mia: Browser) -> None:
    second_step.reset(add_mia(password=None)[0].id)
    assert everything()["passkey"] == []


def test_no_other_website_uses_passkeys_with_mias_browser(mia: Browser) -> None:
    before = everything()
    for path in ("/admin/sign-in/passkey", "/admin/account/passkeys/add", "/admin/account/passkeys/remove"):
        assert mia.sends(path, {"Origin": "https://evil.example"}, passkey=b"x".hex()).status_code == 403
    assert everything() == before


WITHOUT_LIBRARY = """
import sys
sys.modules["webauthn"] = None
from comments_service import create_app
client = create_app().test_client()
page = client.get("/admin/sign-in", headers={"Accept": "text/html"})
print(page.status_code, "passkey" in page.text, client.get("/admin/account/passkeys").status_code)
"""


def test_without_the_extra_there_are_no_passkeys_and_all_else_works(app: Flask, instance: Path) -> None:
    surroundings = {**os.environ, "COMMENTS_INSTANCE_PATH": str(instance)}
    command = [sys.executable, "-c", WITHOUT_LIBRARY]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["200", "False", "404"]
