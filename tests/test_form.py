"""The form says everything that is wrong at once, repairs what nobody typed on purpose, and cuts nothing."""

import unicodedata
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from people import PAGE, SITE

from comments_service.comments import form
from comments_service.comments.form import Form, parse, parse_body
from comments_service.errors import InvalidForm

RIGHT = {"page": PAGE, "title": "Bread", "name": "Ada", "email": "ada@ada-lovelace.org", "website": "", "body": "Hi"}


def filled(**fields: object) -> dict[str, object]:
    """A form that is right but for `fields`."""
    return {**RIGHT, **fields}


def parsed(**fields: object) -> Form:
    return parse(filled(**fields), str)


def wrong(**fields: object) -> list[tuple[str, str]]:
    """What is said to be wrong with a form that is right but for `fields`."""
    with pytest.raises(InvalidForm) as refused:
        parsed(**fields)
    return [(error.field, error.code) for error in refused.value.errors]


def wrong_or_none(**fields: object) -> list[tuple[str, str]] | None:
    """What is said to be wrong with such a form, or None when it is taken."""
    try:
        parsed(**fields)
    except InvalidForm as refused:
        return [(error.field, error.code) for error in refused.errors]
    return None


def test_every_wrong_field_is_named_in_the_order_of_the_form() -> None:
    assert wrong(
        body="x" * 10_001, name="\u200b", email="ada@", website="ftp://a.example", title="t" * 301, parent="7"
    ) == [
        ("body", "too-long"),
        ("name", "required"),
        ("email", "invalid-email"),
        ("website", "invalid-website"),
        ("title", "too-long"),
        ("parent", "invalid-parent"),
    ]


def test_an_empty_form_lacks_what_is_required() -> None:
    with pytest.raises(InvalidForm) as refused:
        parse({}, str)
    assert [(e.field, e.code) for e in refused.value.errors] == [
        (name, "required") for name in ("body", "name", "email", "page")
    ]


def test_what_is_wrong_is_said_in_the_language_asked_for() -> None:
    with pytest.raises(InvalidForm) as refused:
        parse(filled(body="x" * 10_001, name=""), lambda sentence: f"<{sentence}>")
    assert [e.message for e in refused.value.errors] == [
        "<This is too long: at most 10000 characters, please.>",
        "<Please fill in this field.>",
    ]


# Limits ----------------------------------------------------------------------------------------------------------


def an_address(length: int) -> str:
    domain = ".".join(["d" * 60] * 3)
    return "a" * (length - len(domain) - len("@.org")) + f"@{domain}.org"


def a_website(length: int) -> str:
    return "https://a.example/".ljust(length, "w")


@pytest.mark.parametrize("character", ["x", "é", "\u4e16", "\U0001f35e"])
@pytest.mark.parametrize(("field", "longest"), [("body", 10_000), ("name", 100), ("title", 300)])
def test_a_text_may_be_as_long_as_promised_and_no_longer(field: str, longest: int, character: str) -> None:
    assert getattr(parsed(**{field: character * longest}), field) == character * longest
    assert wrong(**{field: character * (longest + 1)}) == [(field, "too-long")]


def test_an_address_may_have_254_characters_and_a_website_300() -> None:
    assert len(parsed(email="e" * 64 + "@" + ".".join(["d" * 46] * 4) + ".x").email) == 254
    assert wrong(email=an_address(255)) == [("email", "too-long")]
    assert parsed(website=a_website(300)).website == a_website(300)
    assert wrong(website=a_website(301)) == [("website", "too-long")]


def test_a_website_is_measured_with_what_is_added_to_it() -> None:
    bare = a_website(300).removeprefix("https://")
    assert len(parsed(website=bare).website) == 300
    assert wrong(website=bare + "w") == [("website", "too-long")]


def test_what_is_repaired_away_does_not_count() -> None:
    assert parsed(name="A" * 100 + "\x00" * 100).name == "A" * 100
    assert parsed(name="e\u0301" * 100).name == "é" * 100
    assert wrong(name=" " * 1_000_000) == [("name", "too-long")]


@pytest.mark.parametrize("value", [7, 1.5, True, ["Ada"], {"Ada": "Ada"}], ids=repr)
@pytest.mark.parametrize("field", [field.name for field in form.FIELDS])
def test_what_is_no_text_is_refused_and_never_read_as_one(field: str, value: object) -> None:
    assert wrong(**{field: value}) == [(field, "wrong-type")]


@pytest.mark.parametrize("field", [field.name for field in form.FIELDS])
def test_null_is_as_good_as_nothing(field: str) -> None:
    required = field in {"body", "name", "email", "page"}
    if required:
        assert wrong(**{field: None}) == [(field, "required")]
    else:
        assert parsed(**{field: None}) == parsed(**{field: ""})


