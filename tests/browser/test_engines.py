"""Ada in Firefox and in WebKitGTK, the engine of Safari: she reads, is told what is missing, writes, and waits."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser import engines
from tests.browser.conftest import AXE, AXE_TAGS, Service
from tests.browser.engines import Gone, Tab, patiently
from tests.browser.reader import HELD

ENGINES = {
    "firefox": (engines.firefox, [engines.FIREFOX]),
    "webkit": (engines.webkit, [engines.WEBKIT, engines.XVFB]),
}
# Written into the article itself, where every driver can read it.
LISTENING = (
    "<script>addEventListener('error', (event) => (document.documentElement.dataset.died = event.message))</script>"
)
LOOK = """return window.axe.run({ runOnly: arguments[0] }).then(({ violations }) =>
  violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target} ${n.failureSummary}`)))"""
INSIDE = "const inside = document.querySelector('comments-thread').shadowRoot; const [what] = arguments; return "


@dataclass
class Visitor:
    """Somebody at an article, in any browser."""

    tab: Tab

    def finds(self, what: str, having: str = "") -> Any:
        """The first element of the widget that `what` selects, once it is there and holds the words `having`."""
        found: Any = patiently(lambda: self._find(what, having), 20)
        return found

    def _find(self, what: str, having: str) -> Any:
        script = "[...inside.querySelectorAll(what)].find((e) => e.textContent.includes(arguments[1]))"
        with suppress(Gone):  # between being found and being told of: one looks again
            return self.tab.runs(INSIDE + script, what, having)
        return None

    def types(self, **fields: str) -> None:
        for name, text in fields.items():
            self.tab.types(self.finds(f"#{name}"), text)

    def sends(self) -> None:
        self.tab.clicks(self.finds("form button.main"))

    def has_the_focus(self, what: str) -> bool:
        return bool(self.tab.runs(INSIDE + "inside.activeElement?.matches(what)", what))

    def hurt(self) -> Any:
        """What the last script to die on the page said."""
        return self.tab.runs("return document.documentElement.dataset.died")

    def axe(self) -> list[str]:
        """What axe-core finds, a line for each place."""
        lines: list[str] = self.tab.runs(f"{AXE.read_text()}\n{LOOK}", AXE_TAGS)
        return lines


@pytest.fixture(params=ENGINES)
def ada(request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Ada's browser, just started; without it the test is left out, except where nothing may be."""
    start, programs = ENGINES[request.param]
    missing = [str(path) for path in (*programs, AXE) if not Path(path).exists()]
    if missing and os.environ.get("CI") != "true":
        pytest.skip(f"missing: {', '.join(missing)}")
    with start() as tab:
        yield Visitor(tab)


def test_the_whole_way_in_another_engine(ada: Visitor, article: Callable[..., str], service: Service) -> None:
    url = article(head=LISTENING)
    origin, path = url.rsplit("/", 1)
    service.submit(f"/{path}", origin, body="Is it *done*?", website="https://ann.example")
    service.approve("Is it *done*?")

    ada.tab.opens(url)
    ada.finds("article em", "done")
    assert ada.axe() == []

    ada.sends()
    ada.finds("#about-email.error", "Please enter your email address.")
    assert ada.has_the_focus("#body")
    assert ada.axe() == []

    ada.types(body="Knock on it.", name="Ada", email="ada@ada-lovelace.org")
    ada.sends()
    ada.finds("article.own", HELD)
    assert ada.has_the_focus("article.own")
    assert ada.axe() == []
    assert not ada.hurt()

    ada.tab.reloads()
    ada.finds("article.own", "Knock on it.")
    assert [c["body_source"] for c in service.waiting() if c["page"] == f"/{path}"] == ["Knock on it."]
    assert not ada.hurt()
