"""Mia's decisions teach the filter, and what she takes back it forgets."""

import random
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from people import ORIGIN, SITE, Commenter, Mia
from spam_texts import ADVERTISERS, PRAISE, READERS

from comments_service import config, create_app, http
from comments_service.accounts.actor import COMMAND_LINE
from comments_service.comments.models import Comment, Status
from comments_service.database import transaction
from comments_service.extensions import db
from comments_service.moderation import decisions, edit, undo
from comments_service.moderation.decisions import Decision
from comments_service.sites import policy, registry
from comments_service.spam import learned, lessons, memory, snapshot, steps
from comments_service.spam.features import BUCKETS
from comments_service.spam.judgement import Evidence
from comments_service.spam.learner import Learner
from comments_service.spam.models import SHARED, StoredLearner

FORUM = "forum"


@pytest.fixture
def blog(app: Flask) -> str:
    """The blog, where only the checks hold comments back."""
    return registry.add(SITE, [ORIGIN], policy.Policy(moderation="none"), http.now()).id


@pytest.fixture
def forum(app: Flask) -> str:
    """Another site of the same instance."""
    return registry.add(FORUM, [ORIGIN], policy.Policy(moderation="none"), http.now()).id


def flattery(ada: Commenter, who: tuple[str, str], number: int, site: str = SITE) -> UUID:
    """Praise below an article of its own, signed with a name and a website; its id."""
    praise = random.Random(number).choice(PRAISE)
    page = f"/articles/{number}"
    mail, home = f"writer{number}@mail-for-all.org", f"10.{number >> 8}.{number & 255}.1"
    writer = Commenter(ada.client, who[0], mail, site=site, address=home)
    with time_machine.travel(http.now() - timedelta(minutes=2), tick=False):
        token = writer.touches_the_form(page)
    return UUID(writer.submits(praise, name=who[0], website=who[1], page=page, token=token).json["comment"]["id"])


def decide(wanted: Iterable[tuple[UUID, Status]], site: str = SITE) -> UUID:
    """Decide on comments all at once; the event."""
    statuses = dict(wanted)
    query = sa.select(Comment.id, Comment.version).where(Comment.site_id == site, Comment.id.in_(statuses))
    versions = dict(db.session.execute(query).all())
    chosen = [Decision(comment, status, versions[comment]) for comment, status in statuses.items()]
    event = decisions.decide(chosen, COMMAND_LINE, http.now()).event
    assert event
    return event


def taught(ada: Commenter, number: int, site: str = SITE) -> None:
    """So many advertisers marked as spam and so many readers approved, in one batch."""
    wanted = []
    for place in range(number):
        wanted.append((flattery(ada, ADVERTISERS[place % 20], 2 * place, site), Status.SPAM))
        wanted.append((flattery(ada, READERS[place % 20], 2 * place + 1, site), Status.APPROVED))
    # What the checks let through already is held first, so that there is something to decide.
    decide([(comment, Status.TRASH) for comment, _ in wanted], site)
    decide(wanted, site)


def stored(comment: UUID) -> Comment:
    db.session.rollback()
    return db.session.scalars(sa.select(Comment).where(Comment.id == comment)).one()


def said(comment: UUID) -> tuple[float, str]:
    """Points and evidence that the learner gave to a comment."""
    for reason in msgspec.json.decode(stored(comment).reasons, type=list[Evidence]):
        if reason.check == learned.CHECK:
            return reason.points, reason.said()
    return 0.0, ""


def learners() -> dict[str, bytes]:
    """What is stored of each site's learner and of the shared one."""
    db.session.rollback()
    return dict(db.session.execute(sa.select(StoredLearner.site_id, StoredLearner.snapshot)).all())


def read(site: str = SITE) -> Learner:
    return snapshot.from_bytes(learners()[site])


def test_after_ten_of_each_the_next_advertiser_is_held_and_the_next_reader_is_not(ada: Commenter) -> None:
    assert stored(flattery(ada, ADVERTISERS[21], 901)).status is Status.APPROVED
    taught(ada, 12)
    eve, tom = flattery(ada, ADVERTISERS[22], 902), flattery(ada, READERS[22], 903)
    points, evidence = said(eve)
    assert stored(eve).status is Status.PENDING
    assert points >= 1.0
    assert evidence.startswith("Like what you marked as spam. ")
    assert len(re.findall(r" [+-]\d\.\d\d[,.]", evidence)) == 5
    assert "name" in evidence or "website" in evidence
    assert stored(tom).status is Status.APPROVED


