"""Who acts, and for which sites: moderators, programs with tokens, and nobody else."""

import pytest
from door import Browser, add_mia
from flask import Flask

from comments_service import http
from comments_service.accounts import browser, moderators, tokens, views
from comments_service.accounts.actor import COMMAND_LINE, SYSTEM, Actor
from comments_service.accounts.models import ApiToken, Moderator, Role, SignInLink, SiteModerator
from comments_service.errors import Forbidden, InvalidForm, NotFound, NotSignedIn
from comments_service.extensions import db
from comments_service.moderation import queue
from comments_service.sites import policy, registry


@pytest.fixture
def sites(app: Flask) -> None:
    for site in ("blog", "shop"):
        registry.add(site, [f"https://{site}.example"], policy.Policy(), http.now())


def acting(app: Flask, method: str = "GET", **headers: str) -> Actor:
    """Who acts in a request with `headers`."""
    with app.test_request_context("/", method=method, headers={k.replace("_", "-"): v for k, v in headers.items()}):
        return views.actor()


def added(address: str, *sites: str, role: Role = Role.MODERATOR) -> Moderator:
    return moderators.add(address, None, dict.fromkeys(sites, role), http.sealer(), http.now())[0]


def test_to_a_program_for_one_site_the_other_does_not_exist(app: Flask, sites: None) -> None:
    actor = acting(app, Authorization=f"Bearer {tokens.add('blog bot', ['blog'], http.now())}")
    assert (actor.id, actor.name) == (None, "blog bot")
    actor.check("blog")
    for other in ("shop", "no-such-site"):
        assert not actor.may(other)
        with pytest.raises(NotFound):
            actor.check(other)


def test_a_program_without_named_sites_acts_for_every_site(app: Flask, sites: None) -> None:
    actor = acting(app, Authorization=f"bearer {tokens.add('bot', [], http.now())}")
    assert actor.may("blog")
    assert actor.may("shop")


def test_the_service_itself_acts_everywhere() -> None:
    assert SYSTEM.may("blog")
    assert COMMAND_LINE.may("blog")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer comments_x", "Basic bWlhOm1pYQ==", "Bearer \udcff"]
)
def test_without_a_token_of_ours_nobody_acts(app: Flask, sites: None, header: str) -> None:
    tokens.add("bot", [], http.now())
    with pytest.raises(NotSignedIn), app.test_request_context("/", environ_base={"HTTP_AUTHORIZATION": header}):
        views.actor()
    with pytest.raises(NotSignedIn):
        acting(app)


