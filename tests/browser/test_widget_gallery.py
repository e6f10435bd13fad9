"""Photographs the widget in its states, and the pages without scripts, so that people can look at them: `make gallery`
keeps the pictures.

With COMMENTS_TEST_GALLERY naming a folder (`docs/pictures/gallery`) the pictures are kept there.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SITE, Complaints, Service
from tests.browser.reader import Reader, path_of
from tests.browser.test_plain_pages import fills

Article = Callable[..., str]

# What a picture may weigh: all of them are in the repository.
MOST_BYTES = 150_000
PAPER = {
    "light": "",
    "dark": "<style>body{color:#e8e4dc!important;background:#191613!important}a{color:inherit}</style>",
}
LOOKS = [
    ("light", 720, "en"),
    ("light", 360, "en"),
    ("dark", 720, "en"),
    ("light", 360, "ar"),
]
# The service's own pages are as dark as the reader's system.
PLAIN_LOOKS = [
    ("light", 720, "en"),
    ("dark", 360, "en"),
    ("light", 360, "ar"),
]
TALK = (
    ("Tomás Rivera", None, "I bake in a cast-iron pot and take the lid off after *twenty* minutes. The crust **sings** then."),
    ("Helen Ward", 0, "Does a clay pot do as well?\n\n> take the lid off after twenty minutes\n\nMine cracked at 250 °C."),
    ("Tomás Rivera", 1, "Soak it first, and let it warm up with the oven:\n\n- cold oven\n- wet pot\n- `230 °C`, no more"),
    ("Mehmet Öz", None, "A quarter of rye makes it keep for a week. See [the miller's table](https://mill.example/rye)."),
)  # fmt: skip


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pictures go to."""
    asked = os.environ.get("COMMENTS_TEST_GALLERY")
    folder = Path(asked) if asked else tmp_path_factory.mktemp("gallery")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize(("theme", "width", "lang"), LOOKS)
def test_the_widget_sits_for_its_pictures(
    browser: Browser,
    article: Article,
    service: Service,
    gallery: Path,
    complaints: Complaints,
    theme: str,
    width: int,
    lang: str,
) -> None:
    root = ' dir="rtl"' if lang == "ar" else ""
    # Without reserved room, a picture ends where the widget does.
    head = f"{PAPER[theme]}<style>comments-thread{{min-height:0!important}}</style>"
    url = article(head=head, root=root, attributes=f' lang="{lang}"')
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", reduced_motion="reduce",
        has_touch=width < 500, is_mobile=width < 500,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    ada = Reader(complaints.listen(context.new_page()))
    look = f"{theme}-{width}-{lang}"

    def keep(state: str) -> None:
        photograph(ada.page, gallery / f"{look}-{state}.png", "comments-thread")

    ada.opens(url)
    keep("empty")
    talk(service, url)
    ada.opens(url)
    keep("list")
    ada.fills("Hello", email="ada@gmial.com", name="").sends()
    expect(ada.problem("name")).to_be_visible()
    ada.fills("Hello", email="ada@gmial.com").sends()
    expect(ada.problem("email")).to_be_visible()
    ada.fills("", email="ada@gmial.com")
    ada.sends()
    expect(ada.problem("body")).to_be_visible()
    keep("errors")
    ada.comments().nth(1).locator("button").click()
    ada.writes("Mine is **glazed**: it went from cold to hot a hundred times by now.")
    ada.comments().nth(1).locator("button").click()
    keep("reply-and-own")
    if (theme, width) == ("light", 720):
        take_the_rare_ones(ada, service, url, keep)
    context.close()


def take_the_rare_ones(ada: Reader, service: Service, url: str, keep: Callable[[str], None]) -> None:
    """A closed discussion and a service that is away: the same everywhere, so once."""
    service.lock(next(c for c in service.waiting() if c["page"] == path_of(url)))
    ada.opens(url)
    expect(ada.page.locator("comments-thread form")).to_be_hidden()
    keep("locked")
    ada.page.route("**/api/v1/**", lambda route: route.abort())
    ada.page.reload()
    expect(ada.page.get_by_role("alert")).to_be_visible()
    keep("failure")


def talk(service: Service, url: str) -> None:
    """Some bakers below the article, approved."""
    origin, path = url.rsplit("/", 1)
    ids: list[str] = []
    for name, answers, body in TALK:
        parent = None if answers is None else ids[answers]
        ids.append(service.submit(f"/{path}", origin, name=name, body=body, parent=parent)["id"])
        service.approve_all(f"/{path}")
    service.answers({"id": ids[-1]}, "That table is the one we bake by.")


@pytest.mark.parametrize(("scheme", "width", "lang"), PLAIN_LOOKS)
def test_the_pages_without_scripts_sit_for_theirs(
    browser: Browser, article: Article, service: Service, gallery: Path, scheme: Any, width: int, lang: str
) -> None:
    url = article()
    talk(service, url)
    context = browser.new_context(
        java_script_enabled=False, color_scheme=scheme, viewport={"width": width, "height": 900}, locale="en-GB",
        has_touch=width < 500, is_mobile=width < 500,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    page = context.new_page()

    def keep(state: str, place: str = "") -> None:
        photograph(page, gallery / f"plain-{scheme}-{width}-{lang}-{state}.png", place)

    page.goto(f"{service.url}/s/{SITE}/thread?page={path_of(url)}&lang={lang}")
    keep("thread", "html")
    page.locator("article footer a").nth(1).click()
    fills(page, body="Mine is **glazed**.", email="ada@gmial.com", website="no site at all")
    expect(page.locator(".comments-error")).to_have_count(2)
    keep("errors")
    fills(page, website="")
    expect(page.locator(".comments-state")).to_be_visible()
    keep("waiting", "html")
    context.close()


def photograph(page: Page, picture: Path, place: str) -> None:
    """Keep `place` and nothing but it, or with none what is in sight, as `picture`."""
    page.evaluate("document.fonts.ready")
    page.mouse.move(0, 0)  # what is pointed at looks otherwise
    (page.locator(place) if place else page).screenshot(path=picture, animations="disabled", caret="hide")
    assert 1_000 < picture.stat().st_size < MOST_BYTES
