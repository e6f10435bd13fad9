"""Olga owns the blog and settles who moderates it; of the shop, which is Tom's, she sees nothing."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
import time_machine
from door import CAFE, Browser
from flask import Flask
from flask.testing import FlaskClient
from people import SITE
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.accounts import moderators, sign_in, tokens
from comments_service.accounts.models import Invitation, Moderator, Role, SiteModerator
from comments_service.administration import people
from comments_service.errors import Conflict
from comments_service.extensions import Base, db
from comments_service.sites import policy, registry

OLGA, TOM, NOAH = "olga@olga-oversees.org", "tom@tom-trades.org", "noah@noah-moderates.org"
PASSWORD = "seven copper lanterns downhill"


def added(address: str, name: str, **roles: Role) -> Moderator:
    moderator, _ = moderators.add(address, name, roles, http.sealer(), http.now())
    sign_in.set_password(moderator.id, PASSWORD, (), b"")
    return moderator


def signed_in(app: Flask, address: str) -> Browser:
    browser = Browser(app)
    assert browser.signs_in(PASSWORD, address).status_code == 303
    return browser


@pytest.fixture
def sites(app: Flask, blog: str) -> None:
    """The blog is Olga's, the shop Tom's; Noah moderates both."""
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    added(OLGA, "Olga", blog=Role.OWNER)
    added(TOM, "Tom", shop=Role.OWNER)
    added(NOAH, "Noah", blog=Role.MODERATOR, shop=Role.MODERATOR)


@pytest.fixture
def olga(app: Flask, sites: None) -> Browser:
    return signed_in(app, OLGA)


@pytest.fixture
def tom(app: Flask, sites: None) -> Browser:
    return signed_in(app, TOM)


@pytest.fixture
def noah(app: Flask, sites: None) -> Browser:
    return signed_in(app, NOAH)


def person(name: str) -> Moderator:
    return db.session.scalars(sa.select(Moderator).where(Moderator.name == name)).one()


def roles(name: str) -> dict[str, Role]:
    db.session.rollback()
    return moderators.roles_of(person(name).id)


def invites(owner: Browser, address: str = "ida@ida-indexes.org", name: str = "Ida", **form: str) -> TestResponse:
    fields = {"site": SITE, "name": name, "email": address, "role": "moderator"}
    return owner.sends("/admin/people/invite", **fields | form)


def link_in(answer: TestResponse) -> str:
    (path,) = re.findall(r"http://127\.0\.0\.1:8000(/admin/invitation/[^<]+)", unescape(answer.text))
    return str(path)


def moves(owner: Browser, name: str, verb: str, **form: str) -> int:
    path = f"/admin/people/{person(name).id}/{verb}"
    return owner.sends(path, **{"site": SITE} | form).status_code


def everything() -> dict[str, list[str]]:
    db.session.rollback()
    return {
        table.name: sorted(map(repr, db.session.execute(sa.select(table))))
        for table in Base.metadata.sorted_tables
        if table.name not in {"session"}
    }


# Invitations


def test_who_is_invited_comes_in_as_what_the_owner_said_and_sees_that_site_alone(app: Flask, olga: Browser) -> None:
    answer = invites(olga)
    assert answer.status_code == 200
    ida = Browser(app, CAFE)
    link = link_in(answer)
    assert "Look after the comments of blog as moderator." in ida.reads(ida.opens(link))
    assert ida.sends(link).location == "/admin/account?done=joined"
    assert ida.is_signed_in()
    assert roles("Ida") == {SITE: Role.MODERATOR}
    assert "Set a password" in ida.opens("/admin/account").text
    assert ida.opens("/admin/?site=shop").status_code == 404
    assert "Ida moderator" in olga.reads(olga.opens("/admin/people"))


def test_the_link_is_shown_once(olga: Browser) -> None:
    link = link_in(invites(olga))
    assert link not in unescape(olga.opens("/admin/people").text)


def test_the_link_is_good_once(app: Flask, olga: Browser) -> None:
    link = link_in(invites(olga))
    assert Browser(app).sends(link).status_code == 303
    eve = Browser(app, CAFE)
    assert eve.opens(link).status_code == eve.sends(link).status_code == 404
    assert not eve.is_signed_in()


def test_looking_at_the_link_changes_nothing(app: Flask, olga: Browser) -> None:
    link = link_in(invites(olga))
    before = everything()
    for method in ("GET", "HEAD", "OPTIONS"):
        assert "Set-Cookie" not in Browser(app).opens(link, method).headers
    assert everything() == before


def test_the_link_is_good_for_a_week_and_no_longer_than_the_invitation(app: Flask, olga: Browser) -> None:
    link = link_in(invites(olga))
    with time_machine.travel(http.now() + timedelta(days=7, minutes=1)):
        assert Browser(app).sends(link).status_code == 404
    (waiting,) = db.session.scalars(sa.select(Invitation)).all()
    olga.sends(f"/admin/people/invitations/{waiting.id}/withdraw", site=SITE)
    assert Browser(app).sends(link).status_code == 404
    assert link_in(invites(olga)) != link


def test_a_newer_invitation_to_the_same_address_ends_the_older(app: Flask, olga: Browser) -> None:
    older, newer = link_in(invites(olga)), link_in(invites(olga, "IDA@ida-indexes.org", role="owner"))
    assert Browser(app).sends(older).status_code == 404
    assert Browser(app).sends(newer).status_code == 303
    assert roles("Ida") == {SITE: Role.OWNER}


@pytest.mark.parametrize("token", ["x", "", "WzEsImJsb2ciLCJ4Il0.x", "../people"])
def test_a_made_up_invitation_is_none(app: Flask, sites: None, token: str) -> None:
    assert Browser(app).sends(f"/admin/invitation/{token}").status_code in {404, 405}


def test_whoever_holds_a_link_does_not_come_into_an_account_that_is_there(app: Flask, olga: Browser) -> None:
    """Else Olga, who was shown the link, would be Tom in his shop."""
    link = link_in(invites(olga, TOM))
    sent = Browser(app).sends(link)
    assert sent.location.startswith("/admin/sign-in?next=/admin/invitation/")
    assert "Set-Cookie" not in sent.headers
    assert olga.sends(link).status_code == 403
    tom = signed_in(app, TOM)
    assert tom.signs_in(PASSWORD, TOM, next=link).location == link
    assert tom.sends(link).location == "/admin/"
    assert roles("Tom") == {SITE: Role.MODERATOR, "shop": Role.OWNER}


def test_an_address_with_an_account_elsewhere_is_invited_like_any_other(app: Flask, olga: Browser) -> None:
    seen = []
    for address in (TOM, "nobody@nowhere-at-all.org"):
        answer = invites(olga, address, "Somebody")
        link, stranger = link_in(answer), Browser(app)
        waiting = db.session.scalars(sa.select(Invitation.id)).one()
        shown = unescape(answer.text).replace(link, "LINK").replace(str(waiting), "ID")
        seen.append((answer.status_code, shown, stranger.reads(stranger.opens(link))))
        olga.sends(f"/admin/people/invitations/{waiting}/withdraw", site=SITE)
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("field", "typed"), [("name", ""), ("name", "x" * 101), ("email", "ida"), ("email", NOAH), ("role", "boss")]
)
def test_what_cannot_be_is_refused_beside_its_field_and_what_was_typed_stays(
    olga: Browser, field: str, typed: str
) -> None:
    before = everything()
    answer = olga.sends(
        "/admin/people/invite",
        **{"site": SITE, "name": "Ida", "email": "ida@ida.org", "role": "owner"} | {field: typed},
    )
    assert answer.status_code == 422
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert typed in answer.text or field == "role"
    assert everything() == before


# Roles


def test_an_owner_gives_another_role_and_it_holds_at_once(olga: Browser, noah: Browser) -> None:
    assert noah.opens("/admin/people").status_code == 403
    assert "People</a>" not in noah.opens("/admin/").text
    assert moves(olga, "Noah", "role", role="owner") == 303
    assert roles("Noah") == {SITE: Role.OWNER, "shop": Role.MODERATOR}
    assert "People</a>" in noah.opens("/admin/").text
    assert noah.opens("/admin/people").status_code == 200
    assert noah.opens("/admin/people?site=shop").status_code == 403


def test_the_last_owner_stays(olga: Browser) -> None:
    assert moves(olga, "Olga", "remove") == 409
    assert moves(olga, "Olga", "role", role="moderator") == 409
    assert roles("Olga") == {SITE: Role.OWNER}
    moves(olga, "Noah", "role", role="owner")
    assert moves(olga, "Olga", "role", role="moderator") == 303
    assert olga.opens("/admin/people").status_code == 403


def test_of_two_owners_who_take_each_other_away_one_stays(app: Flask, olga: Browser) -> None:
    moves(olga, "Noah", "role", role="owner")
    ids = {name: person(name).id for name in ("Olga", "Noah")}
    actors = {name: moderators.as_actor(person(name)) for name in ids}
    db.session.remove()

    def take_away(who: str, whom: str) -> bool:
        with app.app_context():
            try:
                return bool(people.set_role(SITE, ids[whom], None, actors[who], http.now()))
            except Conflict:
                return False

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(take_away, ["Olga", "Noah"], ["Noah", "Olga"]))
    assert done.count(True) == 1
    kept = sa.select(sa.func.count()).where(SiteModerator.site_id == SITE, SiteModerator.role == Role.OWNER)
    assert db.session.scalar(kept) == 1


def test_who_is_taken_away_keeps_the_other_site_and_the_session(olga: Browser, noah: Browser) -> None:
    assert moves(olga, "Noah", "remove") == 303
    assert noah.opens("/admin/?site=blog").status_code == 404
    assert noah.opens("/admin/?site=shop").status_code == 200


def test_who_has_no_site_left_is_signed_out_everywhere(app: Flask, olga: Browser) -> None:
    added("ida@ida-indexes.org", "Ida", blog=Role.MODERATOR)
    _, link = moderators.add("ida@ida-indexes.org", None, {}, http.sealer(), http.now())
    ida = signed_in(app, "ida@ida-indexes.org")
    moves(olga, "Ida", "remove")
    assert not ida.is_signed_in()
    assert Browser(app).sends(f"/admin/sign-in/{link}").status_code == 404
    ida.signs_in(PASSWORD, "ida@ida-indexes.org")
    assert "blog" not in ida.opens("/admin/").text


# The log


def test_every_change_stands_in_the_log_of_the_site_with_names_and_no_address(
    app: Flask, client: FlaskClient, olga: Browser, tom: Browser
) -> None:
    Browser(app).sends(link_in(invites(olga)))
    moves(olga, "Ida", "role", role="owner")
    moves(olga, "Ida", "remove")
    log = olga.reads(olga.opens("/admin/events"))
    for line in (
        "Ida is invited as moderator",
        "Ida is moderator ",
        "Ida is owner, no longer",
        "Ida is no longer owner",
    ):
        assert line in log
    assert "Ida" not in tom.opens("/admin/events").text
    token = {"Authorization": f"Bearer {tokens.add('robot', [SITE], http.now())}"}
    told = client.get("/api/v1/moderation/events", headers=token).text
    assert "Ida" in told
    db.session.rollback()
    kept = " ".join(everything()["event"])
    assert "@" not in told + log + kept
    assert "ida-indexes" not in told + log + kept + " ".join(everything()["outbox_message"])


def newest_undo(browser: Browser) -> str:
    return re.findall(r'action="(/admin/undo/[^"]+)"', browser.opens("/admin/events").text)[0]


def undoes(browser: Browser, path: str) -> int:
    return browser.sends(path, back="/admin/events").status_code


def test_each_change_can_be_undone_by_an_owner(app: Flask, olga: Browser) -> None:
    moves(olga, "Noah", "role", role="owner")
    assert undoes(olga, newest_undo(olga)) == 303
    assert roles("Noah")[SITE] is Role.MODERATOR
    moves(olga, "Noah", "remove")
    assert undoes(olga, newest_undo(olga)) == 303
    assert roles("Noah")[SITE] is Role.MODERATOR
    link = link_in(invites(olga))
    assert undoes(olga, newest_undo(olga)) == 303
    assert Browser(app).sends(link).status_code == 404


def test_what_was_changed_again_since_is_not_undone(olga: Browser) -> None:
    moves(olga, "Noah", "role", role="owner")
    path = newest_undo(olga)
    moves(olga, "Noah", "remove")
    assert undoes(olga, path) == 409
    assert SITE not in roles("Noah")


def test_an_undo_leaves_no_site_without_an_owner(olga: Browser) -> None:
    moves(olga, "Noah", "role", role="owner")
    path = newest_undo(olga)
    moves(olga, "Olga", "role", role="moderator")
    noah = signed_in(olga.client.application, NOAH)
    assert undoes(noah, path) == 409
    assert roles("Noah")[SITE] is Role.OWNER


def test_a_moderator_may_not_undo_what_owners_settled(olga: Browser, noah: Browser) -> None:
    added("ida@ida-indexes.org", "Ida", blog=Role.MODERATOR)
    moves(olga, "Ida", "remove")
    path = newest_undo(olga)
    assert "/admin/undo/" not in noah.opens("/admin/events").text
    assert undoes(noah, path) == 403
    assert roles("Ida") == {}


# Who may, and who sees what


def asked(site: str) -> list[tuple[str, dict[str, str]]]:
    """Every change there is, with what it takes."""
    noah, (waiting,) = person("Noah").id, db.session.scalars(sa.select(Invitation)).all()
    form = {"site": site, "name": "Eve", "email": "eve@evil.org", "role": "owner"}
    paths = ("invite", f"{noah}/role", f"{noah}/remove", f"invitations/{waiting.id}/withdraw")
    return [(f"/admin/people/{path}", form) for path in paths]


def test_a_moderator_changes_nobody(olga: Browser, noah: Browser) -> None:
    invites(olga)
    before = everything()
    assert [noah.sends(path, **form).status_code for path, form in asked(SITE)] == [403] * 4
    assert everything() == before


def test_an_owner_of_another_site_changes_nobody_and_learns_nothing(olga: Browser, tom: Browser) -> None:
    invites(olga)
    before = everything()
    for path, form in asked(SITE):
        theirs, nowhere = tom.sends(path, **form), tom.sends(path, **form | {"site": "nowhere"})
        assert theirs.status_code == nowhere.status_code == 404
        assert tom.reads(theirs) == tom.reads(nowhere)
    page = tom.opens("/admin/people?site=blog")
    assert page.status_code == 404
    assert everything() == before


def test_an_owner_cannot_reach_others_by_naming_his_own_site(olga: Browser, tom: Browser) -> None:
    invites(olga)
    (waiting,) = db.session.scalars(sa.select(Invitation)).all()
    before = everything()
    assert tom.sends(f"/admin/people/{person('Olga').id}/remove", site="shop").status_code == 404
    assert tom.sends(f"/admin/people/{person('Olga').id}/role", site="shop", role="owner").status_code == 404
    assert tom.sends(f"/admin/people/invitations/{waiting.id}/withdraw", site="shop").status_code == 404
    assert everything() == before


def test_of_the_people_of_another_site_an_owner_sees_nothing(olga: Browser) -> None:
    for page in (olga.opens("/admin/people"), olga.opens("/admin/events"), invites(olga)):
        assert "Noah" in page.text or "events" in page.request.path
        assert "Tom" not in page.text
        assert "shop" not in page.text


def test_an_administrator_settles_every_site_and_is_nobodys_to_remove(app: Flask, olga: Browser) -> None:
    added("mia@mia-moderates.org", "Mia")
    mia = signed_in(app, "mia@mia-moderates.org")
    assert re.findall(r"<option[^>]*>(blog|shop)</option>", mia.opens("/admin/people").text) == ["blog", "shop"]
    assert mia.sends(f"/admin/people/{person('Noah').id}/remove", site="shop").status_code == 303
    assert "Mia administrator of the whole service" in olga.reads(olga.opens("/admin/people"))
    assert moves(olga, "Mia", "remove") == 404


def test_strangers_are_sent_to_the_door(app: Flask, olga: Browser) -> None:
    invites(olga)
    before = everything()
    for path, form in asked(SITE):
        assert Browser(app).sends(path, **form).location.startswith("/admin/sign-in")
    assert everything() == before


def test_no_other_website_settles_people_with_olgas_browser(olga: Browser) -> None:
    link = link_in(invites(olga))
    before = everything()
    for path, form in [*asked(SITE), (link, {})]:
        assert olga.sends(path, {"Origin": "https://evil.example"}, **form).status_code == 403
    assert everything() == before
