"""Answers kept as bytes: made once per change, checked at every read, given to everybody.

One cache for a process, with two doors: the server's front gives what is `fresh` from its event loop, and the WSGI
layer `CachedReads` checks again, or makes anew, under any server. An entry remembers the epoch in which it was known
to be right. SQLite's epoch is `PRAGMA data_version` of a connection that never writes, which changes with every
commit of any other; PostgreSQL's is the second, with this process's own commits. In a new epoch the revisions of
thread and site decide.
"""

import gzip
import re
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

import brotli
import msgspec
import sqlalchemy as sa

from ..http import NOTE, Note
from ..sites.models import Site
from .models import Thread

COMPRESSED_FROM = 512  # bytes
GZIP_LEVEL = 6
BROTLI_QUALITY = 5
MOST_ALIASES = 20_000
LONGEST_ALIAS = 400

# What may be kept, and the query names that make a difference there.
KEPT = tuple(
    (re.compile(path), frozenset(names.split()))
    for path, names in (
        (r"/api/v1/sites/[a-z0-9-]+/thread", "page sort after lang"),
        (r"/api/v1/sites/[a-z0-9-]+/counts", "page"),
        (r"/api/v1/sites/[a-z0-9-]+/latest", "limit"),
        (r"/api/v1/sites/[a-z0-9-]+/feed\.atom", "page"),
        (r"/s/[a-z0-9-]+/thread", "page sort after lang fragment"),
        (r"/embed\.js", ""),
        (r"/api/v1/openapi\.json", ""),
    )
)

Key = tuple[str, str]
Headers = list[tuple[str, str]]
Epoch = tuple[int, int]


class Reply(NamedTuple):
    """An answer, ready to be sent; the names of its headers in lower case."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """An answer in one encoding, its headers complete but for what depends on the reader's page."""

    etag: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(slots=True)
class Entry:
    """An answer in every encoding, and when it was last known to be right."""

    note: Note
    forms: Mapping[str, Form]
    epoch: Epoch
    revision: tuple[int, int] | None

    @property
    def size(self) -> int:
        return sum(len(form.body) for form in self.forms.values()) + 1024

    def reply(self, origin: str | None, seen: str | None, accepted: str, *, head: bool = False) -> Reply:
        """What a reader gets who sends these `Origin`, `If-None-Match` and `Accept-Encoding`."""
        form = self.forms.get(_encoding(accepted)) or self.forms[""]
        headers = list(form.headers)
        if origin is not None and origin in self.note.origins:
            headers += [
                ("access-control-allow-origin", origin),
                ("access-control-expose-headers", "ETag, Retry-After"),
            ]
        if seen is not None and any(other.etag in seen for other in self.forms.values()):
            return Reply(304, headers, b"")
        headers.append(("content-length", str(len(form.body))))
        return Reply(200, headers, b"" if head else form.body)


class Validity:
    """Tells epochs and revisions of the database behind `engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._commits = 0
        self._lock = threading.Lock()
        self._watcher: sqlite3.Connection | None = None
        self._path = engine.url.database if engine.dialect.name == "sqlite" else None

    def epoch(self) -> Epoch:
        """A value that differs once anything may have changed."""
        if self._path is None:
            return int(time.monotonic()), self._commits
        with self._lock:
            if self._watcher is None:
                self._watcher = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, check_same_thread=False)
            return self._watcher.execute("PRAGMA data_version").fetchone()[0], 0

    def committed(self, session: Any) -> None:
        """Note that this process committed something."""
        self._commits += 1

    def revision(self, note: Note) -> tuple[int, int] | None:
        """The revisions of the note's thread and site; None where they tell nothing."""
        if note.page is None:
            return None
        same = sa.and_(Thread.site_id == Site.id, Thread.page == note.page)
        query = sa.select(sa.func.coalesce(Thread.revision, -1), Site.revision).select_from(Site)
        with self._engine.connect() as connection:
            row = connection.execute(query.outerjoin(Thread, same).where(Site.id == note.site)).first()
        return (row[0], row[1]) if row else None