# Text ------------------------------------------------------------------------------------------------------------

# what is typed → what is kept of it in one line, and in a text
REPAIRED: dict[str, tuple[str, str, str]] = {
    "space around": ("  a  ", "a", "a"),
    "space within": ("a \t b", "a b", "a \t b"),
    "line feed": ("a\nb", "a b", "a\nb"),
    "carriage return": ("a\rb", "a b", "a\nb"),
    "both": ("a\r\nb", "a b", "a\nb"),
    "next line": ("a\x85b", "a b", "a\nb"),
    "line separator": ("a\u2028b\u2029c", "a b c", "a\nb\nc"),
    "a header of a mail": ("a\r\nBcc: b@b.org", "a Bcc: b@b.org", "a\nBcc: b@b.org"),
    "NUL": ("a\x00b", "ab", "ab"),
    "other controls": ("a\x07\x08\x1b[31m\x7f\x9bb", "a[31mb", "a[31mb"),
    "vertical tab and form feed": ("a\x0b\x0cb", "a b", "ab"),
    "override": ("a\u202eb\u202c", "ab", "ab"),
    "isolates": ("\u2066a\u2067b\u2068c\u2069", "abc", "abc"),
    "byte-order mark": ("\ufeffa\ufeff", "a", "a"),
    "tags": ("a\U000e0041\U000e007f", "a", "a"),
    "decomposed": ("e\u0301", "é", "é"),
    "decomposed around a control": ("e\u202e\u0301", "é", "é"),
    "a tower": ("a" + "\u0336" * 50, "a" + "\u0336" * 4, "a" + "\u0336" * 4),
    "towers": ("a" + "\u0336" * 9 + "b" + "\u0336" * 9, *(("a" + "\u0336" * 4 + "b" + "\u0336" * 4,) * 2)),
    "many blank lines": ("a" + "\n" * 20 + "b", "a b", "a\n\n\nb"),
    "many lines of spaces": ("a" + "\n  " * 20 + "b", "a b", "a\n\n\nb"),
}


@pytest.mark.parametrize(("typed", "line", "text"), REPAIRED.values(), ids=REPAIRED.keys())
def test_what_nobody_types_on_purpose_is_repaired(typed: str, line: str, text: str) -> None:
    kept = parsed(name=typed, title=typed, body=typed)
    assert (kept.name, kept.title, kept.body) == (line, line, text)


@pytest.mark.parametrize(
    "text",
    [
        "Tiếng Việt",
        "שָׁלוֹם",
        "ภาษาไทย ที่นี่",
        "བཀྲ་ཤིས་བདེ་ལེགས།",
        "नमस्ते",
        "한국어",
        "👩\u200d👩\u200d👧\u200d👦 👍🏽 🇩🇪 ❤️",
        "کتاب\u200cها",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
        "    code\n\n\n\ttabs",
    ],
)
def test_what_people_write_is_kept_to_the_letter(text: str) -> None:
    assert parsed(body=f"So: {text}").body == f"So: {unicodedata.normalize('NFC', text)}"


@pytest.mark.parametrize("field", ["body", "name", "email", "website", "title", "page", "token", "subject_line"])
@pytest.mark.parametrize("surrogate", ["\ud800", "\udc00\ud800"])
def test_half_a_character_is_refused_by_name(field: str, surrogate: str) -> None:
    assert wrong(**{field: f"a{surrogate}"}) == [(field, "invalid-text")]


@pytest.mark.parametrize(
    "nothing", [" ", "\n\t", "\x00", "\u200b\u200d", "\u2060", "\u00ad", "\u3164", "\u2800", "\u0301"]
)
@pytest.mark.parametrize("field", ["body", "name"])
def test_what_nobody_can_see_is_nothing(field: str, nothing: str) -> None:
    assert wrong(**{field: nothing * 3}) == [(field, "required")]


