"""Services of others, of which ours asks or tells something."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Outside:
    """A service that keeps what it is asked, and answers as it is told to."""

    status: int = 200
    answer: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    drips: bool = False
    done: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@contextmanager
def serve() -> Iterator[Outside]:
    """Such a service, while it runs."""
    service = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.asked.append((self.path, dict(self.headers), body))
            self.send_response(service.status)
            for name, value in service.headers.items():
                self.send_header(name, value)
            if not service.drips:
                self.send_header("Content-Length", str(len(service.answer)))
            self.end_headers()
            try:
                while service.drips and not service.done.wait(0.2):
                    self.wfile.write(b" ")
                self.wfile.write(service.answer)
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_port}"
        yield service
        service.done.set()
        server.shutdown()
        thread.join()
