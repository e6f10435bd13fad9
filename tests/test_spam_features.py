"""What the learner sees of a comment."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comments_service.spam import hosts
from comments_service.spam.features import BUCKETS, Text, extract, split
from comments_service.spam.folding import fold, plain, shorten


def names(text: Text, kind: str) -> set[str]:
    return {name for group in extract(text) if group.kind == kind for name in group.names}


@pytest.mark.parametrize(
    "written",
    ["casino", "CASINO", "ｃａｓｉｎｏ", "c\u200bas\u00adino", "саsinо", "c&#97;sino", "<b>casino</b>", "casino\ufeff"],
)
def test_eve_cannot_write_casino_so_that_it_is_another_word(written: str) -> None:
    assert names(Text(written), "word") == {"casino"}


def test_a_russian_word_stays_russian() -> None:
    assert fold(plain("Москва")) == "москва"


def test_stretched_words_are_one_word_and_numbers_stay() -> None:
    assert fold("sooooo") == fold("soo")
    assert fold("100000 www") == "100000 www"


def test_chinese_is_read_in_pairs_beside_latin_words() -> None:
    assert split("买iphone手机壳 ok") == ["买", "iphone", "手机", "机壳", "ok"]


def test_hindi_words_keep_their_vowel_signs() -> None:
    assert split("अच्छा लेख") == ["अच्छा", "लेख"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see http://www.Evil.example/x?y=1, please", ["evil.example"]),
        ("[click](https://shop.evil.co.uk/a) now", ["shop.evil.co.uk"]),
        ('<a href="//evil.example/">x</a>', ["evil.example"]),
        ("write to murdev.com.", ["murdev.com"]),
        ("https://user@evil.example:8080/", ["evil.example"]),
        ("love it.is it ok? see p.5 and e.g. this", []),
        ("mail ada@example.com", []),
    ],
)
def test_links_are_found_as_hosts(text: str, found: list[str]) -> None:
    assert hosts.linked(text) == found


def test_a_link_counts_for_its_host_and_for_who_registered_it() -> None:
    assert names(Text("http://shop.evil.co.uk/"), "link") == {"shop.evil.co.uk", "evil.co.uk", ".uk"}


def test_the_name_and_the_website_are_read() -> None:
    eve = Text("Great post!", "Cheap Replica Watches", "mail.example", "http://cheap-watches.shop/buy")
    assert names(eve, "name") == {"cheap", "replica", "watches"}
    assert {"cheap-watches.shop", ".shop", "buy"} <= names(eve, "website")
    assert names(eve, "email") == {"mail.example"}
    assert names(eve, "website shape") == {
        "given",
        "with a path",
        "with 1 words of the name or more",
        "with 2 words of the name or more",
    }


def test_more_points_say_all_that_fewer_say() -> None:
    few, many = (names(Text("x", points={"links": points}), "points") for points in (0.6, 4.0))
    assert few == {"links >=0.5"}
    assert few < many
    assert names(Text("x", points={"trusted": -2.0}), "points").isdisjoint(many)


def test_a_kind_weighs_the_same_whatever_its_length() -> None:
    for group in extract(Text("one two three four five", "Ada")) + extract(Text("one", "Ada")):
        if group.kind == "word":
            assert group.weight**2 * len(group.buckets) == pytest.approx(1.0)


def test_the_end_of_a_long_comment_is_looked_at() -> None:
    assert shorten("a" * 20_000 + " http://evil.example").endswith("evil.example")
    assert "evil.example" in names(Text("so nice " * 2000 + "http://evil.example"), "link")


def test_every_process_sees_the_same_features() -> None:
    program = "from comments_service.spam.features import *; print([g.buckets for g in extract(Text('Ada likes tea', 'Ben'))])"
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {f"{[group.buckets for group in extract(Text('Ada likes tea', 'Ben'))]}\n"}


@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=60), st.text(max_size=80))
def test_no_text_is_too_strange(body: str, name: str, domain: str, website: str) -> None:
    for group in extract(Text(body, name, domain, website)):
        assert len(group.names) == len(set(group.names)) == len(group.buckets)
        assert all(0 <= bucket < BUCKETS for bucket in group.buckets)


@pytest.mark.parametrize("part", ["a.", "<a", "a-", "@", "xα", "//", "www.", "&#", "[(", "a@b.", "的"])
def test_no_text_is_slow(part: str) -> None:
    hostile = part * (10_000 // len(part))
    began = time.perf_counter()
    extract(Text(hostile, hostile, hostile, hostile))
    assert time.perf_counter() - began < 0.25
