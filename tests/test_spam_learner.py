"""The filter that learns from Mia's decisions."""

import csv
import itertools
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spam_texts import ADVERTISERS, HAM, PRAISE, READERS

from comments_service.spam import learner as learning
from comments_service.spam.evaluate import Row, evaluate
from comments_service.spam.features import Text, extract
from comments_service.spam.learner import ENOUGH, Counts, Learner, blended
from comments_service.spam.snapshot import UnreadableSnapshot, from_bytes, to_bytes

SPAM = tuple(
    f"{verb} {what} {where}"
    for verb, what, where in itertools.product(
        ("Subscribe to", "Check out", "Visit"),
        ("my channel", "my new video", "my site"),
        ("please", "http://evil.example/a"),
    )
)
TALK = tuple(
    f"{who} {did} {what}"
    for who, did, what in itertools.product(
        ("I", "We all"), ("loved", "remember", "disliked"), ("this song", "the ending", "her voice")
    )
)


def taught(spam: tuple[str, ...] = SPAM, ham: tuple[str, ...] = TALK) -> Learner:
    learner = Learner()
    for number, (bad, good) in enumerate(itertools.zip_longest(spam, ham)):
        if bad is not None:
            learner.learn(f"spam {number}", extract(Text(bad, "Eve")), True)
        if good is not None:
            learner.learn(f"ham {number}", extract(Text(good, "Ada")), False)
    return learner


def score(learner: Learner, body: str, name: str = "Ben") -> float:
    return learner.score(extract(Text(body, name)))


def video(data: Path, name: str) -> list[Row]:
    with (data / "spam" / name).open(encoding="utf-8", newline="") as lines:
        return [Row(Text(row["CONTENT"], row["AUTHOR"]), row["CLASS"] == "1") for row in csv.DictReader(lines)]


def test_spam_like_the_marked_scores_above_ham_like_the_approved() -> None:
    learner = taught()
    assert score(learner, "Please visit my new channel http://evil.example/b") > 1
    assert score(learner, "She remembers this song, I loved the ending") < -0.5


def test_it_says_nothing_until_mia_decided_ten_of_each_kind() -> None:
    learner = taught(SPAM, TALK[: ENOUGH - 1])
    assert (score(learner, SPAM[0]), learner.explain(extract(Text(SPAM[0])))) == (0.0, [])
    assert learner.silent
    learner.learn("one more", extract(Text(TALK[ENOUGH])), False)
    assert score(learner, SPAM[0]) > 0


def test_the_reasons_name_what_weighed_most() -> None:
    eve = extract(Text("Visit http://evil.example/a", "Eve"))
    weighed = taught().explain(eve)
    assert len(weighed) == 5
    assert {("link", "evil.example"), ("word", "visit"), ("word", "evil")} & {each[:2] for each in weighed}
    assert [abs(each.points) for each in weighed] == sorted((abs(each.points) for each in weighed), reverse=True)


def test_a_decision_taken_back_leaves_the_score_where_it_was() -> None:
    learner = taught()
    strange = "Colourless green ideas sleep furiously"
    before = score(learner, strange)
    learner.learn("strange", extract(Text(strange)), True)
    assert score(learner, strange) > before + 0.5
    learner.unlearn("strange")
    assert score(learner, strange) == pytest.approx(before, abs=0.05)
    assert learner.counts == Counts(len(TALK), len(SPAM))


def test_nothing_of_an_erased_person_is_left() -> None:
    learner = taught()
    learner.learn("ada's", extract(Text("zyzzyva", "Zebulon Quux", "quux.example", "https://quux.example")), True)
    group = next(group for group in extract(Text("zyzzyva")) if group.kind == "word")
    assert learner.weights[group.buckets[0]] > 0.1
    learner.unlearn("ada's")
    assert "ada's" not in learner.memory
    assert learner.weights[group.buckets[0]] == pytest.approx(0.0, abs=1e-9)


def test_unlearning_everything_leaves_an_empty_filter() -> None:
    learner = taught()
    for key in list(learner.memory):
        learner.unlearn(key)
    assert learner.counts == Counts(0, 0)
    assert max(map(abs, learner.weights)) < 1e-9


def test_what_was_never_learned_can_be_taken_back_without_harm() -> None:
    learner = taught()
    before = to_bytes(learner)
    learner.unlearn("a comment that nobody decided")
    assert to_bytes(learner) == before


def test_mia_changes_her_mind_and_the_first_decision_is_gone() -> None:
    learner = taught()
    doubtful = extract(Text("Colourless green ideas"))
    learner.learn("doubtful", doubtful, True)
    learner.learn("doubtful", doubtful, False)
    assert learner.counts == Counts(len(TALK) + 1, len(SPAM))
    assert learner.score(doubtful) < 0


def test_ham_passes_although_nearly_all_decisions_were_on_spam() -> None:
    readers = list(READERS)
    learner = Learner()
    praise = itertools.cycle(PRAISE)
    for number in range(200):
        learner.learn(f"spam {number}", extract(Text(f"{SPAM[number % 18]} {number} {next(praise)}", "Eve")), True)
    for number in range(12):
        learner.learn(f"ham {number}", extract(Text(TALK[number], readers[number][0])), False)
    later = [score(learner, text, readers[12 + place][0]) for place, text in enumerate(TALK[12:])]
    assert sum(each > 0 for each in later) == 0
    assert score(learner, "Subscribe to my new channel") > 0


