"""A comment as moderators see it, as JSON: with the address, the source text and every reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ..comments import markup
from ..comments.models import Comment, Thread
from ..privacy.sealing import Sealer
from ..sites import page_key
from ..spam import hosts
from ..spam.judgement import Evidence
from ..spam.models import Listed
from . import listing, repeats, search
from .events import Entry
from .queue import Card


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What it takes to present cards: who opens addresses and who says what a check saw, and what is known of all."""

    sealer: Sealer
    tell: Callable[[Evidence], str]
    origins: Mapping[str, list[str]]  # of each site
    repeats: Mapping[repeats.Text, int]


def card_json(card: Card, around: Surroundings) -> dict[str, Any]:
    """Everything that a decision needs."""
    comment, record = card.comment, card.record
    return {
        "id": comment.id,
        "site": comment.site_id,
        "page": card.thread.page,
        "thread": thread_json(card.thread, around.origins[comment.site_id]),
        "parent": parent_json(card.parent) if card.parent else None,
        "name": comment.name,
        "email": address_of(comment, around.sealer),
        "website": comment.website or None,
        "role": comment.role,
        "body_source": comment.body,
        "links": links_json(comment),
        "times_today": around.repeats.get((comment.site_id, comment.near_1 or 0), 0),
        "earlier": [{"body": body.body, "replaced_at": body.replaced_at} for body in card.earlier],
        "status": comment.status,
        "status_before": comment.status_before,
        "version": comment.version,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "reasons": [{"check": r.check, "points": r.points, "evidence": around.tell(r)} for r in card.reasons],
        "score": comment.score,
        "commenter": {
            "approved": record.approved,
            "pending": record.pending,
            "spam": record.spam,
            "trash": record.trash,
            "first_seen": record.first_seen,
            "names": record.names,
            "search": search.key_text(comment.address_key) if comment.address_key else None,
        },
        "like": like_json(card) if card.like else None,
        "blockable": listing.kinds(comment),
        "decided_by": card.decided.actor if card.decided else None,
        "decided_at": card.decided.created_at if card.decided else None,
    }


def like_json(card: Card) -> dict[str, Any]:
    """How many others wait that are near-identical, how a search finds them, and the text of some."""
    others = [{"id": other.id, "name": other.name, "body_source": other.body} for other in card.others]
    key = search.group_text(card.comment.group_key or b"")
    return {"count": card.like, "at_least": card.at_least, "search": key, "others": others}


def links_json(comment: Comment) -> list[dict[str, str]]:
    """Where a comment leads: each address, and its host as it is read and as the network knows it."""
    found = [link.href for link in markup.links(msgspec.json.decode(comment.tree))]
    every = dict.fromkeys([comment.website, *found] if comment.website else found)
    # Whatever the tables hold, a moderator is led nowhere else than to a web page.
    return [{"address": a, "host": hosts.of(a)} for a in every if a.lower().startswith(("http://", "https://"))]


def thread_json(thread: Thread, origins: list[str]) -> dict[str, Any]:
    """A thread, with the article's address where its key is one."""
    return {
        "id": thread.id,
        "page": thread.page,
        "title": thread.title,
        "url": page_key.address(thread.page, origins),
        "locked": thread.locked,
        "close_after_days": thread.close_after_days,
        "pinned": thread.pinned_id,
        "count": thread.comment_count,
    }


def parent_json(parent: Comment) -> dict[str, Any]:
    """What a comment replies to."""
    return {"id": parent.id, "name": parent.name, "body_source": parent.body, "status": parent.status}


def event_json(entry: Entry) -> dict[str, Any]:
    """An event of the log."""
    event = entry.event
    return {
        "id": event.id,
        "site": event.site_id,
        "kind": event.kind,
        "by": event.actor,
        "at": event.created_at,
        "undoes": event.undoes,
        "undone": entry.undone,
        "thread": event.thread_id,
        "note": event.note,
        "detail": entry.form.shown(event.detail) if entry.form and event.detail else None,
        "changed": entry.changed,
        "changes": [
            {"comment": change.comment_id, "from": change.status_from, "to": change.status_to}
            for change in entry.changes
        ],
    }


def listed_json(entry: Listed) -> dict[str, Any]:
    """Somebody blocked or trusted."""
    return {
        "id": entry.id,
        "site": entry.site_id,
        "kind": entry.kind,
        "shown": entry.shown,
        "reason": entry.reason,
        "expires_at": entry.expires_at,
        "created_at": entry.created_at,
    }


def address_of(comment: Comment, sealer: Sealer) -> str | None:
    """The commenter's address, opened for the moderator; None for a comment that has none."""
    return sealer.open(comment.address_sealed, comment.id) if comment.address_sealed else None
