"""What a site decides for itself: how comments are held, how threads are shown and when they close."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from .. import i18n
from ..errors import FieldError, InvalidForm
from ..i18n import N_
from .models import Site
from .setting import described, meta

HELD = N_("What is held")
DISCUSSIONS = N_("Discussions")
WORDING = N_("Words and language")
PAGES = N_("Pages")
KEPT = N_("How much is kept")
ASKED = N_("Asking other services")
GROUPS = (HELD, DISCUSSIONS, WORDING, PAGES, KEPT, ASKED)  # in this order; others come behind

Points = Annotated[float, msgspec.Meta(ge=-100, le=100)]
Many = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Words = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...], msgspec.Meta(max_length=500)]
Names = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=50)], ...], msgspec.Meta(max_length=50)]

HOLDING = {
    "all": N_("Every comment"),
    "first": N_("A commenter's first, until one from the same address was approved"),
    "none": N_("Only what the checks find fault with"),
}
LANGUAGES = {"": "English"} | {tag: i18n.NAMES.get(tag, tag) for tag in sorted(i18n.available() - {i18n.DEFAULT})}


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A site's own rules; what is not written keeps its default."""

    moderation: Annotated[
        Literal["all", "first", "none"],
        meta(
            HELD,
            N_("What waits for a moderator"),
            N_("Whatever its points, such a comment is held, unless it is proven to come from somebody trusted."),
            HOLDING,
        ),
    ] = "all"
    hold_at: Annotated[
        Points, meta(HELD, N_("Hold from"), N_("With as many points from the checks, a comment waits for a moderator."))
    ] = 1.0
    spam_at: Annotated[
        Points, meta(HELD, N_("Spam from"), N_("With as many points, a comment goes to spam without a look."))
    ] = 4.0
    max_links: Annotated[
        int,
        msgspec.Meta(ge=0, le=100),
        meta(HELD, N_("Links that cost nothing"), N_("Each link beyond these gives points.")),
    ] = 2
    hold_words: Annotated[
        Words,
        meta(
            HELD,
            N_("Words that hold"),
            N_("A comment with one of these waits: a word, words in a row, casin*, name:seo."),
        ),
    ] = ()
    spam_words: Annotated[
        Words, meta(HELD, N_("Words that make spam"), N_("A comment with one of these goes to spam without a look."))
    ] = ()
    # Akismet is told the commenter's network address.
    akismet: Annotated[
        bool,
        meta(
            ASKED, N_("Ask Akismet"), N_("If it is set up, Akismet is told each comment and the network it came from.")
        ),
    ] = False
    hook: Annotated[
        bool,
        meta(
            ASKED, N_("Ask the hook"), N_("If it is set up, a program of the operator's gives points to each comment.")
        ),
    ] = False
    # Waiting ones beyond these go to spam, of which the oldest goes first.
    client_pending: Annotated[
        Many | None,
        meta(
            KEPT, N_("Waiting from one client"), N_("What one client sends in a day beyond this number goes to spam.")
        ),
    ] = None
    site_pending: Annotated[
        Many, meta(KEPT, N_("Waiting in all"), N_("When as many comments wait, what comes then goes to spam."))
    ] = 20_000
    spam_kept: Annotated[
        Many, meta(KEPT, N_("Spam that is kept"), N_("Of spam, the newest are kept, so many; older spam is removed."))
    ] = 20_000
    trash_days: Annotated[
        int,
        msgspec.Meta(ge=0, le=3650),
        meta(
            KEPT,
            N_("Days in the trash"),
            N_("After so long, what lies in the trash is removed for good; with 0, never."),
        ),
    ] = 30
    page_size: Annotated[
        int,
        msgspec.Meta(ge=10, le=200),
        meta(DISCUSSIONS, N_("Comments at once"), N_("Readers see so many, and a button for more.")),
    ] = 100
    max_depth: Annotated[
        int,
        msgspec.Meta(ge=0, le=10),
        meta(
            DISCUSSIONS, N_("Depth of replies"), N_("Replies are indented so many times; deeper ones are shown flat.")
        ),
    ] = 3
    close_after_days: Annotated[
        int,
        msgspec.Meta(ge=0, le=36500),
        meta(
            DISCUSSIONS,
            N_("Close after days"),
            N_("A discussion takes comments for so many days; with 0 it stays open."),
        ),
    ] = 0
    slow_minutes: Annotated[
        int,
        msgspec.Meta(ge=0, le=1440),
        meta(
            DISCUSSIONS,
            N_("Slow mode"),
            N_("One person writes a comment in so many minutes; with 0 as many as the limits let."),
        ),
    ] = 0
    away: Annotated[
        bool, meta(DISCUSSIONS, N_("Away"), N_("The moderators are away: every comment is held, and readers are told."))
    ] = False
    away_notice: Annotated[
        str,
        msgspec.Meta(max_length=300),
        meta(WORDING, N_("Notice while you are away"), N_("Readers are told in these words; left empty, in ours.")),
    ] = ""
    page_parameters: Annotated[
        Names,
        meta(
            PAGES,
            N_("Parameters that tell pages apart"),
            N_("Of an article's address, only these parts behind ? count."),
        ),
    ] = ()
    language: Annotated[
        str,
        meta(
            WORDING, N_("Language"), N_("Spoken where neither the article nor the reader asks for another."), LANGUAGES
        ),
    ] = ""
    heading: Annotated[
        str,
        msgspec.Meta(max_length=200),
        meta(WORDING, N_("Heading of the form"), N_("Stands in the place of “Leave a Comment”, in every language.")),
    ] = ""
    notice: Annotated[
        str,
        msgspec.Meta(max_length=1000),
        meta(
            WORDING,
            N_("Notice in the form"),
            N_("Stands in the place of “Your email address will not be published …”."),
        ),
    ] = ""

    @property
    def wording(self) -> tuple[tuple[str, str], ...]:
        """The texts of the widget and the pages that the site says in its own words, by their keys."""
        own = (("title", self.heading), ("notice", self.notice))
        return tuple((key, words) for key, words in own if words)


SETTINGS = described(Policy)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def filled(policy: Policy, client_a_day: int) -> Policy:
    """`policy` with what it leaves to the settings: as many may wait as one client sends in two days of its limit."""
    return policy if policy.client_pending else msgspec.structs.replace(policy, client_pending=2 * client_a_day)


def of(site: Site) -> Policy:
    """The policy of `site`."""
    return msgspec.convert(site.policy, Policy)


def checked(values: Mapping[str, Any]) -> Policy:
    """The policy with `values`; raises `InvalidForm` naming every wrong one."""
    found: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for name, value in values.items():
        setting = _BY_NAME.get(name)
        if setting is None:
            wrong.append(FieldError(name, "unknown", N_("There is no such setting.")))
            continue
        try:
            found[name] = setting.checked(value)
        except ValueError:
            wrong.append(FieldError(name, "invalid", setting.takes))
    policy = msgspec.convert(found, Policy)
    if not wrong and policy.spam_at < policy.hold_at:
        wrong.append(FieldError("spam_at", "invalid", N_("At least as much as holds a comment.")))
    if wrong:
        raise InvalidForm(wrong)
    return policy
