"""Texts with a few words changed are one text to the check for duplicates; a site's scripts are those it approved."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa
from arrived import sent, stranger
from overheard import overhearing
from people import SITE, Commenter, Mia
from spam_texts import HAM
from werkzeug.test import TestResponse

from comments_service import database
from comments_service.comments.models import NEAR, Comment, Status
from comments_service.extensions import db
from comments_service.sites.policy import Policy
from comments_service.spam import duplicates, foreign_script, likeness, scripts
from comments_service.spam.judgement import Evidence, Known

# As they are sent by the hundred: a sentence of praise in other words each time, below other pages, by other names.
VARIANTS = (
    "Great article about bread, I really enjoyed reading it. Come and see my shop for cheap watches and bags.",
    "Nice article about cakes, I really enjoyed reading it. Come and see my shop for cheap watches and shoes!",
    "Great post about baking, we really enjoyed reading it. Come and see my shop for CHEAP watches, bags too.",
    "Wonderful article about rye, I really enjoyed reading it! Come see my shop for cheap watches and bags, http://x.example/7",
)
KINDS = (
    "Лучшие часы по самым низким ценам, быстрая доставка по всей стране, заходите на наш сайт прямо сейчас, {}",
    "最好的手表最低的价格全国免费送货现在就来我们的网站看看吧，{}",
    "세상에서 가장 좋은 시계를 가장 낮은 가격에 무료 배송 지금 바로 우리 사이트 방문 하세요, {}",
)


def reason(answer: TestResponse, check: str) -> Evidence | None:
    """What `check` said of the comment that was acknowledged."""
    db.session.rollback()
    found = db.session.scalars(sa.select(Comment.reasons).where(Comment.id == UUID(answer.json["comment"]["id"]))).one()
    return next((each for each in msgspec.json.decode(found, type=list[Evidence]) if each.check == check), None)


def alike(one: str, other: str) -> float:
    return likeness.likeness(likeness.pairs(one), likeness.pairs(other))


@pytest.fixture
def eves(client) -> Callable[[int], Commenter]:
    """Eve, under another name and from another place each time."""

    def call(number: int) -> Commenter:
        return Commenter(client, f"Eve {number}", f"eve{number}@eavesdrop.org", address=f"198.51.100.{number}")

    return call


# Nearly the same


@pytest.mark.usefixtures("blog")
def test_a_few_changed_words_do_not_hide_a_text_on_other_pages_under_other_names(
    eves: Callable[[int], Commenter],
) -> None:
    answers = [eves(n).submits(text, page=f"/2026/{n}") for n, text in enumerate(VARIANTS)]
    said = [reason(answer, "duplicates") for answer in answers]
    assert said[0] is None
    told = [(each.points, each.said()) for each in said if each]
    assert told[0] == (1.0, "1 other comment says nearly the same.")
    assert told[-1] == (1.5, "2 other comments say nearly the same.")


def test_what_is_nearly_the_same_as_spam_counts_more(eves: Callable[[int], Commenter], mia: Mia) -> None:
    mia.decides(eves(1).submits(VARIANTS[0]), "spam")
    found = reason(eves(2).submits(VARIANTS[1], page="/2026/cake"), "duplicates")
    assert found
    assert (found.points, found.said()) == (2.0, "1 other comment says nearly the same. 1 of them is spam.")


@pytest.mark.usefixtures("blog")
@pytest.mark.parametrize("text", KINDS)
def test_no_script_hides_a_changed_word(eves: Callable[[int], Commenter], text: str) -> None:
    eves(1).submits(text.format("Анна"))
    assert reason(eves(2).submits(text.format("王小明")), "duplicates") is not None


def test_a_reader_who_quotes_another_repeats_nothing(ada: Commenter, ben: Commenter, mia: Mia) -> None:
    said = "I bake it for forty minutes in a pot with its lid on, and then ten more without, until it is brown."
    mia.approves(ada.submits(said))
    assert reason(ben.submits(f"> {said}\n\nThat is too long for an oven like mine."), "duplicates") is None


def test_what_is_found_is_compared_and_another_site_is_not_looked_at(
    ada: Commenter, eves: Callable[[int], Commenter]
) -> None:
    ada.submits(VARIANTS[0])
    db.session.rollback()
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE comment SET body = 'something else altogether'")
    assert reason(eves(2).submits(VARIANTS[1]), "duplicates") is None, "what has a key in common is compared itself"
    elsewhere = sent(VARIANTS[1], site_id="other")
    found = duplicates.check(elsewhere, Policy(), stranger(elsewhere))
    assert found is None


def test_a_changed_text_is_found_by_what_it_says_now(ada: Commenter, eves: Callable[[int], Commenter]) -> None:
    ada.changes(ada.submits("I tried it with rye."), VARIANTS[0])
    assert reason(eves(1).submits(VARIANTS[1]), "duplicates") is not None


@pytest.mark.usefixtures("blog")
def test_a_look_is_served_by_an_index_and_reads_few_comments(eves: Callable[[int], Commenter]) -> None:
    for number in range(30):
        eves(number).submits(f"{VARIANTS[0]} Number {number}, called {'abcdefghijklmnopqrstuvwxyzäöüß'[number]}.")
    asked = {"site_id": SITE, "id": UUID(int=0), **duplicates.near(VARIANTS[0])}
    db.session.remove()
    said: list[str] = []
    with overhearing(db.engine, said.append):
        rows = duplicates._CANDIDATES.all(asked)
        db.session.remove()
    assert 0 < len(rows) <= len(NEAR) * duplicates.CANDIDATES
    if db.engine.dialect.name == "sqlite":
        sql = next(text for text in said if "near_1" in text)
        with db.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple("x" * sql.count("?"))).all()
        steps = [row[3] for row in plan]
        assert sum("USING INDEX ix_comment_site_id_near_" in step for step in steps) == len(NEAR)
        assert not any(step.startswith("SCAN comment") or "TEMP B-TREE" in step for step in steps), steps


def test_short_texts_have_nothing_to_be_found_by() -> None:
    assert set(duplicates.near("Thank you, this was a great help!").values()) == {None}
    assert None not in duplicates.near(VARIANTS[0]).values()


def test_two_texts_have_a_key_in_common_as_often_as_the_book_says() -> None:
    words = [f"word{number}" for number in range(4000)]
    found = 0
    for start in range(0, 4000, 20):
        one = words[start : start + 20]
        two = [*one[:9], "changed", *one[10:]]
        keys = [set(likeness.keys(likeness.pairs(" ".join(text)))) for text in (one, two)]
        assert alike(" ".join(one), " ".join(two)) == pytest.approx(17 / 21)
        found += bool(keys[0] & keys[1])
    assert found / 200 > 0.97  # 1 - (1 - (17 / 21)²)⁶ is 0.998


def test_no_two_readers_of_three_videos_say_nearly_the_same(data: Path) -> None:
    said: list[likeness.Pairs] = []
    for path in sorted((data / "spam").glob("Youtube*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            said += [likeness.pairs(row["CONTENT"]) for row in csv.DictReader(lines) if row["CLASS"] == "0"]
    long = [found for found in said if len(found) >= likeness.FEWEST]
    assert len(long) > 150
    assert max(likeness.likeness(*two) for two in itertools.combinations(long, 2)) < likeness.ALIKE


# The script of a site


@pytest.fixture
def english(blog: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that has approved enough to know its readers, none of whom wrote in another script."""
    monkeypatch.setattr(foreign_script, "ENOUGH", 0)


