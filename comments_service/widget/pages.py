"""What a site embeds, served: the script, and an article of our own that shows it."""

from pathlib import Path

from flask import Blueprint, Response, render_template

from .. import http
from ..sites import registry

bp = Blueprint("widget", __name__, template_folder="templates", static_folder="static", static_url_path="/demo/static")

DEMO_SITE = "demo"
DEMO_PAGE = "/demo/bread"
SCRIPT = Path(__file__).parent / "dist" / "embed.js"
DEMO_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)


@bp.get("/embed.js")
def script() -> Response:
    response = http.cacheable(SCRIPT.read_bytes(), "text/javascript", http.Note(), 3600)
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
