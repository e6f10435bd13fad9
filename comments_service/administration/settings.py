"""A site's settings: changed by its owner, each change an event; a changed rule scores anew what waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts
from ..comments.models import Status
from ..database import transaction, uuid7
from ..errors import Conflict, FieldError, InvalidForm
from ..extensions import db
from ..i18n import N_, Sayable, Sentence, Value
from ..moderation import decisions, details, queue
from ..moderation.decisions import Part
from ..moderation.details import FORMS, Form, Shown
from ..moderation.models import Event, Kind
from ..sites import policy, registry
from ..sites.models import Site
from ..sites.setting import Kind as TypedAs
from ..sites.setting import Setting
from ..spam import trial
from ..spam.trial import Rescored

MOST_ORIGINS = 50
ORIGINS = Setting(
    name="origins",
    title=N_("Origins"),
    sentence=N_(
        "Where the site's pages are served from, like https://blog.example; comments are taken from there alone."
    ),
    kind=TypedAs.LINES,
    type=Annotated[list[str], msgspec.Meta(min_length=1, max_length=MOST_ORIGINS)],
    default=[],
    group=policy.PAGES,
    most=MOST_ORIGINS,
    longest=300,
)
SETTINGS: tuple[Setting, ...] = (*policy.SETTINGS, ORIGINS)
BY_NAME = {setting.name: setting for setting in SETTINGS}
RULES = frozenset(setting.name for setting in policy.SETTINGS if setting.group == policy.HELD)
LAST = UUID(int=(1 << 128) - 1)  # no comment has a later id
AT_ONCE = 5  # portions of what waits, a thousand comments, are scored while the owner waits; the rest beside requests
CHANGED = N_("{title}: {before} → {after}")
REORDERED = N_("another order")
MOVED_ON = N_("The settings were changed in the meantime.")


class Changed(msgspec.Struct, frozen=True):
    """What an event changed: the settings with their values before and after."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """The event of a change, None where nothing changed, and how what waits was scored anew, if it was."""

    event: UUID | None
    rescored: Rescored | None = None


def owned(actor: Actor) -> list[str]:
    """The keys of the sites whose settings the actor may change."""
    return [site_id for site_id in queue.sites_of(actor) if actor.owns(site_id)]


def site(site_id: str, actor: Actor) -> Site:
    """A site of the owner's; raises `NotFound` for another's."""
    actor.check_owner(site_id)
    return registry.find(site_id)


def values(of: Site) -> dict[str, Any]:
    """Every setting of the site with its value, as it is stored."""
    return {**_plain(policy.of(of)), ORIGINS.name: list(of.origins)}


def checked(of: Site, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the site with those that are `given`; raises `InvalidForm` naming every wrong one."""
    wrong: list[FieldError] = []
    found = values(of)
    try:
        rules = {name: value for name, value in {**found, **given}.items() if name != ORIGINS.name}
        found |= _plain(policy.checked(rules))
    except InvalidForm as refusal:
        wrong += refusal.errors
    if ORIGINS.name in given:
        try:
            found[ORIGINS.name] = _origins(given[ORIGINS.name])
        except InvalidForm as refusal:
            wrong.append(FieldError(ORIGINS.name, "invalid", refusal.detail))
    if wrong:
        raise InvalidForm(wrong)
    return found


def save(site_id: str, given: Mapping[str, Any], actor: Actor, now: datetime, revision: int | None = None) -> Saved:
    """Change settings; where a rule is among them, what waits is scored anew.

    `revision` is that of the site when the settings were looked at. Raises `NotFound` for another's site,
    `InvalidForm` for wrong values, `Conflict` when somebody else changed the settings in between.
    """
    event, names = _change(site_id, given, actor, now, revision)
    return Saved(event, go_on(site_id, actor, now, AT_ONCE) if RULES & names else None)


def tried(site_id: str, given: Mapping[str, Any], actor: Actor, last: int) -> trial.Outcome:
    """What the site would have done with its last comments under other settings; nothing is changed."""
    rules = checked(site(site_id, actor), given)
    del rules[ORIGINS.name]
    return trial.run(site_id, policy.checked(rules), last)


def rescore(site_id: str, actor: Actor, now: datetime) -> Rescored:
    """Score all that waits anew, by the rules and the filter of today; what goes to spam by it is one event."""
    _begin(site_id)
    return go_on(site_id, actor, now)


def unfinished() -> list[str]:
    """The keys of the sites of which not all that waits was scored anew yet."""
    return list(db.session.scalars(sa.select(Site.id).where(Site.unscored_below.is_not(None))))


def go_on(site_id: str, actor: Actor, now: datetime, portions: int | None = None) -> Rescored:
    """Score anew what waits and was not yet, the newest first, all of it or so many portions."""
    done, event, number = Rescored(0, 0, 0), uuid7(), 0
    while number != portions:
        portion = _rescore(site_id, Part(event, number), actor, now)
        if portion is None:
            break
        done = Rescored(done.of + portion.of, done.changed + portion.changed, done.spam + portion.spam)
        number += 1
    return done