def test_a_script_that_nobody_approved_wrote_in_waits_for_a_look(english: None, ben: Commenter) -> None:
    found = reason(ben.submits("Лучшие часы в городе"), "foreign-script")
    assert found
    assert (found.points, found.said()) == (
        1.0,
        "The script is Cyrillic, in which no comment approved here is written.",
    )


@pytest.mark.parametrize("body", ["Nice watch", "Cool :) 10:30", "Смотри", "Ok", "Café für Жанна und Boris, schön"])
def test_a_script_in_use_and_a_word_or_two_of_another_are_nothing_new(
    english: None, ada: Commenter, mia: Mia, ben: Commenter, body: str
) -> None:
    mia.approves(ada.submits("Nice watch, I have that one too."))
    found = reason(ben.submits(body), "foreign-script")
    assert (found is not None) is (body == "Смотри")


def test_one_approved_comment_makes_its_script_welcome(english: None, ada: Commenter, ben: Commenter, mia: Mia) -> None:
    held = ada.submits("Спасибо за статью, очень помогло разобраться!")
    assert reason(held, "foreign-script")
    mia.approves(held)
    assert reason(ben.submits("А можно подробнее про третий пункт?"), "foreign-script") is None
    assert reason(ben.submits("谢谢分享，写得很清楚。"), "foreign-script")


