"""Every way this service says no, and the one place that says it over HTTP.

A use case raises a `ServiceError` where it knows what is wrong; `render` answers it as
`application/problem+json` (RFC 9457). Nothing else in the package builds an error body.
"""

import logging
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
import sqlalchemy.exc
from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException

from .i18n import N_, Sayable, Sentence, Translate

log = logging.getLogger(__name__)

LOOK_AGAIN = N_("Some fields need another look.")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a form.

    `code` is a stable word (`required`, `too-long`, `invalid-email`, ...), `message` a sentence, which is said in the
    reader's language where it is told, `suggestion` a value that would be right, or None.
    """

    field: str
    code: str
    message: Sayable
    suggestion: str | None = None


def one_of(choices: Iterable[object]) -> Sentence:
    """That one of `choices` is needed."""
    return Sentence(N_("One of {choices}."), {"choices": ", ".join(map(str, choices))})


class ServiceError(Exception):
    """A refusal with a stable `code` and an HTTP `status`; `extra` becomes members of the problem."""

    status = 500
    code = "internal-error"

    def __init__(self, detail: Sayable, **extra: Any) -> None:
        super().__init__(str(detail))
        self.detail = detail
        self.extra = extra

    def headers(self) -> dict[str, str]:
        """Headers that belong to the refusal."""
        return {}

    def said(self, translate: Translate) -> str:
        """What is told of it, by `translate` in the reader's language."""
        return translate(self.detail)

    def members(self, translate: Translate) -> dict[str, Any]:
        """What a problem document says of it besides."""
        return self.extra


class BadRequest(ServiceError):
    status, code = 400, "bad-request"


class NotSignedIn(ServiceError):
    status, code = 401, "not-signed-in"

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(ServiceError):
    status, code = 403, "forbidden"


class OriginNotAllowed(Forbidden):
    code = "origin-not-allowed"


class ThreadClosed(Forbidden):
    code = "thread-closed"


class NotFound(ServiceError):
    status, code = 404, "not-found"


class TooSlow(ServiceError):
    status, code = 408, "too-slow"


class Conflict(ServiceError):
    status, code = 409, "conflict"


class Duplicate(Conflict):
    code = "duplicate"


class TooLarge(ServiceError):
    status, code = 413, "too-large"


class UnsupportedType(ServiceError):
    status, code = 415, "unsupported-type"


class Invalid(ServiceError):
    """Understood, and refused for what it says."""

    status, code = 422, "invalid"


class InvalidForm(Invalid):
    """A form with wrong fields: all of them, in the form's order."""

    code = "invalid-form"

    def __init__(self, errors: list[FieldError], detail: Sayable = LOOK_AGAIN) -> None:
        super().__init__(detail)
        self.errors = errors

    @property
    def by_field(self) -> dict[str, Sayable]:
        """What is wrong with each field."""
        return {error.field: error.message for error in self.errors}

    def members(self, translate: Translate) -> dict[str, Any]:
        return {"errors": [{**asdict(error), "message": translate(error.message)} for error in self.errors]}


class IdempotencyKeyReused(Invalid):
    code = "idempotency-key-reused"


class TooMany(ServiceError):
    """Refused by a limit; `retry_after` in whole seconds, in the detail as `{seconds}` or as `{minutes}`."""

    status, code = 429, "too-many"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(Sentence(detail, {"seconds": retry_after, "minutes": math.ceil(retry_after / 60)}))
        self.retry_after = retry_after

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Unavailable(ServiceError):
    """It cannot be stored or read just now; nothing of it was kept."""

    status, code = 503, "unavailable"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


def problem(error: ServiceError, translate: Translate = str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """The body, status and headers that `error` is answered with; in English where nobody's language is known."""
    body = {
        "type": f"about:blank#{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": error.said(translate),
        **error.members(translate),
    }
    return body, error.status, error.headers()


def render(error: ServiceError) -> Response:
    """`error` as an `application/problem+json` response, in the reader's language."""
    body, status, headers = problem(error, current_app.extensions["translate"])  # who asks is known to `http`, above us
    response = Response(msgspec.json.encode(body), status, headers, mimetype="application/problem+json")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


CODES = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "too-slow",
    413: "too-large",
    414: "too-large",
    415: "unsupported-type",
    416: "bad-request",
    431: "too-large",
}


DETAILS = {
    "not-found": N_("There is no such thing."),
    "method-not-allowed": N_("This cannot be done here."),
    "too-large": N_("This is too large."),
    "unsupported-type": N_("Nothing of this type is taken here."),
    "internal-error": N_("Something went wrong on our side."),
}


def from_http(error: HTTPException) -> ServiceError:
    """Werkzeug's refusal in our words; its description is never shown, for it may quote the input."""
    status = error.code or 500
    code = CODES.get(status, "bad-request" if status < 500 else "internal-error")
    refusal = ServiceError(DETAILS.get(code, N_("This request cannot be answered.")))
    refusal.status, refusal.code = status, code
    return refusal


def from_database(error: sqlalchemy.exc.DBAPIError) -> ServiceError:
    """The database's refusal: what cannot be stored just now is 503, anything else is our fault.

    Statement and parameters stay out of the log: they hold what people typed.
    """
    log.error("database: %s", type(error.orig).__name__ if error.orig else type(error).__name__)
    return Unavailable(N_("This cannot be stored just now. Nothing was lost on your side; please try again."))


def unexpected(error: Exception) -> ServiceError:
    """A fault of ours: the traceback goes to the log under an id, the id alone to the client."""
    request_id = uuid4().hex
    log.error("unexpected error %s", request_id, exc_info=error)
    return ServiceError(N_("Something went wrong on our side."), request_id=request_id)


def init_app(app: Flask) -> None:
    """Send every exception through `render`."""

    app.register_error_handler(ServiceError, render)
    app.register_error_handler(HTTPException, lambda error: render(from_http(error)))
    app.register_error_handler(sqlalchemy.exc.OperationalError, lambda error: render(from_database(error)))
    app.register_error_handler(Exception, lambda error: render(unexpected(error)))