# Websites --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://ada.example", "https://ada.example"),
        ("http://ada.example/a?b=c&d#e", "http://ada.example/a?b=c&d#e"),
        ("ada.example", "https://ada.example"),
        ("ada.example:8080/a", "https://ada.example:8080/a"),
        ("HTTPS://Ada.Example/", "HTTPS://Ada.Example/"),
        ("https://bücher.example/ä", "https://bücher.example/ä"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        (" https://ada.example ", "https://ada.example"),
        ("https://ada\u202e.example", "https://ada.example"),
    ],
)
def test_a_website_is_kept_as_typed(typed: str, kept: str) -> None:
    assert parsed(website=typed).website == kept


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "java\x00script:alert(1)",
        "\x01javascript:alert(1)",
        "javascript://a.example/%0aalert(1)",
        "data:text/html,a",
        "vbscript:a",
        "ftp://a.example",
        "mailto:ada@a.example",
        "file:///etc/passwd",
        "//a.example",
        "https:a.example",
        "https:///a.example",
        "https://",
        "https://localhost",
        "ada",
        "/relative",
        "https://a.example@evil.example",
        "https://ada:secret@a.example",
        "https://a.example:port",
        "https://a.example:99999",
        "https://a.example/'onclick='x",
        'https://a.example/"onclick="x',
        "https://a.example/<b>",
        "https://a.example/`",
        "https://a.example\\evil",
        "https://a.example/a b",
        "https://[::1",
        "https://a.example, https://b.example",
    ],
)
def test_what_leads_elsewhere_than_to_the_web_is_refused(typed: str) -> None:
    assert wrong(website=typed) == [("website", "invalid-website")]


# Whatever text ---------------------------------------------------------------------------------------------------

TRICKY = (
    st.text()
    | st.text("\x00\r\n\t \u0301\u0336\u200b\u202e\u2066\u2028\ufeff\ud800eEA", max_size=40)
    | st.text("htps:/.@,a1[]%?#\\'é\u2100", max_size=40)
    | st.sampled_from(["ada@gmial.com", "https://a.example", "a.example", "ada@bücher.example"])
)


@settings(max_examples=400, deadline=None)
@given(
    st.fixed_dictionaries(
        RIGHT | {field.name: TRICKY for field in form.FIELDS if field.name != "page"} | {"page": st.just(PAGE)}
    )
)
def test_any_text_is_taken_or_refused_by_name(data: dict[str, object]) -> None:
    said = wrong_or_none(**data)
    assert said is None or said
    assert {field for field, _ in said or ()} <= {field.name for field in form.FIELDS}
    assert {code for _, code in said or ()} <= set(form.MESSAGES)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["body", "name", "email", "website", "title"]), TRICKY)
def test_what_was_repaired_needs_no_repair(field: str, typed: str) -> None:
    data: dict[str, Any] = filled(**{field: typed}, email_as_typed="ada@gmail.com")
    try:
        once = parse(data, str)
    except InvalidForm:
        return
    twice = parse(data | {field: getattr(once, field)}, str)
    assert twice == once


@pytest.mark.parametrize("typed", ["", " ", "x" * 10_001, "\ud800", 7])
def test_an_edit_meets_the_same_rules(typed: object) -> None:
    with pytest.raises(InvalidForm) as refused:
        parse_body({"body": typed}, str)
    assert [(e.field, e.code) for e in refused.value.errors] == wrong(body=typed)


def test_a_reply_names_its_parent_by_id() -> None:
    assert parsed(parent="01a20b78-00f4-7735-915b-a64b5262f752").parent == UUID("01a20b78-00f4-7735-915b-a64b5262f752")
    assert parsed(parent="").parent is None


# What the form says of itself ------------------------------------------------------------------------------------


def test_what_is_described_is_what_is_parsed() -> None:
    described = {field["name"]: field for field in form.describe(str)}
    schema = form.json_schema()
    assert set(described) <= set(schema["properties"])
    for name, field in described.items():
        assert field["max_length"] == schema["properties"][name]["maxLength"]
        assert field["required"] == (name in schema["required"])
        assert (wrong_or_none(**{name: ""}) == [(name, "required")]) is field["required"]
        assert wrong(**{name: "x" * (field["max_length"] + 1)}) == [(name, "too-long")]
        assert (name, "too-long") not in (wrong_or_none(**{name: "x" * field["max_length"]}) or [])


@pytest.mark.parametrize("name", sorted(form.json_schema()["properties"]))
def test_what_the_schema_requires_is_required(name: str) -> None:
    properties, required = form.json_schema()["properties"], form.json_schema()["required"]
    assert (wrong_or_none(**{name: ""}) == [(name, "required")]) is (name in required)
    if name != "parent":
        assert wrong(**{name: "x" * (properties[name]["maxLength"] + 1)}) == [(name, "too-long")]


def test_the_thread_hands_out_the_form_as_it_is_parsed(client: FlaskClient, blog: str) -> None:
    fields = client.get(f"/api/v1/sites/{SITE}/thread", query_string={"page": PAGE}).json["form"]["fields"]
    assert fields == form.describe(str)
    assert {field["name"] for field in fields} >= {"body", "name", "email", "website"}
    assert all(field["label"] for field in fields)
