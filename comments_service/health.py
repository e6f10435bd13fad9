"""Is the process alive, and can it do its work?"""

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from . import database, http
from .errors import Unavailable
from .extensions import limiter

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return http.answer({"status": "ok"})


@bp.get("/readyz")
def ready() -> Response:
    """The database answers with the schema we need, and hits are counted where all workers count them.

    Raises `Unavailable`, naming what is not there. Without the limiter's store each process counts for itself.
    """
    try:
        current = database.is_current()
    except SQLAlchemyError as error:
        raise Unavailable("The database does not answer.") from error
    if not current:
        raise Unavailable("The database has another schema: start the service once to upgrade it.")
    limits = "ok" if limiter.limiter.storage.check() else "unavailable"
    return http.answer({"status": "ok", "database": "ok", "limits": limits})
