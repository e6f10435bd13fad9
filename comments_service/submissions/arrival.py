"""The border: a form becomes a submission, its address sealed before anything else sees it."""

from dataclasses import dataclass, replace
from datetime import datetime

from ..comments import form_token, markup
from ..comments.form import Form, Submission
from ..comments.models import Comment
from ..database import uuid7
from ..privacy.sealing import SealedAddress, Sealer
from ..signing import Signer
from . import receipts
from .submit import RequestKey


@dataclass(frozen=True, slots=True)
class Sender:
    """What the edge knows of a request: from where, in which language, when."""

    network_key: bytes
    language: str
    at: datetime


def submission(form: Form, site_id: str, sender: Sender, sealer: Sealer, signer: Signer) -> Submission:
    """What `form` submits to the thread of its page, with the address sealed for the comment's new id."""
    comment_id = uuid7()
    address = sealer.seal(form.email, comment_id)
    return Submission(
        id=comment_id,
        site_id=site_id,
        page=form.page,
        title=form.title,
        parent=form.parent,
        name=form.name,
        website=form.website,
        body=form.body,
        tree=markup.parse(form.body),
        email_domain=form.email.rpartition("@")[2],
        address=address,
        honeypot=form.honeypot,
        began_at=form_token.began_at(form.token, site_id, form.page, signer, sender.at),
        network_key=sender.network_key,
        fingerprint=_fingerprint(sealer, site_id, form.page, address, form.body),
        language=sender.language,
        arrived_at=sender.at,
        known=receipts.known(form.known, signer, sender.at),
    )


def changed(comment: Comment, page: str, body: str, sender: Sender, sealer: Sealer) -> Submission:
    """The submission that `comment` becomes with another `body`."""
    address = SealedAddress(comment.address_sealed or b"", comment.address_key or b"")
    email = sealer.open(address.sealed, comment.id) if address.sealed else ""
    return Submission(
        id=comment.id,
        site_id=comment.site_id,
        page=page,
        title="",
        parent=comment.parent_id,
        name=comment.name,
        website=comment.website,
        body=body,
        tree=markup.parse(body),
        email_domain=email.rpartition("@")[2],
        address=address,
        honeypot="",
        began_at=comment.created_at,
        network_key=sender.network_key,
        fingerprint=_fingerprint(sealer, comment.site_id, page, address, body),
        language=comment.language,
        arrived_at=sender.at,
        known=(comment.id,),  # its receipt is what opened it
    )


def request_key(key: str, form: Form, sealer: Sealer) -> RequestKey:
    """The idempotency key `key` with the digest of what came with it; what proves something may differ in a repeat."""
    content = replace(form, token="", title="", pow="", known="")
    return RequestKey(sealer.fingerprint("key", key), sealer.fingerprint("request", repr(content)))


def _fingerprint(sealer: Sealer, site_id: str, page: str, address: SealedAddress, body: str) -> bytes:
    return sealer.fingerprint(site_id, page, address.lookup.hex(), body)
