"""An answer as bytes, ready for whoever asks: in each encoding, with its headers, whole or told to be unchanged."""

import gzip
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import brotli
from werkzeug.http import generate_etag

from ..http import NOTE, Note
from .validity import Epoch, Revision

COMPRESSED_FROM = 512  # bytes
ENTRY_BYTES = 1024  # what an answer takes besides its body
GZIP_LEVEL = 6
BROTLI_QUALITY = 5
BROTLI_WINDOWS = 16, 22  # the least and the most, as powers of two
HEADERS_SHARED = 64
ACCEPTED_SHARED = 64
REPLIES_KEPT = 6  # of a form; most sites have one origin
EXPOSED = ("access-control-expose-headers", "ETag, Retry-After")
# What tells of a body is not said again to who has it already (RFC 9110, 15.4.5).
OF_BODY = {
    "content-type",
    "content-encoding",
    "content-security-policy",
    "referrer-policy",
    "x-content-type-options",
}

Headers = list[tuple[str, str]]


class Reply(NamedTuple):
    """An answer, ready to be sent; the names of its headers in lower case."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """An answer in one encoding, its headers complete but for what depends on the reader's page.

    What readers get of it differs by that page's origin and by whether they want the body; for the first few of these
    it is made once.
    """

    etag: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    _replies: dict[tuple[str | None, bool, bool], Reply] = field(default_factory=dict)

    def reply(self, origin: str | None, *, unchanged: bool, head: bool) -> Reply:
        """What a page of `origin` gets, None being one that is told nothing of its own; `unchanged` since it asked."""
        asked = origin, unchanged, head
        found = self._replies.get(asked)
        if found is None:
            found = self._reply(*asked)
            if len(self._replies) < REPLIES_KEPT:
                self._replies[asked] = found
        return found

    def _reply(self, origin: str | None, unchanged: bool, head: bool) -> Reply:
        for_origin = [("access-control-allow-origin", origin), EXPOSED] if origin is not None else []
        if unchanged:
            return Reply(304, [each for each in self.headers if each[0] not in OF_BODY] + for_origin, b"")
        headers = [*self.headers, *for_origin, ("content-length", str(len(self.body)))]
        return Reply(200, headers, b"" if head else self.body)


@dataclass(slots=True)
class Entry:
    """An answer, in each encoding that somebody has asked for, and when it was last known to be right."""

    note: Note
    epoch: Epoch
    revision: Revision | None
    kept: bool  # to compress what is given once is the proxy's business, which may keep it
    made: Form | None  # as it is, until the first has asked for it
    etag: str
    compressible: bool
    forms: dict[str, Form] = field(default_factory=dict)
    size: int = 0  # bytes, about
    counted: int = 0  # of these by the cache
    used: bool = False  # since the cache last thought of letting it go

    def form(self, accepted: str) -> Form:
        """The answer in the best of our encodings that a reader takes, where that pays."""
        encoding = _encoding(accepted) if self.kept and self.compressible else ""
        return self.forms.get(encoding) or self._form_in(encoding)

    def _form_in(self, encoding: str) -> Form:
        """The answer in an encoding that nobody has asked for yet.

        Most readers take the shortest, so the longest is not kept for its own sake: it can be had from any other.
        """
        plain = self.made or self.forms.get("") or _opened(next(iter(self.forms.values())), self.etag)
        found = _compressed(plain, encoding) if encoding else plain
        self.forms = {**self.forms, encoding: found}
        self.made = None
        self.size = sum(len(form.body) + ENTRY_BYTES for form in self.forms.values())
        return found

    def reply(self, origin: str | None, seen: str | None, accepted: str, *, head: bool = False) -> Reply:
        """What a reader gets who sends these `Origin`, `If-None-Match` and `Accept-Encoding`."""
        unchanged = seen is not None and self.etag[:-1] in seen  # in whatever encoding it was seen
        reader = origin if origin in self.note.origins else None
        return self.form(accepted).reply(reader, unchanged=unchanged, head=head)


def entry_for(reply: Reply, note: Note, epoch: Epoch, revision: Revision | None, *, kept: bool) -> Entry:
    """The entry for `reply`, which is right in `epoch` and as long as the revision stays."""
    plain = _plain(reply)
    length = len(plain.body)
    return Entry(note, epoch, revision, kept, plain, plain.etag, length >= COMPRESSED_FROM, size=length + ENTRY_BYTES)


def _plain(reply: Reply) -> Form:
    """The answer as it is, with the headers that we add."""
    dropped = {"content-length", "etag", "vary", "date", NOTE}
    shared = [_one(name, value) for name, value in reply.headers if name not in dropped]
    etag = f'"{generate_etag(reply.body)[:24]}"'
    return Form(etag, (*shared, ("vary", "Origin, Accept-Encoding"), ("etag", etag)), reply.body)


@lru_cache(HEADERS_SHARED)
def _one(name: str, value: str) -> tuple[str, str]:
    """The one header of this name and value: nearly all entries have the same."""
    return name, value


def _compressed(plain: Form, encoding: str) -> Form:
    etag = f'{plain.etag[:-1]}-{encoding}"'
    headers = [(name, value) for name, value in plain.headers if name != "etag"]
    if encoding == "br":
        # A window as wide as the body: the usual one, of 4 MB, takes six times as long to make ready.
        window = min(max(len(plain.body).bit_length(), BROTLI_WINDOWS[0]), BROTLI_WINDOWS[1])
        body = brotli.compress(plain.body, quality=BROTLI_QUALITY, lgwin=window)
    else:
        body = gzip.compress(plain.body, GZIP_LEVEL, mtime=0)
    return Form(etag, (*headers, ("etag", etag), ("content-encoding", encoding)), body)


def _opened(form: Form, etag: str) -> Form:
    """The plain answer from a compressed one."""
    encoding = dict(form.headers)["content-encoding"]
    body = brotli.decompress(form.body) if encoding == "br" else gzip.decompress(form.body)
    headers = [(name, value) for name, value in form.headers if name not in {"etag", "content-encoding"}]
    return Form(etag, (*headers, ("etag", etag)), body)


@lru_cache(ACCEPTED_SHARED)
def _encoding(accepted: str) -> str:
    """The best of our encodings that a reader takes."""
    if "br" in accepted and _takes(accepted, "br"):
        return "br"
    return "gzip" if "gzip" in accepted and _takes(accepted, "gzip") else ""


def _takes(accepted: str, encoding: str) -> bool:
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip() == encoding:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