def test_with_a_hundred_of_each_the_next_advertiser_goes_to_spam_without_a_look(ada: Commenter) -> None:
    taught(ada, 110)
    eve, tom = (
        flattery(ada, ("cheap replica bags", "http://cheapreplicabags.shop/"), 902),
        flattery(ada, READERS[22], 903),
    )
    assert stored(eve).status is Status.SPAM
    assert stored(tom).status is Status.APPROVED


def test_nine_of_each_say_nothing(ada: Commenter) -> None:
    taught(ada, 9)
    assert said(flattery(ada, ADVERTISERS[22], 902)) == (0.0, "")


def test_what_mia_undoes_is_forgotten_to_the_last_byte(ada: Commenter) -> None:
    taught(ada, 12)
    before = learners()
    events = [decide([(flattery(ada, ADVERTISERS[20 + n], 800 + n), Status.SPAM)]) for n in range(3)]
    assert learners() != before
    for event in reversed(events):
        undo.undo(event, COMMAND_LINE, http.now())
    assert learners() == before


def test_a_batch_is_undone_to_the_last_byte(ada: Commenter) -> None:
    taught(ada, 12)
    before = learners()
    many = [flattery(ada, ADVERTISERS[place], 700 + place) for place in range(20)]
    undo.undo(decide([(comment, Status.SPAM) for comment in many]), COMMAND_LINE, http.now())
    assert learners() == before


def test_an_earlier_decision_undone_leaves_no_comment_and_no_word_behind(ada: Commenter) -> None:
    taught(ada, 12)
    eve = flattery(ada, ("zyzzyva quux", "http://zyzzyva.example.com/"), 801)
    event = decide([(eve, Status.SPAM)])
    decide([(flattery(ada, READERS[21], 802), Status.TRASH)])
    decide([(flattery(ada, ADVERTISERS[21], 803), Status.SPAM)])
    undo.undo(event, COMMAND_LINE, http.now())
    anew = Learner.remembering((key, example) for key, example in read().memory.items() if key != eve.hex)
    assert read().kind(eve.hex) is None
    assert max(abs(one - two) for one, two in zip(anew.weights, read().weights, strict=True)) < 1e-9


def test_mia_changes_her_mind_and_back(ada: Commenter) -> None:
    tom = flattery(ada, READERS[0], 1)
    decide([(tom, Status.SPAM)])
    assert read().kind(tom.hex) is True
    event = decide([(tom, Status.APPROVED)])
    assert read().kind(tom.hex) is False
    assert sum(read().counts) == 1
    undo.undo(event, COMMAND_LINE, http.now())
    assert read().kind(tom.hex) is True


def test_trash_teaches_nothing_and_takes_the_lesson_back(ada: Commenter) -> None:
    tom = flattery(ada, READERS[0], 1)
    decide([(tom, Status.TRASH)])
    assert learners() == {}
    decide([(tom, Status.APPROVED)])
    event = decide([(tom, Status.TRASH)])
    assert read().kind(tom.hex) is None
    undo.undo(event, COMMAND_LINE, http.now())
    assert read().kind(tom.hex) is False


def test_the_filter_never_learns_from_its_own_verdicts(ada: Commenter, mia: Mia) -> None:
    robot = ada.submits("Buy!", subject_line="me")
    assert mia.sees(robot.json["comment"]["id"])["status"] == "spam"
    assert learners() == {}
    event = decide([(UUID(robot.json["comment"]["id"]), Status.APPROVED)])
    undone = undo.undo(event, COMMAND_LINE, http.now()).event
    assert mia.sees(robot.json["comment"]["id"])["status"] == "spam"
    assert read().counts == (0, 0)
    assert undone
    undo.undo(undone, COMMAND_LINE, http.now())
    assert read().counts == (1, 0)


def test_an_erased_person_is_forgotten(ada: Commenter) -> None:
    taught(ada, 10)
    tom = flattery(ada, ("Tom Quux", "http://quux.example.com"), 801)
    decide([(tom, Status.TRASH)])
    decide([(tom, Status.APPROVED)])
    decide([(flattery(ada, READERS[5], 803), Status.SPAM)])
    assert tom.hex in repr(steps.from_bytes(kept_steps(SITE)))
    transaction(lessons.forget)(SITE, [tom])
    assert read().kind(tom.hex) is None
    assert read(SHARED).kind(f"{SITE}/{tom.hex}") is None
    assert tom.hex not in repr(steps.from_bytes(kept_steps(SITE)))
    assert tom.hex not in repr(steps.from_bytes(kept_steps(SHARED)))


def kept_steps(site: str) -> bytes:
    db.session.rollback()
    return db.session.scalars(sa.select(StoredLearner.steps).where(StoredLearner.site_id == site)).one()


