"""The demonstration: a site, a moderator, and the first words below its article."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from .accounts import moderators
from .accounts.actor import Actor
from .accounts.models import Role
from .comments import form
from .comments.models import Comment, Status
from .extensions import db
from .moderation import decisions
from .privacy.sealing import Sealer
from .signing import Signer
from .sites import policy, registry
from .submissions import arrival
from .submissions.submit import submit
from .widget.pages import DEMO_PAGE, DEMO_SITE

MODERATOR = "mia@demo.example"
TITLE = "A loaf takes as long as it takes"
TALK = (
    (
        "Ada Okafor",
        "https://ada.example/",
        (
            "The fingertip test changed my baking more than any book. In a cold flat I start **the evening before** "
            "and let it stand by the window.\n\nOne question: do you cover the dough with a cloth or a lid?"
        ),
        None,
    ),
    ("Ben Lindqvist", "", "A lid, here. A cloth dries out the top when the heating is on.", 0),
    (
        "Yuki Tanaka",
        "",
        (
            "I wrote down when mine was ready for a month:\n\n- 24 °C: two hours\n- 21 °C: three and a half\n"
            "- 18 °C: *go to bed*\n\nSo much for “an hour and a half”."
        ),
        None,
    ),
)


def prepare(address: str, sealer: Sealer, signer: Signer, now: datetime) -> str:
    """Make what is not there yet, and return the token of a new sign-in link for the moderator."""
    if registry.peek(DEMO_SITE) is None:
        registry.add(DEMO_SITE, origins(address), policy.Policy(), now)
        _talk(sealer, signer, now)
    _, link = moderators.add(MODERATOR, "Mia", {DEMO_SITE: Role.OWNER}, sealer, now)
    return link


def origins(address: str) -> list[str]:
    """The demonstration's own address, under both of a local machine's names."""
    names = ("127.0.0.1", "localhost")
    spelled = [address.replace(one, other) for one in names for other in names if one in address]
    return list(dict.fromkeys([address, *spelled]))


def _talk(sealer: Sealer, signer: Signer, now: datetime) -> None:
    """A few comments, written and approved as all others are."""
    written: list[Comment] = []
    for number, (name, website, body, answered) in enumerate(TALK):
        at = now - timedelta(hours=30 - 7 * number)
        filled = {"page": DEMO_PAGE, "title": TITLE, "name": name, "website": website, "body": body}
        filled |= {"email": f"{name.split()[0].lower()}@demo.example"}
        filled |= {"parent": str(written[answered].id)} if answered is not None else {}
        sender = arrival.Sender(sealer.client("demo"), "en", at)
        parsed = form.parse(filled, str)
        comment = submit(arrival.submission(parsed, DEMO_SITE, sender, sealer, signer), policy.Policy(), None).comment
        _approve(comment, at)
        written.append(comment)


def _approve(comment: Comment, at: datetime) -> None:
    stored = db.session.scalars(sa.select(Comment).where(Comment.site_id == DEMO_SITE, Comment.id == comment.id)).one()
    decision = decisions.Decision(stored.id, Status.APPROVED, stored.version)
    decisions.decide([decision], Actor(None, "demo", None), at + timedelta(minutes=20))
