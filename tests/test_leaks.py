"""No public byte holds an address, anything made from it, a machine's address, a token, or what is not approved."""

import base64
import hashlib
import logging
import quopri
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, PAGE, SITE, Commenter, Mia
from werkzeug.test import TestResponse

from comments_service import http

ADDRESS = "ada.secret+tag@quiet-harbour.org"
MACHINE = "198.51.100.23"
UNPUBLISHED = "Nobody has approved this sentence"

HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s")


def spellings(address: str) -> Iterator[bytes]:
    """The ways in which an address may leak though nobody wrote it out."""
    local, _, domain = address.partition("@")
    raw = address.encode()
    yield raw
    yield address.upper().encode()
    yield local.encode()
    yield quote(address, safe="").encode()
    yield quote(quote(address, safe=""), safe="").encode()
    yield address.replace("@", "&#64;").encode()
    yield address.replace("@", "&#x40;").encode()
    yield address.replace("@", "\\u0040").encode()
    yield address[::-1].encode()
    yield raw.hex().encode()
    yield base64.b64encode(raw).rstrip(b"=")[:-2]
    yield base64.urlsafe_b64encode(raw).rstrip(b"=")[:-2]
    yield quopri.encodestring(raw.replace(b"@", b"=40"))
    yield "".join(chr((ord(c) - 97 + 13) % 26 + 97) if c.isalpha() else c for c in address).encode()
    yield f"{local} at {domain}".encode()


def hashes(text: str) -> Iterator[bytes]:
    """The common hashes of `text`, in hexadecimal and in Base64, also cut to the lengths avatars use."""
    for name in HASHES:
        digest = hashlib.new(name, text.encode()).digest()
        yield digest.hex().encode()[:16]
        yield base64.b64encode(digest)[:16]
        yield base64.urlsafe_b64encode(digest)[:16]
    yield f"{zlib.crc32(text.encode()):08x}".encode()


def public_addresses(comment_id: str) -> list[str]:
    site = f"/api/v1/sites/{SITE}"
    return [
        f"{site}/thread?page={PAGE}",
        f"{site}/thread?page={PAGE}&sort=newest&status=pending&all=1&include=email&admin=1",
        f"{site}/counts?page={PAGE}&status=pending",
        f"{site}/latest?limit=50&status=pending",
        f"{site}/feed.atom",
        f"{site}/feed.atom?page={PAGE}",
        f"{site}/thread?page={ADDRESS}",
        f"/s/{SITE}/thread?page={PAGE}",
        f"/s/{SITE}/thread?page={PAGE}&fragment=1",
        f"/api/v1/comments/{comment_id}",
        f"/s/{SITE}/receipt/{comment_id}",
        "/api/v1/openapi.json",
        "/embed.js",
        "/healthz",
        "/readyz",
        "/nothing-here",
    ]


def bytes_of(answer: TestResponse) -> bytes:
    return str(answer.headers).encode() + answer.data


@pytest.fixture
def secrets_of(ada: Commenter, mia: Mia) -> tuple[list[str], list[TestResponse]]:
    """Ada's comments: one that all may read, one that waits, one in spam, one in the trash."""
    ada.email, ada.address = ADDRESS, MACHINE
    published = ada.submits("Everybody may read this")
    mia.approves(published)
    waiting = ada.submits(f"{UNPUBLISHED}, one")
    spam, trash = ada.submits(f"{UNPUBLISHED}, two"), ada.submits(f"{UNPUBLISHED}, three")
    mia.decides(spam, "spam")
    mia.decides(trash, "trash")
    return [waiting.json["comment"]["id"]], [published, waiting, spam, trash]


def test_no_public_route_tells_an_address(
    client: FlaskClient, secrets_of: tuple[list[str], list[TestResponse]]
) -> None:
    ids, answers = secrets_of
    needles = {*spellings(ADDRESS), *hashes(ADDRESS), *hashes(ADDRESS.upper()), *spellings(MACHINE), *hashes(MACHINE)}
    said = [client.get(url, headers={"Origin": ORIGIN}) for url in public_addresses(ids[0])]
    for answer in [*said[:6], *said[7:], *answers]:  # the seventh was asked for by that very address
        found = [needle for needle in needles if needle in bytes_of(answer)]
        assert found == [], answer.request.path


def test_no_public_route_tells_what_is_not_approved(
    client: FlaskClient, secrets_of: tuple[list[str], list[TestResponse]]
) -> None:
    ids, answers = secrets_of
    hidden = [UNPUBLISHED.encode(), *(a.json["comment"]["id"].encode() for a in answers[1:])]
    hidden += [a.json["receipt"].encode() for a in answers]
    for url in public_addresses(ids[0])[:9]:
        answer = client.get(url)
        assert [needle for needle in hidden if needle in bytes_of(answer)] == [], url
        assert "Set-Cookie" not in answer.headers


def test_two_comments_from_one_address_cannot_be_told_from_two_of_two(
    ada: Commenter, ben: Commenter, mia: Mia, client: FlaskClient
) -> None:
    ben.name, ben.address = ada.name, ada.address
    with time_machine.travel(http.now(), tick=False):  # or two came in one second, and the third in the next
        for answer in (ada.submits("One"), ada.submits("Two"), ben.submits("Three")):
            mia.approves(answer)
    comments = client.get(f"/api/v1/sites/{SITE}/thread?page={PAGE}").json["comments"]
    same = {key for key in comments[0] if comments[0][key] == comments[1][key]}
    assert same == {key for key in comments[0] if comments[0][key] == comments[2][key]}


def test_the_log_tells_no_address(app: Flask, ada: Commenter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ada.email, ada.address = ADDRESS, MACHINE
    held = ada.submits()
    ada.looks_at(held)
    ada.submits_again(held)
    ada.submits_again(held, name="")
    for secret in (ADDRESS, "quiet-harbour", MACHINE, held.json["receipt"]):
        assert secret not in caplog.text


def test_the_database_holds_the_address_sealed_only(app: Flask, ada: Commenter) -> None:
    ada.email, ada.address = ADDRESS, MACHINE
    ada.submits()
    needles = {ADDRESS.encode(), b"quiet-harbour", MACHINE.encode(), *hashes(ADDRESS), *hashes(MACHINE)}
    folder = app.extensions["settings"].instance_path
    for file in folder.iterdir():
        content = file.read_bytes()
        assert [needle for needle in needles if needle in content] == [], file.name
