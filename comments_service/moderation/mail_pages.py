"""The page that a link in a mail opens: one comment and what may be done with it, without signing in."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from .. import http
from ..comments.models import Status
from . import by_mail, pages, queue, texts, views
from .by_mail import Letter

bp = Blueprint("letters", __name__, url_prefix="/admin/mail")


@bp.get("/<token>")
def show(token: str) -> str:
    # Looking at a link decides nothing: mail scanners and previews do that.
    letter = opened(token)
    (card,) = pages.cards(queue.cards([letter.comment]))
    return render_template(
        "moderation/letter.html",
        card=card,
        open=letter.is_open,
        verbs=texts.VERBS[Status.PENDING],
        said=pages.said(request.args),
    )


@bp.post("/<token>")
@http.limit("sign_in_limits")
def decide(token: str) -> Answer:
    status = views.status_in(request.form)
    outcome = by_mail.decide(opened(token), status, http.now())
    return redirect(url_for("letters.show", token=token, done=status.value, changed=len(outcome.changed)), 303)


def opened(token: str) -> Letter:
    """The letter of a token; from here on whoever got it is spoken to in the language that she has chosen."""
    letter = by_mail.read(token, http.signer(), http.now())
    request.environ[http.CHOSEN] = letter.moderator.language
    return letter