def test_a_decision_that_fails_teaches_nothing(ada: Commenter) -> None:
    taught(ada, 10)
    before = learners()
    eve = stored(flattery(ada, ADVERTISERS[20], 801))

    @transaction
    def fails() -> None:
        lessons.learn(SITE, [(eve, Status.SPAM)])
        raise ConnectionError

    with pytest.raises(ConnectionError):
        fails()
    assert learners() == before
    assert memory.of(SITE)[0].kind(eve.id.hex) is None


def test_a_new_site_is_helped_by_what_the_others_taught(ada: Commenter, forum: str) -> None:
    taught(ada, 12)
    assert said(flattery(ada, ADVERTISERS[22], 902, FORUM))[0] > 0
    assert set(learners()) == {SITE, SHARED}
    decide([(flattery(ada, READERS[22], 903, FORUM), Status.SPAM)], FORUM)
    assert read(FORUM).counts == (0, 1)
    assert read(SITE).counts == (12, 12)
    assert read(SHARED).counts == (12, 13)


@pytest.fixture
def other_worker(app: Flask, settings: config.Settings) -> Iterator[Flask]:
    """Another process's view of the same instance: nothing held in memory."""
    other = create_app(settings)
    memory._held.__init__()  # type: ignore[misc]
    with other.app_context():
        yield other
        db.session.remove()
        db.engine.dispose()


def test_a_restart_forgets_nothing(ada: Commenter, request: pytest.FixtureRequest) -> None:
    taught(ada, 12)
    before = memory.of(SITE)[0]
    request.getfixturevalue("other_worker")
    after = memory.of(SITE)[0]
    assert after is not before
    assert snapshot.to_bytes(after) == snapshot.to_bytes(before)
    assert max(abs(one - two) for one, two in zip(after.weights, before.weights, strict=True)) < 1e-9


def test_what_another_worker_learned_counts_at_once(ada: Commenter) -> None:
    taught(ada, 10)
    held, _ = memory.of(SITE)
    other = held.copy()
    other.unlearn(next(iter(other.memory)))
    elsewhere = sa.update(StoredLearner).where(StoredLearner.site_id == SITE)
    db.session.execute(elsewhere.values(revision=UUID(int=7), snapshot=snapshot.to_bytes(other)))
    db.session.commit()
    assert memory.of(SITE)[0].counts == other.counts != held.counts


def test_a_filter_of_another_version_begins_anew(ada: Commenter) -> None:
    taught(ada, 10)
    db.session.execute(sa.update(StoredLearner).values(revision=UUID(int=8), snapshot=b"of another version"))
    db.session.commit()
    eve = flattery(ada, ADVERTISERS[22], 902)
    assert said(eve) == (0.0, "")
    decide([(eve, Status.SPAM)])
    assert read().counts == (0, 1)


def test_the_domain_of_the_address_is_learned_by_sixteen_bits_of_its_hash(ada: Commenter) -> None:
    tom = stored(flattery(ada, READERS[0], 1))
    assert tom.domain_bucket is not None
    assert 0 <= tom.domain_bucket < BUCKETS
    decide([(tom.id, Status.SPAM)])
    (example,) = read().memory.values()
    assert [tom.domain_bucket] in [list(buckets) for _, buckets in example.shares]


def test_eight_who_decide_at_once_all_teach(app: Flask, ada: Commenter) -> None:
    comments = [flattery(ada, READERS[place], place) for place in range(8)]
    start = Barrier(8)

    def decides(comment: UUID) -> UUID:
        with app.app_context():
            start.wait(timeout=30)
            return decide([(comment, Status.SPAM)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decides, comments))
    assert set(read().memory) == {comment.hex for comment in comments}
    assert read(SHARED).counts == (0, 8)


def test_an_answer_in_the_sites_name_approves_and_teaches(ada: Commenter, mia: Mia) -> None:
    answer = ada.submits("Does it work with rye?", token="")
    comment = stored(UUID(answer.json["comment"]["id"]))
    edit.reply(comment.id, "It does.", COMMAND_LINE, http.now())
    assert set(read().memory) == {comment.id.hex}


def test_many_decisions_at_once_write_the_filter_once(ada: Commenter, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [(flattery(ada, READERS[place % 24], place), Status.SPAM) for place in range(60)]
    written: list[str] = []
    keep = memory.Changing.keep
    monkeypatch.setattr(memory.Changing, "keep", lambda self: (written.append(self.site_id), keep(self)))
    decide(wanted)
    assert written == [SHARED, SITE]
    assert read().counts == (0, 60)
