"""Every setting once: its name, default, parser and what it does.

A setting comes from the environment (`COMMENTS_PORT`), else from `config.toml` in the instance folder
(`port`), else from its default. A secret may also be in a file named by `COMMENTS_<NAME>_FILE`. A wrong value stops
the start; all wrong ones are named at once.
"""

import functools
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import limits
from flask import current_app
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from .keys import Keys, UnsafeSecret, load_or_create

PREFIX = "COMMENTS_"
DAY_SECONDS = 86_400
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadSettings(Exception):
    """Settings that cannot be used; `problems` names each with its value's fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _text(value: str) -> str:
    return value.strip()


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.strip().isascii() or not value.strip().isdigit() or not low <= int(value) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(value)

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return value

    return parse


def _networks(value: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())


def _rates(value: str) -> str:
    limits.parse_many(value)
    return value


def _rate(value: str) -> str:
    if value:
        limits.parse(value)
    return value


@functools.cache
def _one_rate(rates: str, factor: int) -> limits.RateLimitItem:
    """The shortest of `rates`, so many times."""
    first = min(limits.parse_many(rates), key=lambda rate: rate.get_expiry())
    return type(first)(first.amount * factor, first.multiples)


@functools.cache
def _a_day(rates: str) -> int:
    """How much the strictest of `rates` leaves in a day."""
    return min(rate.amount * max(1, DAY_SECONDS // rate.get_expiry()) for rate in limits.parse_many(rates))


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value and value.partition("://")[0] not in schemes:
            raise ValueError(f"expected an address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return value.rstrip("/")

    return parse


def _database(value: str) -> str:
    """A database URL with the driver we ship for it; the common short names are understood."""
    if not value:
        return value
    try:
        url = make_url(value)
    except ArgumentError as error:
        raise ValueError("expected an address like postgresql://user@host/name") from error
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if url.drivername == "sqlite":
        return value
    raise ValueError("expected sqlite:///... or postgresql://...")


def _replica(value: str) -> str:
    if value and not value.startswith("postgres"):
        raise ValueError("expected postgresql://..., for only PostgreSQL has replicas")
    return _database(value)


def setting(default: Any, parse: Callable[[str], Any], doc: str, *, secret: bool = False) -> Any:
    """Declare a setting; `doc` is the sentence that the documentation shows."""
    return field(default=default, metadata={"parse": parse, "doc": doc, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one running instance."""

    instance_path: Path = setting(
        Path("instance"), Path, "Folder for the secret, the SQLite database and `config.toml`."
    )
    secret_key: str = setting(
        "", _text, "The one secret, 32 bytes or more; made in the instance folder when empty.", secret=True
    )
    database_url: str = setting(
        "", _database, "Where comments are kept; `comments.sqlite3` in the instance folder when empty.", secret=True
    )
    read_database_url: str = setting(
        "",
        _replica,
        "A streaming replica of that PostgreSQL database, to read threads, counts and feeds from; none when empty.",
        secret=True,
    )
    limiter_url: str = setting(
        "",
        _text,
        "Where rate limits are counted: `redis://…` or `valkey://…`; our own database when empty. It is waited for "
        "0.25 seconds and may count twice what it answers later; `?socket_timeout=1` in the address waits longer.",
        secret=True,
    )
    submit_limits: str = setting(
        "5 per minute; 30 per hour; 100 per day", _rates, "How many comments one client may send."
    )
    page_limit: str = setting(
        "", _rate, "How many comments one page takes from all clients; 40 times the shortest of those rates when empty."
    )
    site_limit: str = setting(
        "",
        _rate,
        "How many comments one site takes from all clients; 120 times the shortest of those rates when empty.",
    )
    challenge_from: int = setting(
        0,
        _number(0, 1_000_000),
        "From how many comments in the time of the site's limit a proof of work is asked for; a tenth of it when 0.",
    )
    akismet_key: str = setting(
        "", _text, "The key to Akismet, for sites whose policy asks it; nothing is sent there when empty.", secret=True
    )
    akismet_url: str = setting("https://rest.akismet.com", _url("http", "https"), "Where Akismet answers.")
    hook_url: str = setting(
        "",
        _url("http", "https"),
        "A program of yours that gives points to submissions, for sites whose policy asks it.",
    )
    hook_secret: str = setting(
        "", _text, "What requests to that program are signed with (HMAC-SHA256); required for it.", secret=True
    )
    purge_url: str = setting(
        "",
        _url("http", "https"),
        "Where a cache at the edge (a CDN) is told what changed; answers bear tags then and are kept there for longer.",
    )
    purge_header: str = setting(
        "", _text, "A header that is sent there, `Name: value`, with the key to it.", secret=True
    )
    purge_secret: str = setting(
        "", _text, "What requests to it are signed with (HMAC-SHA256); not signed when empty.", secret=True
    )
    preview_limits: str = setting("60 per minute", _rates, "How many previews one client may ask for.")
    sign_in_limits: str = setting("10 per minute; 60 per hour", _rates, "How often one client may try to sign in.")
    public_url: str = setting(
        "", _url("http", "https"), "The address under which browsers reach this service; `http://HOST:PORT` when empty."
    )
    host: str = setting("127.0.0.1", _text, "The address to listen on.")
    port: int = setting(8000, _number(0, 65535), "The port to listen on.")
    workers: int = setting(1, _number(1, 64), "How many worker processes serve; one is best with SQLite.")
    trusted_proxies: tuple[Network, ...] = setting(
        (), _networks, "Addresses or networks of the proxies whose `X-Forwarded-For` is believed, comma separated."
    )
    body_limit: int = setting(131_072, _number(1024, 10_000_000), "The largest request body, in bytes.")
    body_deadline: int = setting(15, _number(1, 300), "How many seconds a request body may take to arrive.")
    edit_minutes: int = setting(15, _number(0, 1440), "For how many minutes a commenter may change her comment.")
    moderation: str = setting(
        "all",
        _one_of("all", "first", "none"),
        "What a new site holds for a moderator: `all` comments, a commenter's `first`, or `none` but spam.",
    )
    smtp_url: str = setting(
        "",
        _url("smtp", "smtps", "smtp+starttls"),
        "The mail server: `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`; no mail when empty.",
        secret=True,
    )
    mail_from: str = setting("", _text, "The address mails are sent from.")
    cache_megabytes: int = setting(32, _number(0, 4096), "How much memory the cache of answers may take; 0 is off.")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{(self.instance_path / 'comments.sqlite3').resolve()}"

    @property
    def sends_mail(self) -> bool:
        """Whether there is a mail server, and an address to send from."""
        return bool(self.smtp_url and self.mail_from)

    @property
    def page_rate(self) -> limits.RateLimitItem:
        """How many comments one page takes."""
        return _one_rate(self.page_limit or self.submit_limits, 1 if self.page_limit else 40)

    @property
    def site_rate(self) -> limits.RateLimitItem:
        """How many comments one site takes."""
        return _one_rate(self.site_limit or self.submit_limits, 1 if self.site_limit else 120)

    @property
    def network_rate(self) -> limits.RateLimitItem:
        """How many comments an IPv6 /48 may send: more than a client, which has a /64 of it."""
        return _one_rate(self.submit_limits, 10)

    @property
    def challenge_rate(self) -> int:
        """How many comments a site takes, in the time of its limit, before a proof of work is asked for."""
        return self.challenge_from or max(1, self.site_rate.amount // 10)

    @property
    def client_a_day(self) -> int:
        """How many comments one client may send in a day."""
        return _a_day(self.submit_limits)

    @property
    def address(self) -> str:
        """The origin under which browsers reach this service, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    def keys(self) -> Keys:
        """The instance's keys; raises `BadSettings` when the secret is unsafe."""
        try:
            return Keys(self.secret_key.encode() if self.secret_key else load_or_create(self.instance_path))
        except UnsafeSecret as error:
            raise BadSettings([f"{PREFIX}SECRET_KEY: {error}"]) from error


def load(environ: Mapping[str, str], **overrides: Any) -> Settings:
    """The settings of `environ` and the instance's `config.toml`; raises `BadSettings` naming every wrong one."""
    problems: list[str] = []
    folder = Path(overrides.get("instance_path") or environ.get(f"{PREFIX}INSTANCE_PATH") or "instance")
    written = _written(folder / "config.toml", problems)
    known = {entry.name: entry for entry in fields(Settings)}
    problems += [f"config.toml: {name} is not a setting" for name in written if name not in known]
    problems += [f"{name} is not a setting" for name in environ if name.startswith(PREFIX) and not _known(name, known)]
    values: dict[str, Any] = {}
    for name, entry in known.items():
        text, source = _find(name, entry, environ, written, problems)
        if text is None:
            continue
        try:
            values[name] = entry.metadata["parse"](text)
        except ValueError as error:
            shown = "" if entry.metadata["secret"] else f"={text!r}"
            problems.append(f"{source}{shown}: {error}")
    if values.get("read_database_url") and not values.get("database_url", "").startswith("postgresql"):
        problems.append(f"{PREFIX}READ_DATABASE_URL: {PREFIX}DATABASE_URL names no PostgreSQL that it could replicate")
    if problems:
        raise BadSettings(problems)
    return Settings(**{**values, **overrides})


def current() -> Settings:
    """The settings of the running application."""
    return cast(Settings, current_app.extensions["settings"])


def _known(name: str, known: Mapping[str, Field[Any]]) -> bool:
    bare = name.removeprefix(PREFIX).lower()
    # COMMENTS_TEST_* belongs to the tests.
    return bare in known or bare.removesuffix("_file") in known or bare.startswith("test_")


def _written(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return import_module("tomllib").loads(path.read_text()) if path.exists() else {}
    except (ValueError, OSError) as error:  # not TOML, not UTF-8, or not to be read
        problems.append(f"config.toml: {error}")
        return {}


def _find(
    name: str, entry: Field[Any], environ: Mapping[str, str], written: Mapping[str, Any], problems: list[str]
) -> tuple[str | None, str]:
    """The text of a setting and where it was found."""
    variable = PREFIX + name.upper()
    if variable in environ:
        return environ[variable], variable
    if entry.metadata["secret"] and (path := environ.get(f"{variable}_FILE")):
        try:
            return Path(path).read_text().strip(), f"{variable}_FILE"
        except OSError as error:
            problems.append(f"{variable}_FILE: {error.strerror}")
            return None, variable
    if name not in written:
        return None, variable
    value = written[name]
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value)), f"config.toml: {name}"
