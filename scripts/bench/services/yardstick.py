"""The common way, as a yardstick for reads that no cache answers: ORM objects, `jsonify`, nothing clever.

It reads our own database with models of its own that know the columns it needs, and answers with as much.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

PAGE_SIZE = 100


class Base(DeclarativeBase):
    """The yardstick's own tables."""


db = SQLAlchemy(model_class=Base)


class Thread(db.Model):  # type: ignore[name-defined,misc]
    """A discussion."""

    id: Mapped[str] = mapped_column(sa.Uuid, primary_key=True)
    site_id: Mapped[str]
    page: Mapped[str]
    comment_count: Mapped[int]
    comments: Mapped[list["Comment"]] = relationship(lazy="dynamic")


class Comment(db.Model):  # type: ignore[name-defined,misc]
    """A comment, all of its columns that a reader sees and those that a model usually loads with them."""

    id: Mapped[str] = mapped_column(sa.Uuid, primary_key=True)
    site_id: Mapped[str]
    thread_id: Mapped[str] = mapped_column(sa.Uuid, sa.ForeignKey("thread.id"))
    parent_id: Mapped[str | None] = mapped_column(sa.Uuid)
    root_id: Mapped[str] = mapped_column(sa.Uuid)
    status: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    website: Mapped[str]
    role: Mapped[str | None]
    body: Mapped[str]
    html: Mapped[str]
    address_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "parent": str(self.parent_id) if self.parent_id else None,
            "name": self.name,
            "website": self.website,
            "role": self.role,
            "body": self.html,
            "created_at": self.created_at.isoformat(),
            "edited_at": self.edited_at.isoformat() if self.edited_at else None,
        }


def create_app(database: str) -> Flask:
    """The application that reads threads from `database`."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = database
    db.init_app(app)

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return "ok"

    @app.get("/api/v1/sites/<site_id>/thread")
    def thread(site_id: str) -> ResponseReturnValue:
        found = Thread.query.filter_by(site_id=site_id, page=request.args["page"]).first_or_404()
        # In the order that the index gives, so that the yardstick measures objects and JSON, not sorting.
        readable = found.comments.filter_by(site_id=site_id, status="approved")
        comments = readable.order_by(Comment.root_id, Comment.id).limit(PAGE_SIZE)
        listed = [comment.as_json() for comment in comments]
        return jsonify(site=site_id, page=found.page, count=found.comment_count, comments=listed)

    return app
