"""What Ada types becomes what she meant, and never more than that."""

import json
import re
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import nh3
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from people import ORIGIN, PAGE, SITE, Commenter, Mia, Reader

from comments_service.comments import markup

ATOM = "{http://www.w3.org/2005/Atom}"
LINK = 'rel="nofollow ugc noopener"'
# The contract with every reader of a tree, written out here: a change of it is a change of the API.
ELEMENTS = {"p", "br", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")

# what is typed → the tree → its HTML
EXAMPLES: list[tuple[str, Any, str]] = [
    # Paragraphs and lines
    ("One", [["p", "One"]], "<p>One</p>"),
    ("One\n\nTwo", [["p", "One"], ["p", "Two"]], "<p>One</p><p>Two</p>"),
    ("One\nTwo", [["p", "One", ["br"], "Two"]], "<p>One<br>Two</p>"),
    ("One  \nTwo", [["p", "One", ["br"], "Two"]], "<p>One<br>Two</p>"),
    # Words
    ("*a* _b_", [["p", ["em", "a"], " ", ["em", "b"]]], "<p><em>a</em> <em>b</em></p>"),
    ("**a**", [["p", ["strong", "a"]]], "<p><strong>a</strong></p>"),
    ("***a***", [["p", ["em", ["strong", "a"]]]], "<p><em><strong>a</strong></em></p>"),
    ("`a *b*`", [["p", ["code", "a *b*"]]], "<p><code>a *b*</code></p>"),
    (r"\*a\*", [["p", "*a*"]], "<p>*a*</p>"),
    ("snake_case_name", [["p", "snake_case_name"]], "<p>snake_case_name</p>"),
    ("~~a~~", [["p", "~~a~~"]], "<p>~~a~~</p>"),
    ("Tom & Jerry &amp; &copy;", [["p", "Tom & Jerry & ©"]], "<p>Tom &amp; Jerry &amp; ©</p>"),
    # Blocks
    ("```py\na < b\n```", [["pre", ["code", "a < b\n"]]], "<pre><code>a &lt; b\n</code></pre>"),
    ("    a\n    b", [["pre", ["code", "a\nb"]]], "<pre><code>a\nb</code></pre>"),
    ("> a\n\nb", [["blockquote", ["p", "a"]], ["p", "b"]], "<blockquote><p>a</p></blockquote><p>b</p>"),
    ("- a\n- b", [["ul", ["li", "a"], ["li", "b"]]], "<ul><li>a</li><li>b</li></ul>"),
    ("- a\n  - b", [["ul", ["li", "a", ["ul", ["li", "b"]]]]], "<ul><li>a<ul><li>b</li></ul></li></ul>"),
    ("1. a\n2. b", [["ol", ["li", "a"], ["li", "b"]]], "<ol><li>a</li><li>b</li></ol>"),
    ("7. a", [["ol", {"start": "7"}, ["li", "a"]]], '<ol start="7"><li>a</li></ol>'),
    ("# Loud", [["p", ["strong", "Loud"]]], "<p><strong>Loud</strong></p>"),
    ("a\n\n***\n\nb", [["p", "a"], ["p", "* * *"], ["p", "b"]], "<p>a</p><p>* * *</p><p>b</p>"),
    # Links
    (
        '[bread](https://a.example/b?c=1&d=2 "best")',
        [["p", ["a", {"href": "https://a.example/b?c=1&d=2"}, "bread"]]],
        f'<p><a href="https://a.example/b?c=1&amp;d=2" {LINK}>bread</a></p>',
    ),
    (
        "<https://a.example>",
        [["p", ["a", {"href": "https://a.example"}, "https://a.example"]]],
        f'<p><a href="https://a.example" {LINK}>https://a.example</a></p>',
    ),
    (
        "<ann@a.example>",
        [["p", ["a", {"href": "mailto:ann@a.example"}, "ann@a.example"]]],
        f'<p><a href="mailto:ann@a.example" {LINK}>ann@a.example</a></p>',
    ),
    (
        "See https://a.example/b, or not.",
        [["p", "See ", ["a", {"href": "https://a.example/b"}, "https://a.example/b"], ", or not."]],
        f'<p>See <a href="https://a.example/b" {LINK}>https://a.example/b</a>, or not.</p>',
    ),
    (
        "[*b*][1]\n\n[1]: http://a.example",
        [["p", ["a", {"href": "http://a.example"}, ["em", "b"]]]],
        f'<p><a href="http://a.example" {LINK}><em>b</em></a></p>',
    ),
    ("`https://a.example`", [["p", ["code", "https://a.example"]]], "<p><code>https://a.example</code></p>"),
    ("Write to ann@a.org", [["p", "Write to ann@a.org"]], "<p>Write to ann@a.org</p>"),
    ("[a](/relative)", [["p", "a"]], "<p>a</p>"),
    ("[a](javascript:alert)", [["p", "a"]], "<p>a</p>"),
    ("[a](&#x6A;avascript:alert)", [["p", "a"]], "<p>a</p>"),
    ("[a](data:text/html,x)", [["p", "a"]], "<p>a</p>"),
    ("[a](http:///nowhere)", [["p", "a"]], "<p>a</p>"),
    ("[a](http://a.example:port/)", [["p", "a"]], "<p>a</p>"),
    ("[a](http://a.b&#xFFFD;/)", [["p", "a"]], "<p>a</p>"),
    ("[a](http://a.example/&#x202E;gpj.exe)", [["p", "a"]], "<p>a</p>"),
    ("![a cat](https://a.example/cat.png)", [["p", "a cat"]], "<p>a cat</p>"),
    ("![](https://a.example/cat.png)", [], ""),
    # Raw HTML is shown as it was typed
    ("a <b>b</b>", [["p", "a <b>b</b>"]], "<p>a &lt;b&gt;b&lt;/b&gt;</p>"),
    (
        "<div>\n*a*\n</div>",
        [["p", "<div>", ["br"], "*a*", ["br"], "</div>"]],
        "<p>&lt;div&gt;<br>*a*<br>&lt;/div&gt;</p>",
    ),
    (
        "> <hr>\n> a",
        [["blockquote", ["p", "<hr>", ["br"], "a"]]],
        "<blockquote><p>&lt;hr&gt;<br>a</p></blockquote>",
    ),
    ("<!-- a -->", [["p", "<!-- a -->"]], "<p>&lt;!-- a --&gt;</p>"),
    # An entity brings in nothing that could not be typed
    ("a&#x202E;b&#1;c", [["p", "abc"]], "<p>abc</p>"),
    ("e" + "&#x301;" * 9, [["p", "é" + "\u0301" * 4]], "<p>é" + "\u0301" * 4 + "</p>"),
]


@pytest.mark.parametrize(("typed", "tree", "html"), EXAMPLES, ids=[repr(typed)[:40] for typed, *_ in EXAMPLES])
def test_a_text_is_drawn_as_its_writer_meant_it(typed: str, tree: Any, html: str) -> None:
    assert markup.parse(typed) == tree
    assert markup.html(tree) == html


def test_nesting_without_end_adds_its_text_where_it_stops() -> None:
    tree = markup.parse("> " * 100 + "deep")
    html = markup.html(tree)
    assert html.count("<blockquote>") < markup.MAX_DEPTH
    assert "deep" in html


def test_a_mail_reads_the_text_with_its_links_written_out() -> None:
    tree = markup.parse("Look *here*: [bread](https://a.example)\nor https://b.example\n\n- one\n- two\n\n> so")
    said = "Look here: bread (https://a.example)\nor https://b.example\n\n- one\n- two\n\nso"
    assert markup.text(tree) == said
    assert markup.links(tree) == [
        markup.Link("bread", "https://a.example"),
        markup.Link("https://b.example", "https://b.example"),
    ]


# What is hostile -------------------------------------------------------------------------------------------------


class Reading(HTMLParser):
    """A browser's view of some HTML: every element with its attributes, and whatever else is no text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.others: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_safe_html(html: str) -> None:
    """Fail unless `html` holds what a comment may hold and nothing else."""
    reading = Reading(html)
    assert reading.others == []
    for tag, attributes in reading.elements:
        assert tag in ELEMENTS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        if tag == "a":
            assert attributes["rel"] == "nofollow ugc noopener"
            assert urlsplit(attributes["href"] or "").scheme in SCHEMES
        assert (attributes.get("start") or "0").isdecimal()


def assert_safe_tree(tree: Any) -> None:
    """Fail unless `tree` is made of the nodes that clients are promised."""
    assert isinstance(tree, list)
    for node in tree:
        assert isinstance(node, list), "text stands in an element"
        assert_safe_element(node)


def assert_safe_element(element: list[Any]) -> None:
    tag, *inside = element
    assert tag in ELEMENTS
    attributes = inside.pop(0) if inside and isinstance(inside[0], dict) else {}
    assert set(attributes) <= ATTRIBUTES.get(tag, set())
    assert ("href" in attributes) == (tag == "a")
    if tag == "a":
        assert urlsplit(attributes["href"]).scheme in SCHEMES
        assert not re.search(r"[\s<>\"`\\]", attributes["href"])
    assert all(not (isinstance(a, str) and isinstance(b, str)) for a, b in pairwise(inside))
    for child in inside:
        if isinstance(child, str):
            assert child
            assert not INVISIBLE.search(child)
        else:
            assert_safe_element(child)


@pytest.fixture(scope="session")
def payloads(data: Path) -> list[str]:
    """Every text that others found dangerous, or wrote down to tell right Markdown from wrong."""
    return list(dict.fromkeys(payload for payload in _payloads(data / "xss") if payload.strip()))


def _payloads(folder: Path) -> Iterator[str]:
    for name in ("commonmark-spec.json", "gfm-spec.json"):
        for example in json.loads((folder / name).read_text()):
            yield example["markdown"]
            yield example["html"]
    for case in json.loads((folder / "dompurify-every-third.json").read_text()):
        yield case["p"]
        yield f"[x]({case['p']})"
        yield f"> {case['p']}"
    for example in re.findall(
        r"^`{32} example.*?\n(.*?)^\.\n", (folder / "gfm-regression.txt").read_text(), re.M | re.S
    ):
        yield example.replace("→", "\t")
    lines = (folder / "markdown-xss-payloads.txt").read_text()
    yield lines
    yield from lines.splitlines()


def test_no_payload_becomes_more_than_a_comment_may_hold(payloads: list[str]) -> None:
    assert len(payloads) > 1000
    for payload in payloads:
        tree = markup.parse(payload)
        assert_safe_tree(tree)
        assert_safe_html(markup.html(tree))


@pytest.mark.once
def test_no_payload_does_harm_by_any_way_in_or_out(
    ada: Commenter, mia: Mia, thread: Reader, client: FlaskClient, payloads: list[str]
) -> None:
    ways: list[Callable[[str], bool]] = [
        lambda text: is_submitted(ada, text),
        lambda text: is_posted_by_form(client, text),
        lambda text: is_edited(ada, text),
    ]
    hostile = [text for text in payloads if len(text) < 9_000]
    taken = [ways[number % len(ways)](text) for number, text in enumerate(hostile)]
    assert sum(taken) > len(hostile) / 2
    approve_all(client, mia)
    assert_every_answer_is_safe(client, thread)


def is_submitted(ada: Commenter, text: str) -> bool:
    answer = ada.submits(text, name=f"A{text}"[:90], title=text[:200])
    assert answer.status_code in {202, 409, 422}
    if answer.status_code == 202:
        assert_safe_tree(answer.json["comment"]["body"])
    return answer.status_code == 202


def is_posted_by_form(client: FlaskClient, text: str) -> bool:
    form = {"page": PAGE, "name": f"B{text}"[:90], "email": "ben@ben-nevis.org", "body": text, "title": text[:200]}
    answer = client.post(f"/s/{SITE}/comments", data=form, headers={"Origin": ORIGIN})
    assert answer.status_code in {303, 409, 422}
    assert_safe_page(client.get(answer.location).text if answer.status_code == 303 else answer.text)
    return answer.status_code == 303


def is_edited(ada: Commenter, text: str) -> bool:
    answer = ada.changes(ada.submits(f"Before {text[:5_000]}"), text)
    assert answer.status_code in {200, 409, 422}
    if answer.status_code == 200:
        assert_safe_tree(answer.json["comment"]["body"])
    return answer.status_code == 200


def approve_all(client: FlaskClient, mia: Mia) -> None:
    """Publish what waits and what was taken for spam."""
    headers = {"Authorization": f"Bearer {mia.token}"}
    for status in ("pending", "spam"):
        while waiting := mia.queue(status=status, limit=100)["comments"]:
            chosen = [{"id": c["id"], "version": c["version"], "status": "approved"} for c in waiting]
            answer = client.post("/api/v1/moderation/decisions", json={"decisions": chosen}, headers=headers)
            assert answer.json["changed"] == len(chosen)


def assert_every_answer_is_safe(client: FlaskClient, thread: Reader) -> None:
    after: dict[str, str] = {}
    while True:
        answer = thread.opens(**after).json
        for comment in answer["comments"]:
            assert_safe_tree(comment["body"])
        assert_safe_page(client.get(f"/s/{SITE}/thread", query_string={"page": PAGE, **after}).text)
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    latest = client.get(f"/api/v1/sites/{SITE}/latest?limit=50").json["comments"]
    assert len(latest) == 50
    for comment in latest:
        assert_safe_tree(comment["body"])
    feed = ElementTree.fromstring(client.get(f"/api/v1/sites/{SITE}/feed.atom").data)
    contents = [entry.findtext(f"{ATOM}content") for entry in feed.iter(f"{ATOM}entry")]
    assert len(contents) == 30
    for content in contents:
        assert_safe_html(content or "")


OURS = {
    *("html", "head", "meta", "title", "link", "body", "main", "section", "script", "h1", "h2", "small", "form"),
    *("article", "header", "footer", "span", "time", "div", "input", "label", "textarea", "button"),
}


def assert_safe_page(html: str) -> None:
    """Fail when a page of ours holds an element, a handler or an address that no template of ours wrote."""
    reading = Reading(html)
    assert [other for other in reading.others if other.lower() != "doctype html"] == []
    for tag, attributes in reading.elements:
        assert tag in ELEMENTS | OURS
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "srcdoc", "formaction"}]
        for name in ("href", "src", "action"):
            assert urlsplit(attributes.get(name) or "").scheme in SCHEMES | {""}
        if tag == "script":
            assert attributes == {"type": "application/ld+json"}


def test_a_preview_is_as_safe_as_the_comment(client: FlaskClient, blog: str, payloads: list[str]) -> None:
    shown = 0
    for payload in payloads[::5]:
        answer = client.post(f"/api/v1/sites/{SITE}/preview", json={"body": payload}, headers={"Origin": ORIGIN})
        assert answer.status_code in {200, 422}
        if answer.status_code == 200:
            assert_safe_tree(answer.json["body"])
            shown += 1
    assert shown > 200


def test_a_website_leads_to_the_web_only(ada: Commenter, mia: Mia, client: FlaskClient, payloads: list[str]) -> None:
    websites = ["https://a.example/'onmouseover='x", 'https://a.example/"x', "java\nscript:alert(1)", "//a.example"]
    for number, website in enumerate([*websites, *payloads[::10]]):
        answer = ada.submits(f"Number {number}", website=website[:300])
        if answer.status_code == 202:
            mia.approves(answer)
        else:
            assert [(e["field"], e["code"]) for e in answer.json["errors"]] == [("website", "invalid-website")]
    assert_safe_page(client.get(f"/s/{SITE}/thread", query_string={"page": PAGE}).text)


MARKUP = st.lists(
    st.sampled_from([*"<>&\"'`*_[]()!#-+.:/\\ \n\t~=|1a@;", "\n\n", "    ", "```", "](", "http://a.b", "&#x", "&lt;"])
    | st.sampled_from(["<a href=", "<script>", "<!--", "-->", "javascript:", "mailto:", "&#0;", "&#x202e;", "&#x301;"])
    | st.characters(),
    max_size=60,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(MARKUP)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    tree = markup.parse(text.encode("utf-8", "replace").decode())
    html = markup.html(tree)
    assert_safe_tree(tree)
    assert_safe_html(html)
    again = nh3.clean(html, tags=ELEMENTS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow ugc noopener")
    assert again == html


# What is long ----------------------------------------------------------------------------------------------------

LONG = 64 * 1024


def filled(unit: str) -> str:
    return (unit * (LONG // len(unit) + 1))[:LONG]


HOSTILE = {
    "quotes": filled(">"),
    "quotes with spaces": filled("> "),
    "quotes and lists": filled("> - "),
    "lists": filled("- "),
    "lists, each in the next": "".join("  " * depth + "- a\n" for depth in range(250)),
    "many items": filled("- a\n"),
    "numbers": filled("1. "),
    "brackets": filled("["),
    "brackets, closed": "[" * (LONG // 2) + "]" * (LONG // 2),
    "open links": filled("[a]("),
    "images": filled("!["),
    "no images": filled("![](x)\n\na\n\n"),
    "links": filled("[a](http://a.b) "),
    "links in links": filled("[[a](http://a.b)"),
    "references": filled("[a]: http://b.c\n")[: LONG // 2] + filled("[a]")[: LONG // 2],
    "stars": filled("*"),
    "stars and letters": filled("*a "),
    "emphasis, nested": "*a " * (LONG // 6) + " a*" * (LONG // 6),
    "strong and emphasis": filled("**a_b "),
    "runs of ten": filled("*" * 10 + "a"),
    "backticks": filled("`"),
    "backticks, longer and longer": "".join("`" * length + "a" for length in range(1, 361)),
    "fences": filled("```\n"),
    "ampersands": filled("&"),
    "entities": filled("&amp;"),
    "entities of marks": filled("&#x301;"),
    "less than": filled("<"),
    "tags": filled("<a href=x>"),
    "lines of tags": filled("<div>\n"),
    "comments": filled("<!--\n"),
    "cdata": filled("<![CDATA["),
    "addresses": filled("http://a.b "),
    "addresses in brackets": filled("<http://a.b/> "),
    "schemes": filled("http://"),
    "dots": filled("a."),
    "colons": filled("://"),
    "an address of parentheses": "http://a.b/" + "(" * LONG,
    "addresses between stars": (filled("http://")[:9_000] + "*x*") * 7,
    "headings": filled("a\n=\n"),
    "lines": filled("a\n"),
    "marks": "a" + "\u0301" * LONG,
    "backslashes": filled("\\"),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_64_kilobytes_of_anything_are_drawn_within_half_a_second(text: str) -> None:
    # The better of two: a collection of the garbage of other tests is not what this text costs.
    assert min(seconds_of(text), seconds_of(text)) < 0.5
    assert_safe_html(markup.html(markup.parse(text)))


def seconds_of(text: str) -> float:
    """What `text` costs of a processor, from a string to all that is made of it."""
    began = time.process_time()
    tree = markup.parse(text)
    markup.html(tree)
    markup.text(tree)
    markup.links(tree)
    return time.process_time() - began
