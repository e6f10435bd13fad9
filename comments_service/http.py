"""The edge's tools: who is asking, from which page, with what body, and how to answer."""

import ipaddress
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from flask import Flask, Response, current_app, g, request
from flask_limiter import RateLimitExceeded
from limits import RateLimitItem
from limits.storage.base import SlidingWindowCounterSupport
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from . import config, i18n, limit_storage
from .errors import BadRequest, OriginNotAllowed, TooLarge, TooMany, UnsupportedType, render
from .extensions import let_go, limiter
from .privacy.sealing import Sealer
from .signing import Signer
from .sites import registry, tags
from .sites.models import Site

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Application = Callable[..., Iterable[bytes]]  # WSGI, PEP 3333

CORS_SECONDS = 7200
NOTE = "x-cache-note"  # what a view tells the cache; it goes no further
STORE_SECONDS = 0.25  # a request that finds the store hanging waits for it two or three times
# Where a request keeps what was made of its headers, and the language that whoever is signed in has chosen.
CLIENT, CLIENT_KEY, CHOSEN = "comments.client_address", "comments.client_key", "comments.language"
SPOKEN = "comments.languages"  # and those that it was found to be answered in
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
TOO_MANY = i18n.N_("That was a lot in a short time. Please try again in {minutes} min; what you wrote is kept.")
API_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)


class Note(msgspec.Struct, frozen=True):
    """What an answer depends on: a site, a page of it, the origins it is shared with, and a time it ends at.

    Without a page it is right for its epoch only; without a site it is right while the process lives.
    """

    site: str | None = None
    page: str | None = None
    origins: tuple[str, ...] = ()
    until: float | None = None  # Unix seconds


def now() -> datetime:
    """The time of this moment, in UTC."""
    return datetime.now(UTC)


def sealer() -> Sealer:
    """The running application's sealer of addresses."""
    return cast(Sealer, current_app.extensions["sealer"])


def signer() -> Signer:
    """The running application's signer of tokens."""
    return cast(Signer, current_app.extensions["signer"])


def language(of_site: str = "") -> str:
    """The language to answer in: asked for by `lang`, in the address or a form, else the reader's, else `of_site`.

    A moderator's is the one that she has chosen, else her browser's. A page asks for each of its sentences, so the
    answer is kept with the request.
    """
    environ = request.environ
    asked = environ.get(CHOSEN), of_site
    known: dict[tuple[str | None, str], str] = environ.setdefault(SPOKEN, {})
    if asked not in known:
        reader = [tag for tag, _ in request.accept_languages]
        known[asked] = i18n.choose(request.args.get("lang"), _language_of_form(), environ.get(CHOSEN), reader, of_site)
    return known[asked]


def _language_of_form() -> str | None:
    if request.mimetype not in FORMS:
        return None
    try:
        return request.form.get("lang")
    except HTTPException:  # a form that cannot be read is refused in the reader's language
        return None


def translate(sentence: i18n.Sayable) -> str:
    """`sentence` in the language to answer in."""
    return i18n.translator(language())(sentence)


def client_address() -> Address:
    """The address of the machine that asks: the peer, or what listed proxies say of it, read from the right."""
    environ = request.environ
    if CLIENT not in environ:
        environ[CLIENT] = _client_address()
    return cast(Address, environ[CLIENT])


