"""What readers get: one answer, in order, page by page, and the same for everybody."""

from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from people import ORIGIN, PAGE, SITE, Commenter, Mia, Reader
from rules import change_rules

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def ten_at_a_time(blog: str) -> None:
    change_rules(page_size=10)


def conversation(ada: Commenter, ben: Commenter, mia: Mia, topics: int) -> list[str]:
    """So many first comments of Ada's, each answered by Ben after the last was written; their bodies in that order."""
    firsts = []
    for number in range(topics):
        answer = ada.submits(f"Topic {number}")
        mia.approves(answer)
        firsts.append(answer.json["comment"]["id"])
    for number, parent in enumerate(firsts):
        mia.approves(ben.submits(f"Answer {number}", parent=parent))
    return firsts


def walk(thread: Reader, **query: str) -> list[dict[str, object]]:
    """Every comment of the thread, page after page."""
    comments, after = [], {}
    while True:
        answer = thread.opens(**query, **after).json
        comments += answer["comments"]
        if answer["next"] is None:
            return comments
        after = {"after": answer["next"]}


def texts(comments: list[dict[str, object]]) -> list[str]:
    return [comment["body"][0][1] for comment in comments]


@pytest.mark.usefixtures("ten_at_a_time")
@pytest.mark.parametrize("sort", ["oldest", "newest"])
def test_parents_come_before_replies_on_every_page(
    ada: Commenter, ben: Commenter, mia: Mia, thread: Reader, sort: str
) -> None:
    conversation(ada, ben, mia, 12)
    comments = walk(thread, sort=sort)
    assert len(comments) == 24
    seen: set[object] = set()
    for comment in comments:
        assert comment["parent"] is None or comment["parent"] in seen
        seen.add(comment["id"])
    topics = [text for text in texts(comments) if text.startswith("Topic")]
    order = range(12) if sort == "oldest" else reversed(range(12))
    assert topics == [f"Topic {number}" for number in order]


def test_a_thread_nobody_wrote_in_answers_with_a_form(thread: Reader) -> None:
    answer = thread.opens("/never/seen")
    assert answer.status_code == 200
    assert answer.json["count"] == 0
    assert answer.json["comments"] == []
    assert [f["name"] for f in answer.json["form"]["fields"] if f["type"] != "honeypot"] == [
        "body",
        "name",
        "email",
        "website",
    ]
    assert answer.json["texts"]["title"] == "Leave a Comment"


def test_an_unknown_site_is_not_found(client: FlaskClient, blog: str) -> None:
    assert client.get(f"/api/v1/sites/nowhere/thread?page={PAGE}").status_code == 404
    assert client.get(f"/api/v1/sites/BLOG/thread?page={PAGE}").status_code == 404


def test_who_has_the_thread_is_told_so(ada: Commenter, mia: Mia, thread: Reader, client: FlaskClient) -> None:
    first = thread.opens()
    url = f"/api/v1/sites/{SITE}/thread?page={PAGE}"
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"], "Origin": ORIGIN})
    assert (again.status_code, again.data) == (304, b"")
    assert "Origin" in again.headers["Vary"]
    mia.approves(ada.submits())
    changed = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert "s-maxage" in changed.headers["Cache-Control"]


def test_a_held_comment_changes_nothing_for_readers(ada: Commenter, thread: Reader) -> None:
    before = thread.opens()
    ada.submits()
    after = thread.opens()
    assert before.headers["ETag"] == after.headers["ETag"]
    assert before.data == after.data


def test_the_answer_does_not_depend_on_the_reader(ada: Commenter, mia: Mia, client: FlaskClient, blog: str) -> None:
    mia.approves(ada.submits())
    url = f"/api/v1/sites/{SITE}/thread?page={PAGE}"
    readers = [{}, {"Accept-Language": "de"}, {"Cookie": "session=x"}, {"Authorization": f"Bearer {mia.token}"}]
    assert len({client.get(url, headers=headers).data for headers in readers}) == 1
    assert client.get(url + "&utm_source=mail").data == client.get(url).data


@pytest.mark.parametrize(
    "spelling",
    ["/2026/bread/", "https://blog.example/2026/bread", "/2026/bread#top", "/2026/bread?utm=1", "/2026/%62read"],
)
def test_one_article_has_one_thread_however_it_is_spelled(
    ada: Commenter, mia: Mia, thread: Reader, spelling: str
) -> None:
    mia.approves(ada.submits(page=spelling))
    assert thread.names(PAGE) == thread.names(spelling) == ["Ada"]


@pytest.mark.parametrize(
    "page", ["https://evil.example/2026/bread", "https://blog.example.evil.example/", "", "x" * 600]
)
def test_a_page_of_somebody_else_is_refused_by_name(thread: Reader, page: str) -> None:
    answer = thread.opens(page)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json["errors"]] == ["page"]


def test_counts_come_for_many_pages_at_once(ada: Commenter, mia: Mia, client: FlaskClient) -> None:
    mia.approves(ada.submits())
    ada.submits("Held")
    answer = client.get(f"/api/v1/sites/{SITE}/counts?page={PAGE}&page=/2026/cake&page={PAGE}/")
    assert answer.json["counts"] == {PAGE: 1, "/2026/cake": 0, f"{PAGE}/": 1}
    many = "&".join(f"page=/{n}" for n in range(101))
    assert client.get(f"/api/v1/sites/{SITE}/counts?{many}").status_code == 422


def test_a_reply_to_what_is_gone_stands_on_its_own(ada: Commenter, ben: Commenter, mia: Mia, thread: Reader) -> None:
    question = ada.submits("Question")
    mia.approves(question)
    mia.approves(ben.submits("Answer", parent=question.json["comment"]["id"]))
    mia.decides(question, "trash")
    assert [(c["name"], c["parent"]) for c in thread.opens().json["comments"]] == [("Ben", None)]


def test_the_feed_is_well_formed_whatever_was_written(ada: Commenter, mia: Mia, client: FlaskClient) -> None:
    mia.approves(ada.submits("Odd \x00 \x0b \ufffe ]]> & <script>", name="A\x1bda & <b>", title="\ufffe<Bread>"))
    feed = ElementTree.fromstring(client.get(f"/api/v1/sites/{SITE}/feed.atom").data)
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Ada & <b>"
    assert "<script>" not in (entry.findtext(f"{ATOM}content") or "")


def test_latest_names_page_and_title(ada: Commenter, mia: Mia, client: FlaskClient) -> None:
    mia.approves(ada.submits("On bread"))
    mia.approves(ada.submits("On cake", page="/2026/cake", title="Cake"))
    latest = client.get(f"/api/v1/sites/{SITE}/latest?limit=1").json["comments"]
    assert [(c["page"], c["title"]) for c in latest] == [("/2026/cake", "Cake")]


@pytest.mark.parametrize("query", ["sort=best", "after=x", "after=" + "A" * 43, "after=%00"])
def test_what_cannot_be_asked_is_refused(thread: Reader, client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/sites/{SITE}/thread?page={PAGE}&{query}")
    assert answer.status_code in {200, 422}
    if query != "after=" + "A" * 43:
        assert answer.status_code == 422
