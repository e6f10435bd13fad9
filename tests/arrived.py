"""What the checks are given: a comment of Ada's that nothing speaks against, but for what a test changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from people import SITE

from comments_service.comments import markup
from comments_service.comments.form import Submission
from comments_service.privacy.sealing import SealedAddress
from comments_service.spam import verdict
from comments_service.spam.judgement import Known

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOBODY = Known()


def stranger(submission: Submission) -> Known:
    """What the looks see, of somebody from whom the site has nothing."""
    return Known(seen=verdict.LOOKS.at(submission))


def sent(body: str = "I tried it with rye.", **fields: Any) -> Submission:
    """What Ada sends after a minute at the form, but for `fields`."""
    usual = Submission(
        id=UUID(int=1),
        site_id=SITE,
        page="/2026/bread",
        title="Bread",
        parent=None,
        name="Ada",
        website="",
        body=body,
        tree=markup.parse(body),
        email_domain="ada-lovelace.org",
        address=SealedAddress(b"", b"ada"),
        honeypot="",
        began_at=NOON - timedelta(minutes=1),
        network_key=b"home",
        fingerprint=b"",
        language="en",
        arrived_at=NOON,
    )
    return replace(usual, **fields)
