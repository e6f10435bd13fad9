"""Others who are asked about a submission, where the operator and the site want it: Akismet, and a hook of one's own.

They are asked before the database is, for nobody shall wait for a service with a transaction open. One that fails says
so and adds nothing; after that it is left alone for a while, so that a service that hangs slows down one submission
and not each. No address of a commenter leaves: a hook is told what readers would see and where the mailbox is;
Akismet cannot do without the machine's address, and gets that too.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import msgspec

from .. import outside
from ..comments.form import Submission
from ..i18n import N_
from ..sites.policy import Policy
from .judgement import Evidence, Known

log = logging.getLogger(__name__)

LEFT_ALONE_SECONDS = 30.0
AKISMET_POINTS = 2.5
AKISMET_DISCARD_POINTS = 5.0
HOOK_POINTS = 10.0  # at the most, either way
EVIDENCE_LENGTH = 300

_failed_at: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Services:
    """Where the operator lets submissions be sent; an empty address or key is nowhere."""

    akismet_url: str
    akismet_key: str
    hook_url: str
    hook_secret: str


@dataclass(frozen=True, slots=True)
class Asker:
    """What is told besides the submission: the site's address, the machine that sent it, and when."""

    origin: str
    machine: str
    at: datetime


class _Opinion(msgspec.Struct):
    points: Annotated[float, msgspec.Meta(ge=-1000, le=1000)] = 0.0
    evidence: str = ""


def ask(submission: Submission, policy: Policy, services: Services, asker: Asker) -> tuple[tuple[str, float, str], ...]:
    """What the services say that both the operator and the site want to be asked."""
    found = []
    if policy.akismet and services.akismet_key:
        found.append(_asked("akismet", lambda: _akismet(submission, services, asker)))
    if policy.hook and services.hook_url:
        found.append(_asked("hook", lambda: _hook(submission, services, asker)))
    return tuple((each.check, each.points, each.said()) for each in found if each)


def akismet(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """What Akismet said."""
    return _said("akismet", submission)


def hook(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """What the operator's hook said."""
    return _said("hook", submission)


def _said(name: str, submission: Submission) -> Evidence | None:
    return next((Evidence(*each) for each in submission.outside if each[0] == name), None)


def _asked(name: str, question: Callable[[], Evidence | None]) -> Evidence | None:
    if time.monotonic() - _failed_at.get(name, -LEFT_ALONE_SECONDS) < LEFT_ALONE_SECONDS:
        return Evidence(name, 0.0, N_("It gave no answer a moment ago and was not asked."))
    try:
        return question()
    except outside.FAILURES as error:
        _failed_at[name] = time.monotonic()
        log.warning("%s gave no answer: %s", name, type(error).__name__)
        return Evidence(name, 0.0, N_("It gave no answer, and adds nothing."))


def _akismet(submission: Submission, services: Services, asker: Asker) -> Evidence | None:
    form = {
        "api_key": services.akismet_key,
        "blog": asker.origin,
        "user_ip": asker.machine,
        "permalink": asker.origin + submission.page if submission.page.startswith("/") else asker.origin,
        "comment_type": "reply" if submission.parent else "comment",
        "comment_author": submission.name,
        "comment_author_url": submission.website,
        "comment_content": submission.body,
        "comment_date_gmt": asker.at.isoformat(timespec="seconds"),
        "blog_lang": submission.language,
        "blog_charset": "UTF-8",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer, said = outside.post(f"{services.akismet_url}/1.1/comment-check", urlencode(form).encode(), headers)
    if answer == b"false":
        return None
    if answer != b"true":
        raise outside.Silent("neither true nor false")
    if said.get("X-akismet-pro-tip") == "discard":
        return Evidence("akismet", AKISMET_DISCARD_POINTS, N_("Akismet calls it spam beyond doubt."))
    return Evidence("akismet", AKISMET_POINTS, N_("Akismet calls it spam."))


def _hook(submission: Submission, services: Services, asker: Asker) -> Evidence | None:
    told = {
        "id": str(submission.id),
        "site": submission.site_id,
        "page": submission.page,
        "title": submission.title,
        "parent": str(submission.parent) if submission.parent else None,
        "name": submission.name,
        "website": submission.website,
        "email_domain": submission.email_domain,
        "body": submission.body,
        "language": submission.language,
    }
    body = msgspec.json.encode(told)
    headers = {"Content-Type": "application/json", **outside.signature(services.hook_secret, body, asker.at)}
    answer, _ = outside.post(services.hook_url, body, headers)
    try:
        opinion = msgspec.json.decode(answer, type=_Opinion)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise outside.Silent("not the answer that a hook gives") from error
    if not opinion.points:
        return None
    points = round(max(-HOOK_POINTS, min(opinion.points, HOOK_POINTS)), 2)
    said = " ".join(opinion.evidence.split())[:EVIDENCE_LENGTH]
    return Evidence("hook", points, said or N_("Your hook gave no reason."))
