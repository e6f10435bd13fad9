"""The numbers of a site as one page: charts that the server draws, each with a table of what it shows."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue as Answer

from .. import http, i18n
from ..accounts.http import said
from ..accounts.pages import require_moderator
from ..accounts.views import actor
from ..comments.models import Status
from ..errors import FieldError, InvalidForm, NotFound, one_of
from ..i18n import N_, Counted
from ..moderation import queue
from . import charts, numbers

bp = Blueprint("numbers", __name__, url_prefix="/admin/numbers", template_folder="templates")

SPANS = (30, 90)  # days
MARKS = 3  # days that are named below the columns
# From the bottom of a column up: what came of comments, in words.
OUTCOMES = (
    (Status.APPROVED, N_("approved")),
    (Status.PENDING, N_("waiting")),
    (Status.SPAM, N_("spam")),
    (Status.TRASH, N_("trash")),
)
UNITS = (
    (86_400, Counted("{number} day", "{number} days")),
    (3600, Counted("{number} hour", "{number} hours")),
    (60, Counted("{number} minute", "{number} minutes")),
)
MONTHS = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)


@bp.get("")
@require_moderator
def show() -> Answer:
    who = actor()
    sites = queue.sites_of(who)
    site_id = request.args.get("site") or next(iter(sites), None)
    if site_id is None:
        raise NotFound(N_("There is no site yet."))
    span = asked_span()
    found = numbers.of(site_id, span, who, http.now())
    columns = charts.columns([_outcomes(day) for day in found.days])
    return render_template(
        "administration/numbers.html",
        site=site_id,
        sites=sites,
        span=span,
        spans=SPANS,
        outcomes=[(status, said(name)) for status, name in OUTCOMES],
        totals={status: found.total(status) for status, _ in OUTCOMES},
        came=came,
        numbers=found,
        columns=columns,
        marks=[(columns.columns[n].end, marked(found.days[n].day)) for n in range(span - 1, 0, -span // MARKS)],
        days=[[day.day, *_outcomes(day)] for day in reversed(found.days)],
        times=charts.bars([(said(part.name), part.number, None) for part in found.times]),
        ages=charts.bars([(said(part.name), part.number, None) for part in found.waiting]),
        rules=charts.bars([(rule.check, rule.held, rule.overruled) for rule in found.rules]),
        rule_rows=[
            [rule.check, rule.held, rule.overruled, said(N_("{number} %"), number=rule.percent)] for rule in found.rules
        ],
        words=partial(words, lang=http.language()),
        looked_at=numbers.CHANGES,
        spam=Status.SPAM,
        approved=Status.APPROVED,
    )


def asked_span() -> int:
    """Over how many days to look; raises `InvalidForm` for another number than those on the page."""
    text = request.args.get("days", str(SPANS[0]))
    if text not in map(str, SPANS):
        raise InvalidForm([FieldError("days", "invalid", one_of(SPANS))])
    return int(text)


def _outcomes(day: numbers.Day) -> list[int]:
    return [day.numbers[status] for status, _ in OUTCOMES]


def came(numbers: Mapping[Status, int]) -> str:
    """What came of comments, as a line."""
    approved, waiting, spam, trash = (numbers[status] for status, _ in OUTCOMES)
    line = N_("{approved} approved, {waiting} waiting, {spam} spam, {trash} trash")
    return said(line, approved=approved, waiting=waiting, spam=spam, trash=trash)


def marked(day: date) -> str:
    """A day as it is named below its column."""
    return said(N_("{day} {month}"), day=f"{day:%d}", month=said(MONTHS[day.month - 1]))


def words(span: timedelta | None, lang: str = i18n.DEFAULT) -> str:
    """A span of time in a word or two."""
    if span is None:
        return "–"
    seconds = int(span.total_seconds())
    for size, sentence in UNITS:
        if seconds >= size:
            number = seconds // size
            return i18n.counted(lang, sentence, number, number=number)
    return i18n.translator(lang)(N_("under a minute"))
