"""The learner is measured on comments that it has not learned."""

import csv
import json
from pathlib import Path

import pytest
from spam_texts import PRAISE

from comments_service.spam.evaluate import BadRow, Measured, Row, evaluate, learning_curve, measure, read_rows
from comments_service.spam.features import Text

FIGURES = {"n", "accuracy", "caught", "blocked", "mcc", "auto_spam_blocked", "auto_approve_spam"}


def rows(number: int) -> list[Row]:
    """Eve and Ada in turn."""
    spam = (Row(Text(f"Buy pills {place} at http://evil.example", "Eve"), True) for place in range(number))
    ham = (Row(Text(f"{PRAISE[place % 12]} Page {place}.", "Ada"), False) for place in range(number))
    return [row for pair in zip(spam, ham, strict=True) for row in pair]


def stored(folder: Path, *lines: object) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def test_figures_are_those_of_the_table_of_four_cells() -> None:
    tested = (
        [Measured(True, 1.0, True, False)] * 3
        + [Measured(True, -1.0, False, True)]
        + [Measured(False, -1.0, False, True)] * 4
        + [Measured(False, 2.0, True, False)] * 2
    )
    figures = measure(tested)
    assert set(figures) == FIGURES
    assert figures["n"] == 10
    assert figures["accuracy"] == pytest.approx(0.7)
    assert (figures["caught"], figures["blocked"]) == (pytest.approx(3 / 4), pytest.approx(1 / 3))
    assert figures["mcc"] == pytest.approx((3 * 4 - 2 * 1) / (5 * 4 * 6 * 5) ** 0.5)
    assert (figures["auto_spam_blocked"], figures["auto_approve_spam"]) == (pytest.approx(1 / 3), pytest.approx(1 / 4))


def test_a_silent_learner_blocks_and_catches_nobody() -> None:
    figures = evaluate(rows(9), rows(5))
    assert {key: figures[key] for key in FIGURES - {"n", "accuracy"}} == dict.fromkeys(FIGURES - {"n", "accuracy"}, 0.0)


def test_no_test_rows_give_no_figures_and_no_error() -> None:
    assert measure([])["n"] == 0


def test_it_learns_from_the_first_rows_only() -> None:
    assert evaluate(rows(20), rows(30)[40:])["mcc"] == 1.0
    swapped = [Row(row.text, not row.spam) for row in rows(20)]
    assert evaluate(swapped, rows(30)[40:])["mcc"] == -1.0


def test_the_curve_shows_each_step_that_there_were_decisions_for() -> None:
    curve = learning_curve(rows(30), rows(40)[60:], [10, 20, 50, 100])
    assert [step["decisions"] for step in curve] == [10, 20, 50]
    assert set(curve[0]) == FIGURES | {"decisions"}
    assert curve[0]["caught"] == 0.0  # silent: five of each
    assert curve[2]["mcc"] == 1.0
    assert {key: curve[2][key] for key in FIGURES} == evaluate(rows(25), rows(40)[60:])


def test_rows_are_read_with_fields_that_may_be_missing(tmp_path: Path) -> None:
    ada = {"name": "Ada", "email": "ada@mail.example", "website": "", "body": "Добрый день", "spam": False}
    path = stored(tmp_path, ada, "", {"body": "x", "spam": True, "name": None})
    assert read_rows(path) == [
        Row(Text("Добрый день", "Ada", "mail.example"), False),
        Row(Text("x"), True),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        ({"body": "x"}, '"spam" must be true or false'),
        ({"body": "x", "spam": 1}, '"spam" must be true or false'),
        ({"body": None, "spam": True}, '"body" must be a text'),
        ({"body": "x", "spam": True, "name": 7}, '"name" must be a text'),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: object, said: str) -> None:
    with pytest.raises(BadRow) as caught:
        read_rows(stored(tmp_path, {"body": "x", "spam": True}, line))
    assert "rows.jsonl, line 2" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["Youtube01-Psy.csv", "Youtube02-KatyPerry.csv", "Youtube03-LMFAO.csv"])
def test_a_video_is_learned_from_its_first_comments(data: Path, name: str) -> None:
    with (data / "spam" / name).open(encoding="utf-8", newline="") as lines:
        video = [Row(Text(row["CONTENT"], row["AUTHOR"]), row["CLASS"] == "1") for row in csv.DictReader(lines)]
    left = {kind: round(0.7 * sum(row.spam is kind for row in video)) for kind in (True, False)}
    train, test = [], []
    for row in video:
        (train if left[row.spam] > 0 else test).append(row)
        left[row.spam] -= 1
    figures = evaluate(train, test)
    assert figures["mcc"] > 0.87
    assert figures["blocked"] <= 0.02
    assert figures["auto_spam_blocked"] <= 0.01
