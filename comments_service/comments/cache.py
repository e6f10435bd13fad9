"""Answers kept as bytes: made once per change, checked at every read, given to everybody.

One cache for a process, with two doors: the server's front gives what is `fresh` from its event loop, and the WSGI
layer `CachedReads` checks again, or makes anew, under any server. An entry remembers the epoch in which it was known
to be right.
"""

import re
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import msgspec
import sqlalchemy as sa

from ..http import NOTE, Application, Note
from .answers import Entry, Headers, Reply, entry_for
from .validity import Validity

ALIAS_LETTERS = 2_000_000  # in all spellings of addresses that are remembered
LONGEST_ALIAS = 4_000
MOST_NAMES = 1_000  # in a query; with more, an address is no reader's

# What may be kept, and the query names that make a difference there.
KEPT = tuple(
    (re.compile(path), frozenset(names.split()))
    for path, names in (
        (r"/api/v1/sites/[a-z0-9-]+/thread", "page sort after lang"),
        (r"/api/v1/sites/[a-z0-9-]+/counts", "page"),
        (r"/api/v1/sites/[a-z0-9-]+/latest", "limit"),
        (r"/api/v1/sites/[a-z0-9-]+/feed\.atom", "page"),
        (r"/s/[a-z0-9-]+/thread", "page sort after lang fragment title author published summary"),
        (r"/(?:embed|pow)\.js", ""),
        (r"/api/v1/openapi\.json", ""),
    )
)

Key = tuple[str, str]


class Cache:
    """Entries by address, at most `limit` bytes of them; those go first that nobody asks for any more."""

    def __init__(self, limit: int, validity: Validity) -> None:
        self._limit = limit
        self._validity = validity
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._size = 0
        self._aliases: dict[Key, Key | None] = {}
        self._alias_letters = 0
        self._lock = threading.RLock()
        self._making: dict[Key, threading.Lock] = {}

    def key(self, path: str, query: str) -> Key | None:
        """The one spelling of an address whose answer may be kept; None for any other."""
        raw = (path, query)
        known = self._aliases.get(raw, raw)  # itself when it was not met before, None when nothing is kept for it
        if known is not raw:
            return known
        found = _canonical(path, query)
        length = len(path) + len(query)
        if length <= LONGEST_ALIAS:
            with self._lock:
                if self._alias_letters + length > ALIAS_LETTERS:
                    self._aliases = {}
                    self._alias_letters = 0
                self._aliases[raw] = found
                self._alias_letters += length
        return found

    def shared(self, path: str, query: str) -> Key | None:
        """The key of an answer that is made once for all who ask for it; None where each gets their own."""
        return self.key(path, query) if self._limit else None

    def fresh(self, path: str, query: str) -> Entry | None:
        """The entry for an address when a quick look shows that it is right; never waits."""
        key = self.key(path, query)
        entry = self._entries.get(key) if key else None
        if key is None or entry is None or _over(entry.note):
            return None
        try:
            epoch = self._validity.epoch()
            if entry.epoch != epoch:
                if not self._validity.is_quick() or not self._unchanged(entry):
                    return None
                entry.epoch = epoch
        except sqlite3.Error:
            return None
        self._use(key, entry)
        return entry

    def get(self, key: Key, make: Callable[[], Reply]) -> Entry | Reply:
        """The entry for `key`, checked; made by `make` once, however many ask.

        A reply that cannot be kept is given as it is.
        """
        if not self._limit:  # nobody waits for what is not kept
            return self._made(key, make)
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
        self._use(key, entry)
        return entry

    def _unchanged(self, entry: Entry) -> bool:
        return entry.revision is not None and self._validity.revision(entry.note) == entry.revision

    def _made(self, key: Key, make: Callable[[], Reply]) -> Entry | Reply:
        """A new entry. Epoch and revision are read before it is made: what changes meanwhile is noticed later."""
        epoch = self._validity.epoch()
        guess = self._entries.get(key)
        before = self._validity.revision(guess.note) if guess else None
        reply = self._validity.read(epoch, make, lambda made: made.status >= 500)
        note = _note(reply)
        if note is None or reply.status != 200:
            return Reply(reply.status, _without_note(reply.headers), reply.body)
        revision = before if guess and guess.note.page == note.page else None
        entry = entry_for(reply, note, epoch, revision, kept=bool(self._limit))
        self._keep(key, entry)
        return entry

    def _keep(self, key: Key, entry: Entry) -> None:
        with self._lock:
            old = self._entries.pop(key, None)
            self._size -= old.counted if old else 0
            if entry.size <= self._limit // 4:
                self._entries[key] = entry
                self._count(key, entry)

    def _use(self, key: Key, entry: Entry) -> None:
        """Note that `entry` was asked for. A note costs nothing; a place in a list would cost a third of a read."""
        entry.used = True
        if entry.counted != entry.size:
            self._count(key, entry)

    def _count(self, key: Key, entry: Entry) -> None:
        """Count `entry` as it is now; what has no room any more goes."""
        with self._lock:
            if self._entries.get(key) is not entry:
                return
            self._size += entry.size - entry.counted
            entry.counted = entry.size
            while self._size > self._limit:
                self._drop_one(but=entry)

    def _drop_one(self, but: Entry) -> None:
        """Let the oldest go, unless it was used since its turn came last (second chance, F. J. Corbató, 1968)."""
        key, oldest = self._entries.popitem(last=False)
        if oldest.used or oldest is but:
            oldest.used = False
            self._entries[key] = oldest
        else:
            self._size -= oldest.counted


class CachedReads:
    """The WSGI door: answers reads from `cache`, and hands everything else to `application`."""

    def __init__(self, application: Application, cache: Cache) -> None:
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
        # A list of its own: whoever is called may change it (PEP 3333).
        start_response(f"{reply.status} {'OK' if reply.status == 200 else 'Not Modified'}", [*reply.headers])
        return [reply.body]

    def _asked(self, environ: dict[str, Any], key: Key) -> Reply:
        """What the application answers to a reader who is nobody in particular."""
        left_out = {"HTTP_ORIGIN", "HTTP_IF_NONE_MATCH", "HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ACCEPT_LANGUAGE"}
        plain = {name: value for name, value in environ.items() if name not in left_out}
        plain |= {"REQUEST_METHOD": "GET", "QUERY_STRING": key[1]}
        return ask(self._application, plain)


def ask(application: Application, environ: dict[str, Any]) -> Reply:
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
            if query.count("&") > MOST_NAMES:
                return None
            pairs = [(n, v) for n, v in parse_qsl(query, keep_blank_values=True) if n in names]
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
