"""What a site embeds, served: the script, and an article of our own that shows it."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, render_template

from .. import http
from ..sites import registry

bp = Blueprint("widget", __name__, template_folder="templates", static_folder="static", static_url_path="/demo/static")

DEMO_SITE = "demo"
DEMO_PAGE = "/demo/bread"
SCRIPTS = Path(__file__).parent / "dist"
DEMO_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)


@bp.get("/embed.js")
def script() -> Response:
    return _script("embed.js")


@bp.get("/embed.<version>.js")
def pinned(version: str) -> Response:
    """The script by the name of its content: kept for a year, for what has this name never changes."""
    if version != script_version():
        abort(404)
    response = _script("embed.js")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@cache
def _digest() -> bytes:
    return hashlib.sha384((SCRIPTS / "embed.js").read_bytes()).digest()


def script_version() -> str:
    """The name of the script's content."""
    return _digest().hex()[:16]


def script_integrity() -> str:
    """What a browser may check the script against (Subresource Integrity)."""
    return f"sha384-{base64.b64encode(_digest()).decode()}"


@bp.get("/pow.js")
def solver() -> Response:
    """What the script fetches when a proof of work is asked for."""
    return _script("pow.js")


def _script(name: str) -> Response:
    response = http.cacheable((SCRIPTS / name).read_bytes(), "text/javascript", http.Note(), 3600)
    # A few minutes without asking: a reader goes from article to article. What is kept at the edge may be older.
    response.headers["Cache-Control"] = "public, max-age=300, s-maxage=3600, stale-while-revalidate=60"
    # Any page may check it against an integrity value.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@bp.get(DEMO_PAGE)
def demo() -> Response:
    """The demonstration article; there only where the demonstration site is."""
    registry.find(DEMO_SITE)
    response = Response(render_template("demo/bread.html"), mimetype="text/html")
    response.headers.update({"Cache-Control": "no-cache", "Content-Security-Policy": DEMO_POLICY})
    return response
