"""Somebody at an article, in a browser."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

FIELDS = ("body", "name", "email", "website")
HELD = "Awaiting moderation: only you can see this."


def path_of(url: str) -> str:
    """The path of an article's address, which is its key."""
    return "/" + url.split("/", 3)[3]


@dataclass
class Reader:
    """A person with a tab: reads, writes, answers."""

    page: Page
    name: str = "Ada"
    email: str = "ada@ada-lovelace.org"

    def opens(self, url: str) -> "Reader":
        """Go to the article at `url` and wait for its comments."""
        self.page.goto(url)
        expect(self.page.locator("comments-thread h2").first).to_be_visible()
        return self

    def fills(self, body: str, **fields: str) -> "Reader":
        """Type into the form, with her own name and address unless `fields` say others."""
        for field, text in {"body": body, "name": self.name, "email": self.email, **fields}.items():
            self.page.locator(f"comments-thread #{field}").fill(text)
        return self

    def sends(self) -> None:
        """Press the button of the form."""
        self.page.locator("comments-thread form button.main").click()

    def writes(self, body: str, **fields: str) -> Locator:
        """Fill in the form, send it, and find the comment marked as held."""
        before = self.comments().count()
        self.fills(body, **fields).sends()
        expect(self.comments()).to_have_count(before + 1)
        return self.own().last

    def comments(self) -> Locator:
        return self.page.locator("comments-thread article")

    def own(self) -> Locator:
        """The comments that only she can see."""
        return self.page.locator("comments-thread article.own")

    def problem(self, field: str) -> Locator:
        """What is said to be wrong with `field`."""
        return self.page.locator(f"comments-thread #about-{field}.error")

    def hears(self) -> Locator:
        """What a screen reader is told."""
        return self.page.locator("comments-thread [role=status].unseen")

    def focused(self) -> Any:
        """The id or the text of what has the focus within the widget."""
        return self.page.evaluate(
            "() => { const e = document.querySelector('comments-thread').shadowRoot.activeElement;"
            " return e && (e.id || e.textContent.trim()) }"
        )