def test_who_was_approved_writes_as_she_likes(english: None) -> None:
    foreign = sent("Спасибо за статью, очень помогло разобраться!")
    assert foreign_script.check(foreign, Policy(), stranger(foreign))
    assert foreign_script.check(foreign, Policy(), Known(approved=1)) is None


def test_nothing_is_said_until_the_site_is_known(ada: Commenter, ben: Commenter, mia: Mia) -> None:
    held = [ada.submits(f"Number {n}, and so on") for n in range(3)]
    for each in held:
        mia.approves(each)
    foreign = sent("Спасибо за статью, очень помогло разобраться!")
    assert foreign_script.check(foreign, Policy(), stranger(foreign)) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(foreign_script, "ENOUGH", 3)
        assert foreign_script.check(foreign, Policy(), stranger(foreign))
        patch.setattr(foreign_script, "ENOUGH", 4)
        assert foreign_script.check(foreign, Policy(), stranger(foreign)) is None


def test_a_site_of_many_languages_is_not_harmed(ada: Commenter, mia: Mia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_script, "ENOUGH", 10)
    for texts in HAM.values():
        mia.approves(ada.submits(texts[0], page=f"/{texts[0][:5]}"))
    later = [sent(text) for texts in HAM.values() for text in texts[1:]]
    assert [each.body for each in later if foreign_script.check(each, Policy(), stranger(each))] == []


@pytest.mark.parametrize("language", sorted(HAM))
def test_a_text_is_in_the_script_of_its_language(language: str) -> None:
    theirs = {
        "Russian": "Cyrillic",
        "Ukrainian": "Cyrillic",
        "Chinese": scripts.EAST_ASIAN,
        "Japanese": scripts.EAST_ASIAN,
        "Korean": "Korean",
        "Arabic": "Arabic",
        "Persian": "Arabic",
        "Greek": "Greek",
        "Hebrew": "Hebrew",
        "Hindi": "Devanagari",
        "Thai": "Thai",
    }.get(language, "Latin")
    assert {scripts.of(text) for text in HAM[language]} <= {theirs, None}


@pytest.mark.parametrize("text", ["", "ok", ":-)", "1234567890", "http://пример.испытание/путь", "абв xyz где uvw"])
def test_what_is_in_no_script_is_in_none(text: str) -> None:
    assert scripts.of(text) in (None, "Latin") if "xyz" in text else scripts.of(text) is None


@pytest.mark.parametrize("signs", ["0123456789 ", "… "])
def test_a_text_that_begins_with_many_signs_is_in_the_script_of_its_words(signs: str) -> None:
    assert scripts.of(signs * scripts.LOOKED_AT + "and then words") == "Latin"


def test_every_approved_status_is_counted_by_the_index(english: None, ada: Commenter) -> None:
    answer = ada.submits("Здравствуйте, это проверка")
    db.session.rollback()
    row = db.session.get_one(Comment, (SITE, UUID(answer.json["comment"]["id"])))
    assert (row.script, row.status) == ("Cyrillic", Status.PENDING)
