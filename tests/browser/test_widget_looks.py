"""What the widget looks like and how it is used, whatever page it stands on and whoever reads it."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Axe, Service
from tests.browser.reader import HELD, Reader, path_of

Article = Callable[..., str]

DARK = "<style>body{color:#e8e4dc!important;background:#191613!important}a{color:inherit}</style>"
LONG = "Donaudampfschifffahrt" * 12
TEXT = "A list:\n\n- one\n- two\n\n> Quoted, with `code` and [a link](https://mill.example).\n\n```\nflour 500\n```"


@dataclass(frozen=True)
class Surroundings:
    """The page around the widget, and the machine it is read on."""

    page: str = "light"
    system: str = "light"
    width: int = 1280
    forced: str = "none"
    lang: str = "en"

    def head(self) -> str:
        return DARK if self.page == "dark" else ""

    def root(self) -> str:
        return ' dir="rtl"' if self.lang == "ar" else ""

    def open(self, browser: Browser) -> BrowserContext:
        context = browser.new_context(
            color_scheme=self.system,  # type: ignore[arg-type]
            forced_colors=self.forced,  # type: ignore[arg-type]
            viewport={"width": self.width, "height": 900}, locale="en-GB", reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(10_000)
        return context


SURROUNDINGS = {
    "light-page-light-system": Surroundings(),
    "light-page-dark-system": Surroundings(system="dark"),
    "dark-page-light-system": Surroundings(page="dark"),
    "dark-page-dark-system": Surroundings(page="dark", system="dark"),
    "narrow": Surroundings(width=320),
    "forced-colours": Surroundings(system="dark", forced="active"),
    "right-to-left": Surroundings(lang="ar", width=320),
}


@pytest.fixture
def ada(page: Page) -> Reader:
    return Reader(page)


@pytest.fixture
def touch(browser: Browser) -> Iterator[Reader]:
    """Somebody with a telephone."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    yield Reader(context.new_page())
    context.close()


def discuss(service: Service, url: str, *bodies: str) -> list[dict[str, Any]]:
    """Let Ann have written `bodies` below the article at `url`, and Mia have approved them."""
    origin, path = url.rsplit("/", 1)
    sent = [service.submit(f"/{path}", origin, body=body) for body in bodies]
    service.approve_all(f"/{path}")
    return sent


def colour(place: Locator, name: str = "color") -> Any:
    """A colour as red, green, blue and alpha, however the style wrote it."""
    return place.evaluate(
        """(element, name) => {
          const brush = new OffscreenCanvas(1, 1).getContext('2d')
          brush.fillStyle = getComputedStyle(element)[name]
          brush.fillRect(0, 0, 1, 1)
          return [...brush.getImageData(0, 0, 1, 1).data]
        }""",
        name,
    )


LOOK = """async ([picture, margin]) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob())
  const [width, height] = [image.width - 2 * margin, image.height - 2 * margin]
  const brush = new OffscreenCanvas(width, height).getContext('2d')
  brush.drawImage(image, -margin, -margin)
  const sums = [0, 0, 0, 0]
  brush.getImageData(0, 0, width, height).data.forEach((value, place) => (sums[place % 4] += value))
  return sums.slice(0, 3).map((sum) => sum / width / height)
}"""


def seen(place: Locator, margin: int = 0) -> Any:
    """The colour of `place` as it is on the screen, on average, but for `margin` pixels at its edges."""
    return place.page.evaluate(LOOK, [base64.b64encode(place.screenshot()).decode(), margin])


def style(place: Locator, name: str) -> Any:
    return place.evaluate("(element, name) => getComputedStyle(element)[name]", name)


# Every state in every surrounding.