def test_mia_acts_by_her_session_from_our_own_pages_only(app: Flask) -> None:
    mia = Browser(app)
    mia.sends(f"/admin/sign-in/{add_mia()[1]}")
    cookie = f"comments={mia.client.get_cookie('comments').value}"
    assert acting(app, Cookie=cookie).name == "Mia"
    assert acting(app, "PATCH", Cookie=cookie, Sec_Fetch_Site="same-origin").name == "Mia"
    assert acting(app, "PATCH", Cookie=cookie, Origin="http://localhost").name == "Mia"
    for foreign in ({}, {"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        with pytest.raises(Forbidden):
            acting(app, "PATCH", Cookie=cookie, **foreign)


def test_a_token_needs_no_origin_and_a_wrong_one_is_not_helped_by_a_session(app: Flask) -> None:
    token = tokens.add("bot", [], http.now())
    assert acting(app, "DELETE", Authorization=f"Bearer {token}").name == "bot"
    mia = Browser(app)
    mia.sends(f"/admin/sign-in/{add_mia()[1]}")
    with pytest.raises(NotSignedIn):
        acting(app, Authorization="Bearer wrong", Cookie=f"comments={mia.client.get_cookie('comments').value}")


def test_tokens_and_links_are_kept_as_digests_only(app: Flask) -> None:
    token, link = tokens.add("bot", [], http.now()), add_mia(password=None)[1]
    kept = db.session.scalars(db.select(ApiToken.id)).all() + db.session.scalars(db.select(SignInLink.id)).all()
    assert [len(digest) for digest in kept] == [32, 32]
    assert not any(secret.encode() in digest for secret in (token, link) for digest in kept)


def test_mia_is_added_once_and_gets_a_new_link_each_time(app: Flask) -> None:
    first, one = moderators.add("Mia@Mia-Moderates.org", "Mia", {}, http.sealer(), http.now())
    again, two = moderators.add(" mia@mia-moderates.ORG ", None, {}, http.sealer(), http.now())
    assert (first.id, again.name) == (again.id, "Mia")
    assert one != two
    assert moderators.find("mia@mia-moderates.org", http.sealer()) is again


def test_adding_a_site_widens_and_never_narrows(app: Flask, sites: None) -> None:
    ben = added("ben@ben-nevis.org", "blog", role=Role.OWNER)
    assert moderators.as_actor(ben).sites == {"blog": Role.OWNER}
    assert moderators.as_actor(added("ben@ben-nevis.org")).sites == {"blog": Role.OWNER}
    wider = {"blog": Role.OWNER, "shop": Role.MODERATOR}
    assert moderators.as_actor(added("ben@ben-nevis.org", "shop", "blog")).sites == wider
    assert moderators.as_actor(added("ben@ben-nevis.org", "shop", role=Role.OWNER)).owns("shop")
    assert moderators.as_actor(added("mia@mia-moderates.org")).sites is None
    assert moderators.as_actor(added("mia@mia-moderates.org", "blog")).sites is None


def test_who_loses_the_last_site_has_none_and_not_all(app: Flask, sites: None) -> None:
    ben = added("ben@ben-nevis.org", "blog")
    db.session.execute(db.delete(SiteModerator))
    db.session.commit()
    actor = moderators.as_actor(ben)
    assert actor.sites == {}
    assert not actor.may("blog")
    again = moderators.as_actor(added("ben@ben-nevis.org"))
    assert again.sites == {}
    assert queue.sites_of(again) == []


def test_a_program_whose_last_site_is_taken_away_has_none(app: Flask, sites: None) -> None:
    token = tokens.add("blog bot", ["blog"], http.now())
    db.session.execute(db.update(ApiToken).values(sites=[]))
    db.session.commit()
    assert not acting(app, Authorization=f"Bearer {token}").may("blog")


def test_what_only_an_owner_may_do_is_refused_to_a_moderator_and_unknown_to_others(app: Flask, sites: None) -> None:
    olga = moderators.as_actor(added("olga@olga-oversees.org", "blog", role=Role.OWNER))
    noah = moderators.as_actor(added("noah@noah-moderates.org", "blog"))
    olga.check_owner("blog")
    with pytest.raises(Forbidden):
        noah.check_owner("blog")
    for actor in (olga, noah):
        with pytest.raises(NotFound):
            actor.check_owner("shop")
    moderators.as_actor(added("mia@mia-moderates.org")).check_owner("shop")


def test_a_program_owns_a_site_only_when_it_was_made_so(app: Flask, sites: None) -> None:
    plain, owner = tokens.add("bot", ["blog"], http.now()), tokens.add("boss", ["blog"], http.now(), Role.OWNER)
    assert not acting(app, Authorization=f"Bearer {plain}").owns("blog")
    assert acting(app, Authorization=f"Bearer {owner}").owns("blog")
    assert not acting(app, Authorization=f"Bearer {owner}").owns("shop")


def test_an_unknown_site_or_an_impossible_address_adds_nobody(app: Flask, sites: None) -> None:
    with pytest.raises(NotFound):
        added("ben@ben-nevis.org", "no-such-site")
    for address in ("", "ben", "ben@", "ben@localhost", "a@b.org, c@d.org", "Ben <ben@ben-nevis.org>", "b\0@ben.org"):
        with pytest.raises(InvalidForm):
            added(address)
    assert db.session.scalars(db.select(Moderator)).all() == []


def test_the_address_is_sealed_for_its_own_row_and_no_name_is_made_of_it(app: Flask) -> None:
    ben = added("ben.secretly@ben-nevis.org")
    assert http.sealer().open(ben.address_sealed, ben.id) == "ben.secretly@ben-nevis.org"
    assert b"secretly" not in ben.address_sealed
    assert "secretly" not in ben.name


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("", "A browser"),
        ("<script>", "A browser"),
    ],
)
def test_browsers_are_called_by_their_names(agent: str, name: str) -> None:
    assert browser.named(agent) == name
