"""The cast: people who do over HTTP what people do, and remember what they were answered."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SITE = "blog"
ORIGIN = "https://blog.example"
PAGE = "/2026/bread"


@dataclass
class Commenter:
    """Somebody at an article of the blog."""

    client: FlaskClient
    name: str
    email: str
    origin: str = ORIGIN
    site: str = SITE
    address: str = "203.0.113.7"

    def touches_the_form(self, page: str = PAGE) -> str:
        """Ask for the token that says when writing began."""
        return str(self.client.get(f"/api/v1/sites/{self.site}/token", query_string={"page": page}).json["token"])

    def submits(self, body: str = "First!", *, key: str | None = None, **fields: Any) -> TestResponse:
        """Send a comment; `fields` replace or add what the form holds."""
        form = {"page": PAGE, "title": "Bread", "name": self.name, "email": self.email, "website": "", "body": body}
        form |= fields
        headers = {"Origin": self.origin, "Idempotency-Key": key or uuid4().hex}
        return self.client.post(
            f"/api/v1/sites/{self.site}/comments",
            json=form,
            headers=headers,
            environ_base={"REMOTE_ADDR": self.address},
        )

    def submits_again(self, *answers: TestResponse, body: str = "Again!", **fields: Any) -> TestResponse:
        """Send another comment from the browser that keeps the receipts of what `answers` acknowledged."""
        return self.submits(body, known=" ".join(answer.json["receipt"] for answer in answers), **fields)

    def looks_at(self, answer: TestResponse) -> TestResponse:
        """Open the own comment that `answer` acknowledged."""
        return self.client.get(*self._own(answer), headers=self._receipt(answer))

    def changes(self, answer: TestResponse, body: str) -> TestResponse:
        return self.client.patch(*self._own(answer), json={"body": body}, headers=self._receipt(answer))

    def withdraws(self, answer: TestResponse) -> TestResponse:
        return self.client.delete(*self._own(answer), headers=self._receipt(answer))

    def _own(self, answer: TestResponse) -> tuple[str]:
        return (f"/api/v1/comments/{answer.json['comment']['id']}",)

    def _receipt(self, answer: TestResponse) -> dict[str, str]:
        return {"Authorization": f"Bearer {answer.json['receipt']}", "Origin": self.origin}


@dataclass
class Reader:
    """Somebody who reads an article of the blog."""

    client: FlaskClient
    origin: str = ORIGIN

    def opens(self, page: str = PAGE, **query: Any) -> TestResponse:
        """Ask for the thread of `page`."""
        return self.client.get(
            f"/api/v1/sites/{SITE}/thread", query_string={"page": page, **query}, headers={"Origin": self.origin}
        )

    def names(self, page: str = PAGE, **query: Any) -> list[str]:
        """Who wrote what can be read below `page`, in its order."""
        return [comment["name"] for comment in self.opens(page, **query).json["comments"]]


@dataclass
class Mia:
    """The moderator, by her API token."""

    client: FlaskClient
    token: str

    def queue(self, **query: Any) -> Any:
        return self.client.get("/api/v1/moderation/comments", query_string=query, headers=self._headers()).json

    def sees(self, comment_id: str) -> Any:
        return self.client.get(f"/api/v1/moderation/comments/{comment_id}", headers=self._headers()).json

    def decides(self, answer: TestResponse, status: str) -> TestResponse:
        """Give the comment that `answer` acknowledged another status."""
        comment_id = answer.json["comment"]["id"]
        version = self.sees(comment_id)["version"]
        return self.client.patch(
            f"/api/v1/moderation/comments/{comment_id}",
            json={"status": status, "version": version},
            headers=self._headers(),
        )

    def approves(self, answer: TestResponse) -> TestResponse:
        return self.decides(answer, "approved")

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