def _client_address() -> Address:
    trusted = config.current().trusted_proxies
    address = _parsed(request.remote_addr or "") or ipaddress.IPv4Address(0)
    for hop in reversed(request.environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not any(address in network for network in trusted):
            break
        stated = _parsed(hop.strip())
        if stated is None:
            break
        address = stated
    return address


def network(address: Address) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 /64."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def client_key() -> str:
    """The limiter's key of the client."""
    return client().hex()


def client() -> bytes:
    """What stands for the client; no address stands in it."""
    environ = request.environ
    if CLIENT_KEY not in environ:  # it is asked for with each of the limits
        environ[CLIENT_KEY] = sealer().client(network(client_address()))
    return cast(bytes, environ[CLIENT_KEY])


def limit(setting: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Limit a view, per client, to the rates of the setting named."""
    return limiter.limit(lambda: getattr(config.current(), setting), key_func=client_key)


def json_body() -> dict[str, Any]:
    """The request's JSON object; raises a 4xx for anything else."""
    if request.mimetype != "application/json":
        raise UnsupportedType(i18n.N_("Send the body as application/json."))
    try:
        raw = request.get_data(cache=False)
    except HTTPException as error:
        raise TooLarge(i18n.N_("This is too large.")) from error
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadRequest(i18n.N_("The body is not JSON.")) from error
    if not isinstance(body, dict):
        raise BadRequest(i18n.N_("The body is not a JSON object."))
    return body


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """`body` as JSON that is kept by nobody."""
    response = Response(msgspec.json.encode(body), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def checked(body: Any) -> Response:
    """`body` as JSON that whoever asks may keep, but asks about each time: 304 while it is the same."""
    response = answer(body, Cache_Control="private, no-cache")
    response.vary.update(("Authorization", "Cookie"))
    response.add_etag()
    response.make_conditional(request)
    return response


def cacheable(body: bytes, mimetype: str, note: Note, shared_seconds: int = 60) -> Response:
    """`body` for everybody, with a `note` for our own cache, which adds ETag, encodings and 304."""
    response = Response(body, mimetype=mimetype)
    if note.site is not None and config.current().purge_url:
        response.headers.update(tags.headers(note.site, note.page))
        shared_seconds = tags.LIFETIME if note.until is None else shared_seconds
    response.headers["Cache-Control"] = f"public, max-age=0, s-maxage={shared_seconds}, stale-while-revalidate=60"
    response.headers[NOTE] = msgspec.json.encode(note).decode()
    return response


def check_origin(site: Site) -> None:
    """Refuse a request that was not sent from one of the site's pages; raises `OriginNotAllowed`."""
    origin = request.headers.get("Origin")
    if origin not in site.origins:
        raise OriginNotAllowed(i18n.N_("Comments are taken from the site's own pages only."))
    g.origin = origin


def allow_origin(response: Response) -> Response:
    """Let the pages of a site read the public API's answers; used by the public blueprints."""
    headers = response.headers
    headers["Vary"] = f"{headers['Vary']}, Origin" if "Vary" in headers else "Origin"
    origin = request.headers.get("Origin")
    if not origin or not _may_read(origin):
        return response
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH, DELETE"
        headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
        headers["Access-Control-Max-Age"] = str(CORS_SECONDS)
    return response


def _may_read(origin: str) -> bool:
    if g.get("origin") == origin:  # looked at already
        return True
    site_id = (request.view_args or {}).get("site_id")
    try:
        if site_id is None:
            return registry.lists(origin)
        site = registry.peek(site_id)
    except SQLAlchemyError:  # the answer that says so shall not fail as well
        return False
    return site is not None and origin in site.origins


def init_app(app: Flask) -> None:
    """Limit what is read, and send the headers that every answer carries."""
    settings = cast(config.Settings, app.extensions["settings"])
    app.config.update(_limiter_storage(settings))
    around: list[dict[Any, list[Any]]] = [
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
    ]
    ours = [list(functions[None]) for functions in around]
    limiter.init_app(app)
    # No limit stands before a view, and we say ourselves what is left: the library's looks around each take a while.
    for functions, own in zip(around, ours, strict=True):
        functions[None] = own
    app.extensions["translate"] = translate
    app.register_error_handler(RateLimitExceeded, lambda error: render(too_many(error)))
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = settings.body_limit
    app.config["MAX_FORM_PARTS"] = 100

    app.wsgi_app = Dressed(app.wsgi_app)  # type: ignore[method-assign]

    @app.after_request
    def add_headers(response: Response) -> Response:
        if limited := _limit_headers():
            response.headers.extend(limited)
        return response


class Dressed:
    """A WSGI application whose every answer carries our headers, each unless the answer has its own.

    They go on last of all: in the framework's own hands each of them would cost as much as a look at the database.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            said = {name for name, _ in headers}
            return start_response(status, headers + [each for each in API_HEADERS if each[0] not in said], *rest)

        return self._application(environ, start)


def _limiter_storage(settings: config.Settings) -> dict[str, Any]:
    """Where the limiter counts: the store of the settings, with little patience, or our own database."""
    if not settings.limiter_url:
        return {"RATELIMIT_STORAGE_URI": limit_storage.uri(settings.database, settings.instance_path)}
    patience = {"socket_timeout": STORE_SECONDS, "socket_connect_timeout": STORE_SECONDS}
    return {"RATELIMIT_STORAGE_URI": settings.limiter_url, "RATELIMIT_STORAGE_OPTIONS": patience}


def too_many(error: RateLimitExceeded) -> TooMany:
    """The limiter's refusal in our words, with the time after which one more fits."""
    current = limiter.current_limit
    return _wait(60) if current is None else _refusal(current.limit, current.key)


def refusal(rate: RateLimitItem, *who: str) -> TooMany:
    """The same for a limit that a view counts itself."""
    return _refusal(rate, rate.key_for(*who))


def _refusal(rate: RateLimitItem, key: str) -> TooMany:
    expiry = rate.get_expiry()
    window = _window(key, expiry)
    return _wait(limit_storage.wait_seconds(rate.amount, expiry, window) if window else expiry)


def _wait(seconds: int) -> TooMany:
    return TooMany(TOO_MANY, seconds)


def _limit_headers() -> dict[str, str]:
    """What the limit leaves to this client (draft-ietf-httpapi-ratelimit-headers)."""
    # Whoever is limited was asked for a key; for everybody else the library would make a context to look into.
    current = limiter.current_limit if CLIENT_KEY in request.environ else None
    if current is None:
        return {}
    let_go()  # who holds one connection and waits for another may wait for ever behind PgBouncer
    window = _window(current.key, current.limit.get_expiry())
    if window is None:
        return {}
    amount, expiry = current.limit.amount, current.limit.get_expiry()
    return {
        "RateLimit-Policy": f'"client";q={amount};w={expiry}',
        "RateLimit": f'"client";r={limit_storage.left(amount, expiry, window)};t={math.ceil(window[3] % expiry)}',
    }


def _window(key: str, expiry: int) -> tuple[int, float, int, float] | None:
    """The hits in the sliding window; None when the store does not answer."""
    storage = limiter.limiter.storage
    try:
        return cast(SlidingWindowCounterSupport, storage).get_sliding_window(key, expiry)
    except storage.base_exceptions:
        return None


def _parsed(text: str) -> Address | None:
    """The machine address in `text`, with brackets, a port or a zone cut off; None when there is none."""
    bare = text.strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
