"""Replays the published spam protocols and writes their table into docs/spam.md.

python scripts/spam_tables.py --data FOLDER --write docs/spam.md

FOLDER holds `Youtube*.csv` of TubeSpam and `SMSSpamCollection*`, both from the UCI collection; by default it is the
folder `spam` in the one that COMMENTS_TEST_DATA names.
"""

import argparse
import csv
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from comments_service.spam.evaluate import Row, evaluate
from comments_service.spam.features import Text, extract
from comments_service.spam.learner import Learner
from comments_service.spam.snapshot import to_bytes

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
SEEDS = 20
FOLDS = 5
DECISIONS = 100

Split = tuple[list[Row], list[Row]]


def main() -> int:
    """Print the table, or write it between the markers of a page."""
    parser = argparse.ArgumentParser(description="Replay the published spam protocols.")
    data = os.environ.get("COMMENTS_TEST_DATA")
    place = {"default": Path(data) / "spam"} if data else {"required": True}
    parser.add_argument("--data", type=Path, help="folder with Youtube*.csv and SMSSpamCollection*", **place)
    parser.add_argument("--write", type=Path, help="page whose table is replaced")
    given = parser.parse_args()
    table = made_table(given.data)
    if given.write is None:
        sys.stdout.write(table)
        return 0
    before, _, rest = given.write.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    given.write.write_text(f"{before}{BEGIN}\n{table}{END}{after}", "utf-8")
    return 0


def made_table(data: Path) -> str:
    """The whole table as Markdown."""
    videos = {path.stem: video(path) for path in sorted(data.glob("Youtube*.csv"))}
    messages = [row for path in sorted(data.glob("SMSSpamCollection*")) for row in sms(path)]
    lines = ["| protocol | MCC | ham blocked | spam caught | ham in the spam band | spam in the approve band |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for name, rows in videos.items():
        lines.append(line(f"{name}: first 70 % of each class, then the rest", [split(rows)]))
    lines.append(line("**mean of these**", [split(rows) for rows in videos.values()]))
    lines.append(line("**two videos, then the third** (mean)", list(left_out(videos))))
    lines.append(line(f"**{DECISIONS} decisions in random order** ({SEEDS} orders a video)", list(early(videos))))
    lines.append(line(f"**SMS, {FOLDS}-fold** ({len(messages)} messages)", list(folds(messages))))
    return "\n".join(lines) + "\n\n" + cost([row for rows in videos.values() for row in rows])


def line(name: str, splits: Iterable[Split]) -> str:
    """The means of the figures over `splits`."""
    figures = [evaluate(train, test) for train, test in splits]
    mean = {key: sum(each[key] for each in figures) / len(figures) for key in figures[0]}
    shares = (f"{100 * mean[key]:.2f} %" for key in ("blocked", "caught", "auto_spam_blocked", "auto_approve_spam"))
    return f"| {name} | {mean['mcc']:.3f} | {' | '.join(shares)} |"


def cost(rows: list[Row]) -> str:
    """What scoring and storing cost on this machine."""
    learner = Learner()
    for number, row in enumerate(rows):
        learner.learn(str(number), extract(row.text), row.spam)
    began = time.process_time()  # what else the machine does is not counted
    for row in rows:
        learner.score(extract(row.text))
    each = (time.process_time() - began) / len(rows)
    stored = len(to_bytes(learner)) / len(rows)
    return (
        f"Scoring one of these {len(rows)} comments took {1000 * each:.2f} ms, the text's features included; "
        f"a remembered decision takes {stored:.0f} bytes.\n"
    )


def split(rows: list[Row]) -> Split:
    """The first 70 % of each class in file order, and the rest."""
    left = {kind: round(0.7 * sum(row.spam is kind for row in rows)) for kind in (True, False)}
    train: list[Row] = []
    test: list[Row] = []
    for row in rows:
        (train if left[row.spam] > 0 else test).append(row)
        left[row.spam] -= 1
    return train, test


def left_out(videos: dict[str, list[Row]]) -> Iterator[Split]:
    """Each video in turn is tested after learning the others."""
    for name, rows in videos.items():
        yield [row for other, learned in videos.items() if other != name for row in learned], rows


def early(videos: dict[str, list[Row]]) -> Iterator[Split]:
    """The first decisions, drawn in random order from a video's training part."""
    for seed in range(SEEDS):
        for rows in videos.values():
            train, test = split(rows)
            random.Random(seed).shuffle(train)  # noqa: S311 - an order, not a secret
            yield train[:DECISIONS], test


def folds(rows: list[Row]) -> Iterator[Split]:
    """Shuffled rows in equal parts, each tested after learning the others."""
    shuffled = rows[:]
    random.Random(0).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    for fold in range(FOLDS):
        yield [row for place, row in enumerate(shuffled) if place % FOLDS != fold], shuffled[fold::FOLDS]


def video(path: Path) -> list[Row]:
    """The comments of one video, in file order."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [Row(Text(row["CONTENT"], row["AUTHOR"]), row["CLASS"] == "1") for row in csv.DictReader(lines)]


def sms(path: Path) -> list[Row]:
    """Messages: label, tabulator, text."""
    pairs = (text.split("\t", 1) for text in path.read_text("utf-8").splitlines())
    return [Row(Text(body), label == "spam") for label, body in pairs]


if __name__ == "__main__":
    raise SystemExit(main())