def test_name_and_website_are_the_advertisement_where_the_body_is_praise() -> None:
    rows = []
    for place, (eve, ada) in enumerate(zip(ADVERTISERS, READERS, strict=True)):
        rows.append(Row(Text(PRAISE[place % 12], eve[0], "mail.example", eve[1]), True))
        rows.append(Row(Text(PRAISE[5 * place % 12], ada[0], "mail.example", ada[1]), False))
    figures = evaluate(rows[:24], rows[24:])
    assert figures["caught"] >= 0.9
    assert figures["blocked"] <= 0.1


def test_no_language_suffers_from_a_filter_taught_in_english(data: Path) -> None:
    names = ("Youtube01-Psy.csv", "Youtube02-KatyPerry.csv", "Youtube03-LMFAO.csv")
    learner = Learner()
    for number, row in enumerate(row for name in names for row in video(data, name)):
        learner.learn(str(number), extract(row.text), row.spam)
    blocked = [(language, text) for language, texts in HAM.items() for text in texts if score(learner, text) > 0]
    assert len(blocked) <= 0.015 * sum(map(len, HAM.values())), blocked


def test_no_ham_of_the_next_video_falls_in_the_band_without_a_look(data: Path) -> None:
    figures = evaluate(video(data, "Youtube01-Psy.csv"), video(data, "Youtube02-KatyPerry.csv"))
    assert figures["auto_spam_blocked"] <= 0.01
    assert figures["mcc"] > 0.8


def test_a_band_is_empty_while_one_mistake_would_be_too_many() -> None:
    bands = taught().bands()
    assert (bands.approve, bands.spam) == (-float("inf"), float("inf"))


def test_a_new_site_is_judged_by_what_all_sites_taught() -> None:
    shared, new, own = taught(), Learner(), taught(spam=TALK, ham=SPAM)
    eve = extract(Text(SPAM[0]))
    assert blended(eve, new, shared) == shared.score(eve) > 0
    assert blended(eve, own, Learner()) == own.score(eve) < 0
    assert own.score(eve) < blended(eve, own, shared) < shared.score(eve)


def test_a_stored_filter_scores_and_learns_on_as_before() -> None:
    learner = taught()
    restored = from_bytes(to_bytes(learner))
    for each in (learner, restored):
        each.learn("next", extract(Text("Visit my site, it is about this song")), True)
    assert restored.counts == learner.counts
    for body in (*SPAM[:3], *TALK[:3]):
        assert score(restored, body) == pytest.approx(score(learner, body), abs=1e-9)


@pytest.mark.parametrize("data_", [b"", b"x", to_bytes(Learner())[:-3]])
def test_bytes_that_are_no_filter_are_refused(data_: bytes) -> None:
    with pytest.raises(UnreadableSnapshot):
        from_bytes(data_)


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = to_bytes(taught())
    monkeypatch.setattr("comments_service.spam.snapshot.FORMAT", 2)
    with pytest.raises(UnreadableSnapshot, match="format 1"):
        from_bytes(stored)


def test_the_oldest_of_the_larger_kind_goes_when_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "FEATURES_KEPT", 1500)
    learner = taught(SPAM * 3, TALK)
    assert sum(example.size for example in learner.memory.values()) <= 1500
    assert min(learner.counts) >= ENOUGH
    assert "spam 0" not in learner.memory
    assert f"spam {len(SPAM) * 3 - 1}" in learner.memory


def test_a_full_memory_is_stored_in_less_than_four_megabytes() -> None:
    words = random.Random(1)
    examples = []
    for number in range(2400):
        body = " ".join("".join(words.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(40))
        features = extract(Text(body, "Ada Lovelace", "mail.example"))
        shares = tuple((group.weight, group.buckets) for group in features)
        examples.append((f"0190a{number:031d}", learning.Example(number % 2 == 0, number, shares, 0.5 + number / 1e5)))
        if examples[-1][1].size * number > learning.FEATURES_KEPT:
            break
    learner = Learner.remembering(examples)
    assert sum(example.size for example in learner.memory.values()) > 0.9 * learning.FEATURES_KEPT
    assert len(to_bytes(learner)) < 4_000_000


def test_scoring_a_comment_takes_no_time() -> None:
    learner = taught()
    text = Text("Honestly, I had forgotten how good this song is. Who else came back for it today?", "Ada")
    times = []
    for _ in range(50):
        began = time.perf_counter()
        learner.score(extract(text))
        times.append(time.perf_counter() - began)
    assert min(times) < 0.0006  # 0.15 ms on the machine that measured docs/spam.md


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(SPAM + TALK), st.booleans(), st.booleans()), max_size=60))
def test_the_weights_are_always_the_sum_of_what_is_remembered(moves: list[tuple[int, str, bool, bool]]) -> None:
    learner = Learner()
    for key, body, spam, back in moves:
        if back:
            learner.unlearn(str(key))
        else:
            learner.learn(str(key), extract(Text(body)), spam)
    anew = Learner.remembering(learner.memory.items())
    assert anew.counts == learner.counts
    assert max(abs(one - other) for one, other in zip(anew.weights, learner.weights, strict=True)) < 1e-9
