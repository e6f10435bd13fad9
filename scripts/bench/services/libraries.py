"""A submission by the libraries alone, as a yardstick: what is left when everything of ours is taken away.

Flask reads JSON, flask-limiter counts in memory the five rates that we count, email-validator looks at the address
without asking its domain, and SQLAlchemy Core stores a row in a table without another index, in one durable commit.
"""

import sqlite3
import time
import uuid
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from email_validator import validate_email
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

FILE_NAME = "libraries.sqlite3"
OF_CLIENT = "5 per minute; 30 per hour; 100 per day"
OF_ALL = "10000000 per minute"
TEXTS = ("page", "name", "email", "body")

comment = sa.Table(
    "comment",
    sa.MetaData(),
    sa.Column("id", sa.String, primary_key=True),
    *(sa.Column(name, sa.Text) for name in TEXTS),
    sa.Column("created_at", sa.Float),
)
STORE = sa.insert(comment)


def create_app(folder: Path) -> Flask:
    """The application that stores submissions in `folder`."""
    app = Flask(__name__)
    engine = sa.create_engine(f"sqlite:///{folder / FILE_NAME}", pool_use_lifo=True)
    sa.event.listen(engine, "connect", _prepare)
    comment.metadata.create_all(engine)
    limiter = Limiter(_client, app=app, storage_uri="memory://", strategy="sliding-window-counter")

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return "ok"

    @app.post("/api/v1/sites/<site_id>/comments")
    @limiter.limit(OF_ALL, key_func=_site)
    @limiter.limit(OF_ALL, key_func=_page)
    @limiter.limit(OF_CLIENT)
    def add(site_id: str) -> ResponseReturnValue:
        form = request.get_json()
        address = validate_email(form["email"], check_deliverability=False).normalized
        row = {**{name: form[name] for name in TEXTS}, "id": str(uuid.uuid4()), "created_at": time.time()}
        with engine.begin() as connection:
            connection.execute(STORE, row | {"email": address})
        return jsonify(id=row["id"]), 202

    return app


def _prepare(connection: sqlite3.Connection, record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _client() -> str:
    return request.headers["X-Forwarded-For"]


def _site() -> str:
    return f"site {(request.view_args or {})['site_id']}"


def _page() -> str:
    return f"page {request.get_json()['page']}"