@pytest.mark.parametrize("around", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_axe_finds_nothing_in_any_state_anywhere(
    browser: Browser, article: Article, service: Service, axe: Axe, around: Surroundings
) -> None:
    url = article(head=around.head(), root=around.root(), attributes=f' lang="{around.lang}"')
    context = around.open(browser)
    ada = Reader(context.new_page())

    def fine(state: str) -> None:
        found = axe(ada.page)
        if around.forced == "active":
            # axe reads the colours that the sheets ask for, not those that are forced.
            found = [line for line in found if not line.startswith("color-contrast")]
        assert found == [], state
        assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state

    ada.opens(url)
    fine("empty form")
    [comment] = discuss(service, url, f"{TEXT}\n\n{url}\n\n{LONG}")
    ada.opens(url)
    fine("list")
    ada.sends()
    expect(ada.problem("body")).to_be_visible()
    fine("form with errors")
    ada.fills("Hello, **you**", email="ada@gmial.com").sends()
    expect(ada.problem("email").locator("button")).to_be_visible()
    ada.page.locator("comments-thread form button").nth(-2).click()
    expect(ada.page.locator("comments-thread .preview strong")).to_be_visible()
    fine("suggestion and preview")
    ada.comments().first.locator("button").click()
    fine("open reply")
    ada.writes("Hello")
    fine("own pending")
    service.lock(comment)
    ada.opens(url)
    expect(ada.page.locator("comments-thread form")).to_be_hidden()
    fine("locked")
    ada.page.route("**/api/v1/**", lambda route: route.abort())
    ada.page.reload()
    expect(ada.page.locator("comments-thread [role=alert]")).to_be_visible()
    fine("failure")
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_everything_that_can_be_clicked_is_at_least_24_pixels_high(
    ada: Reader, article: Article, service: Service, width: int
) -> None:
    ada.page.set_viewport_size({"width": width, "height": 900})
    show_every_control(ada, article(), service)
    assert too_small(ada.page, 24) == []


def test_what_a_finger_presses_is_44_pixels_high(touch: Reader, article: Article, service: Service) -> None:
    show_every_control(touch, article(), service)
    assert touch.page.evaluate("matchMedia('(pointer: coarse)').matches")
    assert too_small(touch.page, 44) == []
    touch.page.evaluate("document.body.style.cssText = 'font-size: 13px !important'")
    sizes = (
        "e => [...e.shadowRoot.querySelectorAll('[part=input]')].map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(touch.page.locator("comments-thread").evaluate(sizes)) >= 16, "a telephone would zoom in"


def show_every_control(reader: Reader, url: str, service: Service) -> None:
    origin = url.rsplit("/", 1)[0]
    service.submit(path_of(url), origin, body="Mine", website="https://ann.example")
    service.submit(path_of(url), origin, body="Mine too")
    service.approve_all(path_of(url))
    reader.opens(url).writes("Held")
    reader.comments().first.get_by_role("button", name="Reply").click()
    reader.fills("Hello", email="ada@gmial.com").sends()
    expect(reader.problem("email").locator("button")).to_be_visible()


def too_small(page: Page, least: int) -> Any:
    """The controls whose place is lower than `least` or narrower than 24; links within a text are as high as its lines."""
    return page.locator("comments-thread").evaluate(
        """(host, least) => [...host.shadowRoot.querySelectorAll('a, button, input, select, textarea')]
          .filter((e) => e.checkVisibility() && !e.closest('.body, .unseen'))
          .map((e) => [e.closest('label') || e, e.outerHTML])
          .map(([e, html]) => [e.getBoundingClientRect(), html])
          .filter(([{ width, height }]) => Math.round(height) < least || width < 24)
          .map(([{ width, height }, html]) => `${width}x${height} ${html}`)""",
        least,
    )


# At home on the page.


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("page", ["light", "dark"])
def test_dark_follows_the_page_and_never_the_system(
    browser: Browser, article: Article, service: Service, page: str, system: str
) -> None:
    around = Surroundings(page=page, system=system)
    context = around.open(browser)
    discuss(service, url := article(head=around.head()), "One", "Two")
    ada = Reader(context.new_page()).opens(url)
    inked, paper = ((232, 228, 220), (25, 22, 19)) if page == "dark" else ((34, 34, 34), (255, 255, 255))
    for part in ("h2", "#body", "#name", "label"):
        assert colour(ada.page.locator(f"comments-thread {part}").first)[:3] == list(inked)
    main = ada.page.locator("comments-thread button.main")
    assert colour(main, "backgroundColor")[:3] == list(inked)
    option = ada.page.locator("comments-thread option").first
    assert (colour(option), colour(option, "backgroundColor")) == ([0, 0, 0, 255], [255, 255, 255, 255])
    words = colour(main.locator("span"))
    assert sum(abs(a - b) for a, b in zip(words[:3], paper, strict=True)) < 100
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_empty_box_is_as_dark_as_its_page_and_a_ticked_one_stands_out(
    ada: Reader, article: Article, scheme: str
) -> None:
    ada.opens(article(head=DARK if scheme == "dark" else ""))
    box, paper = ada.page.get_by_role("checkbox"), (25, 22, 19) if scheme == "dark" else (255, 255, 255)
    empty = seen(box, margin=5)
    assert max(abs(a - b) for a, b in zip(empty, paper, strict=True)) < 20
    place = box.bounding_box()
    box.check()
    assert box.bounding_box() == place
    assert max(abs(a - b) for a, b in zip(seen(box), empty, strict=True)) > 100


def test_a_page_that_turns_dark_while_it_is_read_takes_the_widget_along(ada: Reader, article: Article) -> None:
    ada.opens(article())
    ada.page.evaluate("document.body.style.cssText = 'color: #e8e4dc; background: #191613'")
    assert colour(ada.page.locator("comments-thread #body"))[:3] == [232, 228, 220]
    assert sum(colour(ada.page.locator("comments-thread button.main span"))[:3]) < 100


@pytest.mark.parametrize(("theme", "paper", "ink"), [("light", 255, 0), ("dark", 18, 255)])
def test_a_theme_that_is_asked_for_brings_its_own_paper(
    ada: Reader, article: Article, axe: Axe, theme: str, paper: int, ink: int
) -> None:
    ada.opens(article(attributes=f' theme="{theme}"', head=DARK if theme == "light" else ""))
    expect(ada.page.locator("comments-thread")).to_have_css("background-color", f"rgb({paper}, {paper}, {paper})")
    assert colour(ada.page.locator("comments-thread #body")) == [ink, ink, ink, 255]
    assert axe(ada.page) == []


def test_a_theme_that_follows_the_page_brings_no_paper(ada: Reader, article: Article) -> None:
    ada.opens(article(attributes=' theme="auto"', head=DARK))
    assert colour(ada.page.locator("comments-thread"), "backgroundColor")[3] == 0
    assert colour(ada.page.locator("comments-thread #body"))[:3] == [232, 228, 220]


def test_headings_have_the_level_that_the_page_has_for_them(ada: Reader, article: Article, axe: Axe) -> None:
    ada.page.goto(article(attributes=' level="3"', head="<h2>On the page</h2>"))
    headings = ada.page.locator("comments-thread").get_by_role("heading", level=3)
    expect(headings).to_have_text(["No comments yet", "Leave a Comment"])
    ada.page.evaluate("document.querySelector('comments-thread').setAttribute('level', 4)")
    expect(ada.page.locator("comments-thread").get_by_role("heading", level=4)).to_have_count(2)


def test_a_narrow_column_of_a_wide_page_has_its_fields_one_below_the_other(ada: Reader, article: Article) -> None:
    ada.opens(article())
    places = [ada.page.locator(f"comments-thread #{field}") for field in ("name", "email", "website")]

    def tops() -> int:
        return len({round((place.bounding_box() or {})["y"]) for place in places})

    assert tops() == 1
    ada.page.evaluate("document.querySelector('comments-thread').style.width = '240px'")
    assert tops() == 3
    box = ada.page.get_by_role("checkbox").bounding_box()
    assert box
    assert box["width"] == box["height"]


def test_nothing_moves_by_itself(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    discuss(service, url, "At rest")
    ada.opens(url)
    ada.fills("Hello").sends()
    expect(ada.own()).to_be_visible()
    assert ada.page.evaluate("document.getAnimations({subtree: true}).length") == 0


def test_pointing_at_a_comment_shows_no_title_of_the_article(ada: Reader, article: Article) -> None:
    ada.opens(article(attributes=' title="How to bake bread"'))
    assert ada.page.locator("comments-thread .root").evaluate("e => e.getAttribute('title')") == ""


def test_forced_colours_keep_every_edge(browser: Browser, article: Article) -> None:
    context = Surroundings(system="dark", forced="active").open(browser)
    ada = Reader(context.new_page()).opens(article())
    own = ada.writes("Edged")
    for place in (own, ada.page.locator("comments-thread #body"), ada.page.locator("comments-thread button.main")):
        assert style(place, "borderTopStyle") in {"solid", "dashed"}
        assert colour(place, "borderTopColor") == [255, 255, 255, 255]
    context.close()


def test_custom_properties_tune_what_they_say(ada: Reader, article: Article, service: Service) -> None:
    tuned = (
        "comments-thread{--cs-accent:#00695c;--cs-on-accent:#ff0;--cs-line:#123456;--cs-muted:#654321;--cs-radius:3px;"
        "--cs-font:monospace;--cs-fg:#202020}"
    )
    url = article(head=f"<style>{tuned}</style>")
    discuss(service, url, "> quoted")
    ada.opens(url)
    inside = ada.page.locator("comments-thread")
    assert colour(inside.locator("button.main"), "backgroundColor") == [0, 105, 92, 255]
    assert colour(inside.locator("button.main span")) == [255, 255, 0, 255]
    assert colour(inside.locator("blockquote"), "borderInlineStartColor") == [18, 52, 86, 255]
    assert colour(inside.locator(".quiet").first) == [101, 67, 33, 255]
    assert style(inside.locator("#body"), "borderRadius") == "3px"
    assert style(inside.locator("#body"), "fontFamily") == "monospace"
    assert colour(inside.locator("h2").first) == [32, 32, 32, 255]


def test_every_part_can_be_reached_from_the_page(ada: Reader, article: Article, service: Service) -> None:
    parts = ("root", "comment", "body", "form", "input", "button")
    rules = "".join(f"comments-thread::part({part}){{outline:{n}px solid}}" for n, part in enumerate(parts, 10))
    url = article(head=f"<style>{rules}</style>")
    discuss(service, url, "Parted")
    ada.opens(url)
    for n, place in enumerate((".root", "article", ".body", "form", "#body", "button.main"), 10):
        assert style(ada.page.locator(f"comments-thread {place}").first, "outlineWidth") == f"{n}px", place


def test_the_pages_font_and_direction_are_the_widgets(ada: Reader, article: Article) -> None:
    ada.opens(article(root=' dir="rtl"', attributes=' lang="ar"'))
    inside = ada.page.locator("comments-thread")
    assert style(inside.locator("#body"), "fontFamily") == "Georgia, serif"
    assert style(inside.locator("#body"), "direction") == "rtl"
    form, post = inside.locator("form").bounding_box(), inside.locator("form button.main").bounding_box()
    assert form
    assert post
    assert post["x"] + post["width"] == pytest.approx(form["x"] + form["width"], abs=1)


def test_words_keep_their_own_direction_on_a_page_of_the_other(ada: Reader, article: Article, service: Service) -> None:
    url = article(root=' dir="rtl"', attributes=' lang="ar"')
    discuss(service, url, "Does it rise?", "هل يرتفع؟")
    ada.opens(url)
    assert [style(body, "direction") for body in ada.page.locator("comments-thread .body").all()] == ["ltr", "rtl"]


@pytest.mark.parametrize("body", ["1.6rem", "1rem"])
def test_a_small_root_makes_no_small_letters(ada: Reader, article: Article, body: str) -> None:
    small = f"<style>html{{font-size:62.5%}}body{{font-size:{body}!important}}</style>"
    ada.opens(article(head=small))
    sizes = ada.page.locator("comments-thread").evaluate(
        "e => [...e.shadowRoot.querySelectorAll('label, input, p, h2, button')].filter(e => e.checkVisibility())"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    field = ada.page.locator("comments-thread #name").bounding_box()
    assert field
    assert field["height"] >= 24


def test_printing_leaves_the_comments_and_drops_the_form(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    discuss(service, url, "On paper")
    ada.opens(url).page.emulate_media(media="print")
    expect(ada.comments()).to_be_visible()
    for gone in ("form", "button", "footer"):
        expect(ada.page.locator(f"comments-thread {gone}").first).to_be_hidden()


# By keyboard and by ear.


def test_ada_reads_writes_mends_and_withdraws_by_keyboard_alone(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    discuss(service, url, "Shall I fold it?")
    ada.opens(url)
    keys = ada.page.keyboard

    def tab_to(name: str) -> None:
        for _ in range(30):
            keys.press("Tab")
            assert ada.page.evaluate("document.activeElement !== document.body"), f"the focus left on the way to {name}"
            if ada.focused() == name:
                return
        raise AssertionError(f"{name} cannot be reached")

    tab_to("Reply")
    keys.press("Enter")
    assert ada.focused() == "body"
    keys.type("Every half hour.")
    tab_to("name")
    keys.type("Ada")
    keys.press("Tab")
    keys.type("ada at home")
    keys.press("Enter")
    expect(ada.problem("email")).to_be_visible()
    assert ada.focused() == "email"
    keys.press("Control+A")
    keys.type("ada@ada-lovelace.org")
    tab_to("Post Comment")
    keys.press("Enter")
    expect(ada.own()).to_be_focused()
    tab_to("Edit")
    keys.press("Enter")
    assert ada.focused() == "body"
    keys.press("Control+End")
    keys.type(" Gently.")
    keys.press("Control+Enter")
    expect(ada.own()).to_contain_text("Every half hour. Gently.")
    expect(ada.own()).to_be_focused()
    tab_to("Withdraw")
    keys.press("Enter")
    expect(ada.own()).to_have_count(0)
    assert ada.focused() == "body"


def test_what_is_left_and_what_is_wrong_is_said_to_those_who_listen(ada: Reader, article: Article) -> None:
    ada.opens(article())
    for field in ("body", "name", "email", "website"):
        note = ada.page.locator(f"comments-thread #about-{field}")
        expect(note).to_have_role("status")
        assert note.evaluate("e => e.checkVisibility()"), "what is hidden is not listened to"


def test_what_only_robots_fill_in_is_found_by_robots_only(ada: Reader, article: Article) -> None:
    ada.opens(article())
    trap = ada.page.locator("comments-thread input[name=subject_line]")
    expect(trap).to_have_attribute("autocomplete", "off")
    trap.evaluate("e => e.focus()")
    assert ada.focused() is None
    assert style(trap.locator(".."), "clipPath") == "inset(50%)"


def test_what_happens_is_said_to_those_who_listen(ada: Reader, article: Article) -> None:
    ada.opens(article())
    expect(ada.hears()).to_have_text("")
    ada.writes("Heard")
    expect(ada.hears()).to_have_text("Thank you. Your comment is awaiting moderation.")
    ada.page.get_by_role("button", name="Edit").click()
    ada.page.locator("comments-thread #body").fill("Heard again")
    ada.sends()
    expect(ada.hears()).to_have_text("Your comment was changed.")
    ada.page.get_by_role("button", name="Withdraw").click()
    expect(ada.hears()).to_have_text("Your comment was withdrawn.")


def test_a_new_order_keeps_the_focus_on_the_choice(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    discuss(service, url, "First here", "Second here")
    ada.opens(url)
    choice = ada.page.get_by_role("combobox")
    choice.focus()
    choice.select_option("newest")
    expect(ada.comments().first).to_contain_text("Second here")
    expect(ada.page.get_by_role("combobox")).to_be_focused()


def test_trying_again_by_keyboard_does_not_lose_the_place(ada: Reader, article: Article) -> None:
    ada.page.route("**/api/v1/**", lambda route: route.abort())
    ada.page.goto(article())
    expect(ada.page.get_by_role("alert")).to_contain_text("Comments could not be loaded.")
    ada.page.unroute("**/api/v1/**")
    ada.page.get_by_role("button", name="Try again").press("Enter")
    expect(ada.page.locator("comments-thread form")).to_be_visible()
    assert ada.page.evaluate("document.activeElement.tagName") == "COMMENTS-THREAD"


# Beside other things.


def test_two_widgets_on_one_page_keep_apart(ada: Reader, article: Article, service: Service) -> None:
    url = article(
        snippet='<comments-thread site="blog" page="{path}/a" eager></comments-thread>'
        '<comments-thread site="blog" page="{path}/b" eager></comments-thread>'
        '<script async src="{service}/embed.js"></script>'
    )
    ada.page.goto(url)
    one, other = ada.page.locator("comments-thread").all()
    expect(other.locator("#form")).to_be_visible()
    for field, text in {"body": "To the first", "name": "Ada", "email": "ada@ada-lovelace.org"}.items():
        one.locator(f"#{field}").fill(text)
    expect(other.locator("#body")).to_have_value("")
    one.locator("button.main").click()
    expect(one.locator("article.own")).to_contain_text(HELD)
    expect(other.locator("article")).to_have_count(0)
    assert [c["page"] for c in service.waiting() if "To the first" in c["body_source"]] == [f"{path_of(url)}/a"]


def test_a_widget_taken_from_the_page_leaves_nothing_behind(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    discuss(service, url, "Still there")
    ada.opens(url)
    assert listeners(ada.page) != []
    ada.page.evaluate("window.gone = new WeakRef(document.querySelector('comments-thread')); gone.deref().remove()")
    assert listeners(ada.page) == []
    session = ada.page.context.new_cdp_session(ada.page)
    ada.page.wait_for_function("new Promise(resolve => requestIdleCallback(() => resolve(true)))")
    session.send("HeapProfiler.collectGarbage")
    assert ada.page.evaluate("gone.deref() === undefined")


def listeners(page: Page) -> list[str]:
    """What is listened to on the whole page's behalf."""
    session = page.context.new_cdp_session(page)
    found = session.send("Runtime.evaluate", {"expression": "window", "objectGroup": "look"})
    heard = session.send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})
    session.detach()
    return [listener["type"] for listener in heard["listeners"]]


def test_a_widget_put_back_on_the_page_shows_its_thread_again(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    discuss(service, url, "Here again")
    ada.opens(url).page.evaluate(
        "window.kept = document.querySelector('comments-thread'); kept.remove(); document.querySelector('h1').before(kept)"
    )
    expect(ada.comments()).to_have_count(1)
    expect(ada.comments()).to_contain_text("Here again")


def test_another_page_attribute_shows_another_thread(ada: Reader, article: Article, service: Service) -> None:
    url = article()
    origin = url.rsplit("/", 1)[0]
    service.submit(f"{path_of(url)}/other", origin, body="In the other thread")
    service.approve_all(f"{path_of(url)}/other")
    ada.opens(url).page.evaluate(
        "page => document.querySelector('comments-thread').setAttribute('page', page)", f"{path_of(url)}/other"
    )
    expect(ada.comments()).to_contain_text("In the other thread")
    ada.page.evaluate("document.querySelector('comments-thread').lang = 'de'")
    expect(ada.page.locator("comments-thread #form")).to_have_text("Schreibe einen Kommentar")
    for name, value in (("sort", "newest"), ("site", "none")):
        with ada.page.expect_request(re.compile(rf"{'/sites/none/' if name == 'site' else 'sort=newest'}")):
            ada.page.locator("comments-thread").evaluate(
                "(e, [name, value]) => e.setAttribute(name, value)", [name, value]
            )


def test_a_route_changed_without_loading_shows_the_new_pages_thread(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article()
    origin, route = url.rsplit("/", 1)[0], f"{path_of(url)}-next"
    service.submit(route, origin, body="Below the next article")
    service.approve_all(route)
    asked: list[str] = []
    ada.opens(url).page.on("request", lambda request: asked.append(request.url))
    ada.page.evaluate(
        """route => {
          history.pushState(null, '', route)
          document.querySelector('main').innerHTML = '<h1>Next</h1><comments-thread site="blog" eager></comments-thread>'
        }""",
        route,
    )
    expect(ada.comments()).to_contain_text("Below the next article")
    assert len([address for address in asked if "/thread?" in address]) == 1


def test_a_comment_and_its_time_are_drawn_in_the_language_of_the_element(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article(root=' dir="rtl"', attributes=' lang="ar"')
    discuss(service, url, "One", "Two")
    ada.opens(url)
    expect(ada.page.locator("comments-thread h2").first).to_have_text("تعليقان")
    expect(ada.page.locator("comments-thread time").first).to_have_text(re.compile("قبل|الآن"))


def test_a_language_that_only_the_reader_knows_is_counted_in_ours(
    ada: Reader, article: Article, service: Service
) -> None:
    url = article(attributes=' lang="cy"')  # Welsh, where two are neither one nor many
    discuss(service, url, "One", "Two")
    expect(ada.opens(url).page.locator("comments-thread h2").first).to_have_text("2 comments")


def test_an_unknown_language_is_no_reason_to_show_nothing(ada: Reader, article: Article) -> None:
    ada.opens(article(attributes=' lang="not a language"'))
    expect(ada.page.locator("comments-thread #form")).to_have_text("Leave a Comment")


def test_the_servers_own_comments_stay_in_sight_until_there_is_something_better(
    ada: Reader, article: Article, articles: Articles, service: Service
) -> None:
    url = article(snippet='<comments-thread site="blog" eager><p>As the server wrote it</p></comments-thread>'
                  '<script async src="{service}/embed.js"></script>')  # fmt: skip
    held: list[Route] = []
    ada.page.route("**/thread?*", lambda route: held.extend([route]))
    ada.page.goto(url)
    ada.page.wait_for_function("!!customElements.get('comments-thread')")
    expect(ada.page.get_by_text("As the server wrote it")).to_be_visible()
    ada.page.wait_for_function("document.querySelector('comments-thread').shadowRoot.querySelector('slot')")
    expect(ada.page.get_by_text("As the server wrote it")).to_be_visible()
    while not held:
        ada.page.wait_for_timeout(20)
    held[0].continue_()
    expect(ada.page.locator("comments-thread form")).to_be_visible()
    expect(ada.page.get_by_text("As the server wrote it")).to_be_hidden()