def turn(event: Event, actor: Actor, now: datetime) -> UUID:
    """Turn a change round; gives the event. Raises `Conflict` when a setting was changed again since."""
    site_id = event.site_id
    turned, names = _turn(event, actor, now)
    if RULES & names:
        go_on(site_id, actor, now, AT_ONCE)
    return turned


def shown(detail: str) -> Shown:
    """The settings that an event changed."""
    return dict(msgspec.to_builtins(msgspec.json.decode(detail, type=Changed)))


def told(change: Shown) -> tuple[Sayable, ...]:
    """Each setting that was changed, from what to what."""
    return tuple(_told(name, change["before"].get(name), value) for name, value in change["after"].items())


@transaction
def _change(
    site_id: str, given: Mapping[str, Any], actor: Actor, now: datetime, revision: int | None
) -> tuple[UUID | None, set[str]]:
    actor.check_owner(site_id)
    of = registry.changing(site_id)
    if revision is not None and revision != of.revision:
        raise Conflict(MOVED_ON)
    before, after = values(of), checked(of, given)
    names = {name for name in after if before[name] != after[name]}
    if not names:
        return None, names
    return _write(of, Changed(_only(before, names), _only(after, names)), Kind.SETTINGS, actor, now), names


@transaction
def _turn(event: Event, actor: Actor, now: datetime) -> tuple[UUID, set[str]]:
    actor.check_owner(event.site_id)
    of = registry.changing(event.site_id)
    change = msgspec.json.decode(event.detail or "", type=Changed)
    now_there = values(of)
    if {name: now_there.get(name) for name in change.after} != change.after:
        raise Conflict(MOVED_ON)
    after = _only(checked(of, change.before), change.before)
    return _write(of, Changed(change.after, after), Kind.UNDO, actor, now, undoes=event.id), set(after)


def _write(of: Site, change: Changed, kind: Kind, actor: Actor, now: datetime, **about: UUID) -> UUID:
    """Write what changed, with its event; readers see the site anew."""
    new = {**values(of), **change.after}
    of.origins = new.pop(ORIGINS.name)
    of.policy = new
    of.revision += 1
    counts.all_changed(of.id)
    if RULES & change.after.keys():
        of.unscored_below = LAST
    return details.log(of.id, change, kind, actor, now, **about)


@transaction
def _begin(site_id: str) -> None:
    registry.changing(site_id).unscored_below = LAST


@transaction
def _rescore(site_id: str, part: Part, actor: Actor, now: datetime) -> Rescored | None:
    """Score the next portion anew; None when nothing is left. How far it came is kept with the site."""
    of = registry.changing(site_id)
    ids = trial.held(site_id, of.unscored_below) if of.unscored_below else []
    of.unscored_below = ids[-1] if ids else None
    if not ids:
        return None
    done, spam = trial.rescore(site_id, ids, policy.of(of))
    decisions.record([(comment, Status.SPAM) for comment in spam], Kind.RESCORE, actor, now, part)
    return done


def _origins(given: object) -> list[str]:
    try:
        lines: list[str] = ORIGINS.checked(given)
    except ValueError as error:
        detail = N_("At least one origin like https://blog.example, at most 50.")  # MOST_ORIGINS
        raise InvalidForm([FieldError(ORIGINS.name, "invalid", detail)], detail) from error
    return list(dict.fromkeys(registry.checked_origin(line) for line in lines))


def _plain(rules: policy.Policy) -> dict[str, Any]:
    """The policy as JSON has it."""
    return dict(msgspec.json.decode(msgspec.json.encode(rules)))


def _only(of: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: of[name] for name in sorted(names)}


def _told(name: str, before: Any, after: Any) -> Sentence:
    """From what to what a setting was changed; of lists, what came and what went."""
    title: Value = (BY_NAME[name].title,) if name in BY_NAME else name
    if not (isinstance(before, list) and isinstance(after, list)):
        return Sentence(CHANGED, {"title": title, "before": _written(name, before), "after": _written(name, after)})
    came = [f"+{entry}" for entry in after if entry not in before]
    gone = [f"−{entry}" for entry in before if entry not in after]
    return Sentence("{title}: {difference}", {"title": title, "difference": ", ".join(came + gone) or (REORDERED,)})


def _written(name: str, value: Any) -> Value:
    setting = BY_NAME.get(name)
    if setting is None:
        return str(value)
    if value in setting.choices:
        return (setting.choices[value],)
    if isinstance(value, bool):
        return (N_("yes") if value else N_("no"),)
    return value if isinstance(value, int | float) else setting.written(value) or (N_("nothing"),)


FORMS[Kind.SETTINGS] = Form(shown, told, turn, for_owners=True)
