"""What a site decides for itself: how comments are held, how threads are shown and when they close."""

from typing import Annotated, Any, Literal

import msgspec

from ..errors import FieldError, InvalidForm
from .models import Site

Points = Annotated[float, msgspec.Meta(ge=-100, le=100)]

Words = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...], msgspec.Meta(max_length=500)]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A site's own rules; what is not written keeps its default."""

    moderation: Literal["all", "first", "none"] = "all"
    hold_at: Points = 1.0  # points from which a comment waits for a moderator
    spam_at: Points = 4.0  # points from which it goes to spam without a look
    max_links: Annotated[int, msgspec.Meta(ge=0, le=100)] = 2
    # Words that hold a comment and words that make it spam: "casino", "two words", "casin*", "name:casino".
    hold_words: Words = ()
    spam_words: Words = ()
    # Whether the services that the settings name are asked; Akismet is told the commenter's network address.
    akismet: bool = False
    hook: bool = False
    # How much is kept: waiting ones beyond these go to spam, of which the oldest goes first.
    client_pending: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None  # of one client, in a day
    site_pending: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 20_000
    spam_kept: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 20_000
    page_size: Annotated[int, msgspec.Meta(ge=10, le=200)] = 100
    max_depth: Annotated[int, msgspec.Meta(ge=0, le=10)] = 3  # replies nested deeper are shown flat
    close_after_days: Annotated[int, msgspec.Meta(ge=0, le=36500)] = 0  # 0 is never
    page_parameters: tuple[Annotated[str, msgspec.Meta(max_length=50)], ...] = ()  # query names that tell pages apart


def filled(policy: Policy, client_a_day: int) -> Policy:
    """`policy` with what it leaves to the settings: as many may wait as one client sends in two days of its limit."""
    return policy if policy.client_pending else msgspec.structs.replace(policy, client_pending=2 * client_a_day)


def of(site: Site) -> Policy:
    """The policy of `site`."""
    return msgspec.convert(site.policy, Policy)


def checked(values: dict[str, Any]) -> Policy:
    """The policy with `values`; raises `InvalidForm` for a wrong one."""
    try:
        return msgspec.convert(values, Policy, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        raise InvalidForm([FieldError(where.rstrip("`") or "policy", "invalid", message)]) from error
