"""The numbers of a site as one page: charts that the server draws, each with a table of what it shows."""

from datetime import timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue as Answer

from .. import http
from ..accounts.pages import require_moderator
from ..accounts.views import actor
from ..comments.models import Status
from ..errors import FieldError, InvalidForm, NotFound
from ..moderation import queue
from . import charts, numbers

bp = Blueprint("numbers", __name__, url_prefix="/admin/numbers", template_folder="templates")

SPANS = (30, 90)  # days
MARKS = 3  # days that are named below the columns
# From the bottom of a column up: what came of comments, in words.
OUTCOMES = (
    (Status.APPROVED, "approved"),
    (Status.PENDING, "waiting"),
    (Status.SPAM, "spam"),
    (Status.TRASH, "trash"),
)
UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))


@bp.get("")
@require_moderator
def show() -> Answer:
    who = actor()
    sites = queue.sites_of(who)
    site_id = request.args.get("site") or next(iter(sites), None)
    if site_id is None:
        raise NotFound("There is no site yet.")
    span = asked_span()
    found = numbers.of(site_id, span, who, http.now())
    columns = charts.columns([_outcomes(day) for day in found.days])
    return render_template(
        "administration/numbers.html",
        site=site_id,
        sites=sites,
        span=span,
        spans=SPANS,
        outcomes=OUTCOMES,
        numbers=found,
        columns=columns,
        marks=[(columns.columns[n].end, f"{found.days[n].day:%d %b}") for n in range(span - 1, 0, -span // MARKS)],
        days=[[day.day, *_outcomes(day)] for day in reversed(found.days)],
        times=charts.bars([(part.name, part.number, None) for part in found.times]),
        ages=charts.bars([(part.name, part.number, None) for part in found.waiting]),
        rules=charts.bars([(rule.check, rule.held, rule.overruled) for rule in found.rules]),
        time_rows=[[part.name, part.number] for part in found.times],
        age_rows=[[part.name, part.number] for part in found.waiting],
        rule_rows=[[rule.check, rule.held, rule.overruled, f"{rule.percent} %"] for rule in found.rules],
        words=words,
        looked_at=numbers.CHANGES,
        spam=Status.SPAM,
        approved=Status.APPROVED,
    )


def asked_span() -> int:
    """Over how many days to look; raises `InvalidForm` for another number than those on the page."""
    text = request.args.get("days", str(SPANS[0]))
    if text not in map(str, SPANS):
        raise InvalidForm([FieldError("days", "invalid", f"One of {', '.join(map(str, SPANS))}.")])
    return int(text)


def _outcomes(day: numbers.Day) -> list[int]:
    return [day.numbers[status] for status, _ in OUTCOMES]


def words(span: timedelta | None) -> str:
    """A span of time in a word or two."""
    if span is None:
        return "–"
    seconds = int(span.total_seconds())
    for size, name in UNITS:
        if seconds >= size:
            number = seconds // size
            return f"{number:,} {name}{'' if number == 1 else 's'}"
    return "under a minute"
