"""People at the door of the admin pages: their browsers, with cookies, headers and the network they come from."""

import re
from datetime import datetime
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.accounts import moderators, sign_in
from comments_service.accounts.models import Moderator

MIAS_ADDRESS = "mia@mia-moderates.org"
MIAS_PASSWORD = "violet kettle under seven stairs"
HOME, CAFE = "203.0.113.20", "198.51.100.9"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Browser:
    """A browser that says of its own forms that they are the service's, as real ones do."""

    def __init__(self, app: Flask, network: str = HOME, agent: str = FIREFOX) -> None:
        self.client = app.test_client()
        self.headers = {"User-Agent": agent, "Accept": HTML}
        self.environ = {"REMOTE_ADDR": network}

    def opens(self, path: str, method: str = "GET") -> TestResponse:
        return self.client.open(path, method=method, headers=self.headers, environ_base=self.environ)

    def sends(self, path: str, headers: dict[str, str] | None = None, **form: str) -> TestResponse:
        """Send a form; `headers` say where from, by default from one of our own pages."""
        where = {"Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self.client.post(path, data=form, headers=self.headers | where, environ_base=self.environ)

    def signs_in(self, password: str = MIAS_PASSWORD, address: str = MIAS_ADDRESS, **form: str) -> TestResponse:
        return self.sends("/admin/sign-in", address=address, password=password, **form)

    def is_signed_in(self) -> bool:
        return self.opens("/admin/account").status_code == 200

    def reads(self, answer: TestResponse) -> str:
        """The words of a page, as a person sees them."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?bdi[^>]*>", "", answer.text))).split())


def add_mia(password: str | None = MIAS_PASSWORD, now: datetime | None = None) -> tuple[Moderator, str]:
    """Mia, who moderates every site, and the token of her link."""
    moderator, token = moderators.add(MIAS_ADDRESS, "Mia", {}, http.sealer(), now or http.now())
    if password is not None:
        sign_in.set_password(moderator.id, password, (), b"")
    return moderator, token
