"""Whatever the filter was taught, and in whichever order: hardly any ham goes to spam without a look."""

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from spam_texts import HAM

from comments_service.spam.evaluate import Row, evaluate, learning_curve
from comments_service.spam.features import Text

MOST = 0.01  # of ham that goes to spam without a look
VIDEOS = ("Youtube01-Psy", "Youtube02-KatyPerry", "Youtube03-LMFAO")
ORDERS: dict[str, Callable[[Row], object]] = {
    "all spam first": lambda row: not row.spam,
    "all ham first": lambda row: row.spam,
    "short ones first": lambda row: len(row.text.body),
}


@pytest.fixture(scope="module")
def videos(data: Path) -> dict[str, list[Row]]:
    """The comments of each video."""
    found = {}
    for name in VIDEOS:
        with (data / "spam" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            found[name] = [
                Row(Text(row["CONTENT"], row["AUTHOR"]), row["CLASS"] == "1") for row in csv.DictReader(lines)
            ]
    return found


@pytest.fixture(scope="module")
def messages(data: Path) -> dict[bool, list[Row]]:
    """Text messages in random order, by whether they are spam."""
    lines = (data / "spam" / "SMSSpamCollection.first-half.tsv").read_text("utf-8").splitlines()
    rows = [Row(Text(body), label == "spam") for label, body in (line.split("\t", 1) for line in lines)]
    random.Random(1).shuffle(rows)
    return {kind: [row for row in rows if row.spam is kind] for kind in (True, False)}


@pytest.mark.parametrize("learned", VIDEOS)
def test_what_one_video_taught_sends_no_ham_of_others_to_spam(videos: dict[str, list[Row]], learned: str) -> None:
    others = [row for name, rows in videos.items() if name != learned for row in rows]
    for figures in learning_curve(videos[learned], others, [20, 50, 100, 200, 300, len(videos[learned])]):
        assert figures["auto_spam_blocked"] <= MOST, figures


@pytest.mark.parametrize("order", ORDERS)
def test_no_order_of_the_decisions_sends_ham_to_spam(videos: dict[str, list[Row]], order: str) -> None:
    *first, last = videos.values()
    train = sorted((row for rows in first for row in rows), key=ORDERS[order])  # type: ignore[arg-type,return-value]
    figures = evaluate(train, last)
    assert figures["auto_spam_blocked"] <= MOST
    assert figures["blocked"] <= 0.05
    assert figures["mcc"] > 0.8


def test_a_site_with_hardly_any_spam_loses_no_ham(messages: dict[bool, list[Row]]) -> None:
    train = messages[False][:600] + messages[True][:10]
    random.Random(2).shuffle(train)
    figures = evaluate(train, messages[False][600:1600] + messages[True][10:])
    assert (figures["auto_spam_blocked"], figures["blocked"]) <= (0.0, 0.002)
    assert figures["caught"] > 0.2


def test_a_site_with_hardly_any_ham_sends_none_of_it_to_spam(messages: dict[bool, list[Row]]) -> None:
    figures = evaluate(messages[True][:300] + messages[False][:12], messages[False][12:1000] + messages[True][300:])
    assert figures["auto_spam_blocked"] == 0.0
    assert figures["blocked"] <= 0.07, "twelve of them cannot show what all of it looks like; these wait for a look"


def test_comments_that_are_decided_twice_and_wrongly_are_borne(videos: dict[str, list[Row]]) -> None:
    rows, last, _ = videos.values()
    chance = random.Random(3)
    wrong = [Row(row.text, row.spam ^ (chance.random() < 0.05)) for row in rows]
    for train in (rows + rows, wrong):
        figures = evaluate(train, last)
        assert figures["auto_spam_blocked"] <= MOST
        assert figures["blocked"] <= 0.1


@pytest.mark.parametrize(
    "train",
    [
        [],
        [Row(Text("Good"), False)] * 300,
        [Row(Text("Buy"), True)] * 300,
        [Row(Text("Hello there"), number % 2 == 0) for number in range(400)],
        [Row(Text(""), number % 2 == 0) for number in range(400)],
        [Row(Text("", "Ada" if number % 2 else "Eve"), number % 2 == 0) for number in range(400)],
    ],
    ids=["nothing", "only ham", "only spam", "one text for both", "no text", "names alone"],
)
def test_what_cannot_be_told_apart_is_not_sent_to_spam(train: list[Row]) -> None:
    unknown = [Row(Text(text), False) for texts in HAM.values() for text in texts]
    figures = evaluate(train, [*unknown, Row(Text("Hello there"), False), Row(Text(""), False)])
    assert figures["auto_spam_blocked"] == 0.0


@pytest.mark.parametrize("field", ["name", "email_domain", "website", "body"])
def test_a_field_that_is_always_the_same_or_never_there_harms_nobody(videos: dict[str, list[Row]], field: str) -> None:
    first, last = videos[VIDEOS[0]], videos[VIDEOS[1]]
    for value in ("", "the same"):
        told = [Row(Text(**{"body": row.text.body, "name": row.text.name, field: value}), row.spam) for row in first]
        asked = [Row(Text(**{"body": row.text.body, "name": row.text.name, field: value}), row.spam) for row in last]
        assert evaluate(told, asked)["auto_spam_blocked"] <= MOST
