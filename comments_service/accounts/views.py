"""Who sends this request: a program with an API token, or a moderator's browser with its session."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from flask import request

from ..errors import NotSignedIn
from ..http import CHOSEN, now
from ..i18n import N_
from . import http, moderators, sessions, tokens
from .actor import Actor

SIGNED_IN, ACTOR = "comments_service.signed_in", "comments_service.actor"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A moderator in his browser; `may_reset` tells whether he may set a password without the present one."""

    id: UUID
    session_id: bytes
    may_reset: bool
    actor: Actor


def actor() -> Actor:
    """Who acts, by `Authorization: Bearer` or else by the admin session; looked up once a request.

    Raises `NotSignedIn` when it is nobody, `Forbidden` when another website made the browser ask.
    """
    if ACTOR not in request.environ:
        request.environ[ACTOR] = _actor()
    return cast(Actor, request.environ[ACTOR])


def know_who_asks() -> None:
    """Look up who acts before anything is refused: so it is refused to nobody else, and in the right language."""
    actor()


def _actor() -> Actor:
    if "Authorization" in request.headers:
        return _bearer(request.headers["Authorization"])
    person = signed_in()
    if person is None:
        raise NotSignedIn(N_("Sign in, or send an API token."))
    http.refuse_foreign()
    return person.actor


def signed_in() -> SignedIn | None:
    """The moderator whose session the browser's cookie names, or None; looked up once a request."""
    # Kept with the request, not in `g`: an application context may outlive a request, and then `g` does.
    if SIGNED_IN not in request.environ:
        request.environ[SIGNED_IN] = _look_up(http.cookie())
    return cast(SignedIn | None, request.environ[SIGNED_IN])


def known() -> SignedIn | None:
    """Like `signed_in`, but only when it was looked up already: for showing an error when the database may be down."""
    return cast(SignedIn | None, request.environ.get(SIGNED_IN))


def _bearer(header: str) -> Actor:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn(N_("Send the API token as `Authorization: Bearer TOKEN`."))
    return tokens.find(token.strip())


def _look_up(token: str | None) -> SignedIn | None:
    at = now()
    session = sessions.find(token, at) if token else None
    if session is None:
        return None
    moderator = moderators.get(session.moderator_id)
    request.environ[CHOSEN] = moderator.language
    return SignedIn(moderator.id, session.id, sessions.may_reset(session, at), moderators.as_actor(moderator))