class Cache:
    """Entries by address, at most `limit` bytes of them; the longest unused go first."""

    def __init__(self, limit: int, validity: Validity) -> None:
        self._limit = limit
        self._validity = validity
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._size = 0
        self._aliases: dict[Key, Key | None] = {}
        self._lock = threading.RLock()
        self._making: dict[Key, threading.Lock] = {}

    def key(self, path: str, query: str) -> Key | None:
        """The one spelling of an address whose answer may be kept; None for any other."""
        raw = (path, query)
        if len(path) + len(query) > LONGEST_ALIAS:
            return _canonical(path, query)
        if raw not in self._aliases:
            if len(self._aliases) >= MOST_ALIASES:
                self._aliases.clear()
            self._aliases[raw] = _canonical(path, query)
        return self._aliases[raw]

    def fresh(self, path: str, query: str) -> Entry | None:
        """The entry for an address when it is right without another look; fast, and never waits."""
        key = self.key(path, query)
        entry = self._entries.get(key) if key else None
        if entry is None or _over(entry.note):
            return None
        try:
            return entry if entry.epoch == self._validity.epoch() else None
        except sqlite3.Error:
            return None

    def get(self, key: Key, make: Callable[[], Reply]) -> Entry | Reply:
        """The entry for `key`, checked; made by `make` once, however many ask.

        A reply that cannot be kept is given as it is.
        """
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            entry = self._checked(key)
            made = entry or self._made(key, make)
        with self._lock:
            self._making.pop(key, None)
        return made

    def _checked(self, key: Key) -> Entry | None:
        """The entry for `key` if it is still right."""
        entry = self._entries.get(key)
        if entry is None or _over(entry.note):
            return None
        epoch = self._validity.epoch()
        if entry.note.site is not None and entry.epoch != epoch and not self._unchanged(entry):
            return None
        entry.epoch = epoch
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
        return entry

    def _unchanged(self, entry: Entry) -> bool:
        return entry.revision is not None and self._validity.revision(entry.note) == entry.revision

    def _made(self, key: Key, make: Callable[[], Reply]) -> Entry | Reply:
        """A new entry. Epoch and revision are read before it is made: what changes meanwhile is noticed later."""
        epoch = self._validity.epoch()
        guess = self._entries.get(key)
        before = self._validity.revision(guess.note) if guess else None
        reply = make()
        note = _note(reply)
        if note is None or reply.status != 200:
            return Reply(reply.status, _without_note(reply.headers), reply.body)
        revision = before if guess and guess.note.page == note.page else None
        entry = Entry(note, _forms(reply), epoch, revision)
        self._keep(key, entry)
        return entry

    def _keep(self, key: Key, entry: Entry) -> None:
        with self._lock:
            old = self._entries.pop(key, None)
            self._size -= old.size if old else 0
            if entry.size > self._limit // 4:
                return
            self._entries[key] = entry
            self._size += entry.size
            while self._size > self._limit:
                _, dropped = self._entries.popitem(last=False)
                self._size -= dropped.size


class CachedReads:
    """The WSGI door: answers reads from `cache`, and hands everything else to `application`."""

    def __init__(self, application: Callable[..., Iterable[bytes]], cache: Cache) -> None:
        self._application = application
        self._cache = cache

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        key = self._cache.key(path, environ.get("QUERY_STRING", "")) if method in {"GET", "HEAD"} else None
        if key is None:
            return self._application(environ, start_response)
        try:
            found = self._cache.get(key, lambda: self._asked(environ, key))
        except (sa.exc.SQLAlchemyError, sqlite3.Error):  # the application says it better
            return self._application(environ, start_response)
        if isinstance(found, Reply):  # a refusal: it may name the reader's page, so it is asked for with it
            return self._application(environ, start_response)
        origin, seen = environ.get("HTTP_ORIGIN"), environ.get("HTTP_IF_NONE_MATCH")
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        reply = found.reply(origin, seen, accepted, head=method == "HEAD")
        start_response(f"{reply.status} {'OK' if reply.status == 200 else 'Not Modified'}", reply.headers)
        return [reply.body]

    def _asked(self, environ: dict[str, Any], key: Key) -> Reply:
        """What the application answers to a reader who is nobody in particular."""
        left_out = {"HTTP_ORIGIN", "HTTP_IF_NONE_MATCH", "HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ACCEPT_LANGUAGE"}
        plain = {name: value for name, value in environ.items() if name not in left_out}
        plain |= {"REQUEST_METHOD": "GET", "QUERY_STRING": key[1]}
        return ask(self._application, plain)


def ask(application: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Reply:
    """What a WSGI application answers, whole; the names of its headers in lower case."""
    said: list[tuple[int, Headers]] = []

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], None]:
        said[:] = [(int(status[:3]), [(name.lower(), value) for name, value in headers])]
        return lambda data: None

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()
    return Reply(*said[0], body)


def _canonical(path: str, query: str) -> Key | None:
    """`path` and those of the query's names that make a difference there, in one order."""
    path = unquote(path)
    for pattern, names in KEPT:
        if pattern.fullmatch(path):
            pairs = [(n, v) for n, v in parse_qsl(query, keep_blank_values=True, max_num_fields=1000) if n in names]
            if path.startswith("/s/") and ("fragment", "1") not in pairs:
                return None  # a whole page holds a form of its own
            return path, urlencode(sorted(pairs, key=lambda pair: pair[0]))
    return None


def _note(reply: Reply) -> Note | None:
    for name, value in reply.headers:
        if name == NOTE:
            return msgspec.json.decode(value, type=Note)
    return None


def _without_note(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name != NOTE]


def _over(note: Note) -> bool:
    return note.until is not None and time.time() >= note.until


def _forms(reply: Reply) -> dict[str, Form]:
    """The answer plain and, where that pays, compressed."""
    bodies = {"": reply.body}
    if len(reply.body) >= COMPRESSED_FROM:
        bodies["gzip"] = gzip.compress(reply.body, GZIP_LEVEL, mtime=0)
        bodies["br"] = brotli.compress(reply.body, quality=BROTLI_QUALITY)
    dropped = {"content-length", "etag", "vary", "date", NOTE}
    shared = [(name, value) for name, value in reply.headers if name not in dropped]
    shared.append(("vary", "Origin, Accept-Encoding"))
    digest = blake2b(reply.body, digest_size=12).hexdigest()
    forms = {}
    for encoding, body in bodies.items():
        etag = f'"{digest}{"-" if encoding else ""}{encoding}"'
        own = [("etag", etag), *([("content-encoding", encoding)] if encoding else [])]
        forms[encoding] = Form(etag, (*shared, *own), body)
    return forms


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
