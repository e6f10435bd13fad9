"""Article pages as other people's websites serve them, with our snippet in them."""

import http.server
import mimetypes
import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PAGE = """<!doctype html>
<html lang="en"{root}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>How to bake bread</title>{head}
<style>body{{margin:2rem auto;max-width:44rem;padding:0 1rem;font:17px/1.6 Georgia,serif;color:#222;background:#fff}}
comments-thread{{display:block;min-height:44rem}}</style></head>
<body><main><h1>How to bake bread</h1>
<p>Flour, water, salt and time. Most of the work is waiting, and most of the mistakes are made by those who do not.</p>
{snippet}</main></body></html>"""

SNIPPET = """<comments-thread site="blog" eager{attributes}><a href="{service}/s/blog/thread?page={path}">Comments</a></comments-thread>
<script async src="{service}/embed.js"></script>"""


class Articles:
    """A web server on 127.0.0.1 for the pages that tests publish."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[str, dict[str, str]]] = {}
        self._folders: dict[str, Path] = {}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def publish(self, service: str, path: str, html: str | None = None, **changes: str | dict[str, str]) -> str:
        """Serve `html`, or an article of our own, at `path`; `changes` are `head`, `root`, `attributes`, `snippet`, `headers`."""
        words = {"head": "", "root": "", "attributes": "", "service": service, "path": path, **changes}
        snippet = str(changes.get("snippet") or SNIPPET).format(**words)
        headers = changes.get("headers") or {}
        assert isinstance(headers, dict)
        self._pages[path] = (html or PAGE.format(**{**words, "snippet": snippet}), headers)
        return self.url + path

    def lay_out(self, folder: Path) -> None:
        """Serve the files of `folder` below its name."""
        self._folders[folder.name] = folder

    def find(self, path: str) -> tuple[bytes, dict[str, str]] | None:
        """What is served at `path`: a published page or a file laid out."""
        if path in self._pages:
            html, headers = self._pages[path]
            return html.encode(), {"Content-Type": "text/html; charset=utf-8", **headers}
        name, _, rest = path.lstrip("/").partition("/")
        file = self._folders[name] / rest if name in self._folders else None
        if file and file.is_dir():
            file /= "index.html"
        if file is None or not file.is_file():
            return None
        return file.read_bytes(), {"Content-Type": mimetypes.guess_type(file.name)[0] or "text/plain"}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        find = self.find

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content, headers = find(urlsplit(self.path).path) or (b"", {})
                self.send_response(200 if content else 404)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words: object) -> None:
                """Say nothing."""

        return Handler
