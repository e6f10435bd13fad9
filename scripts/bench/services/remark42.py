"""Remark42, a binary of it by path, with its cache limits raised to what its documentation allows.

Written from its documentation; no binary of it was at hand to try it with.
"""

import base64
import http.client
import json
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..content import Content, sentence
from .process import HOST, Launch, Running, free_port
from .requests import network, post

SITE, PASSWORD, PAGES = "bench", "bench", "https://bench.example"


class Remark42:
    """Remark42 on bbolt, filled by its own import."""

    name = "Remark42"

    def __init__(self, binary: Path) -> None:
        self._binary = binary

    def fill(self, folder: Path, content: Content) -> None:
        """Import the content through its own interface, which is the only documented way in."""
        folder.mkdir(parents=True)
        with self.start(folder) as service:
            basic = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
            connection = http.client.HTTPConnection(HOST, service.port, timeout=600)
            path = f"/api/v1/admin/import?site={SITE}&provider=native"
            connection.request("POST", path, "\n".join(_lines(content)), {"Authorization": f"Basic {basic}"})
            answer = connection.getresponse()
            if answer.status not in {200, 202}:
                raise RuntimeError(f"Remark42 did not import: {answer.status} {answer.read()[:500]!r}")
            answer.read()
            service.get(f"/api/v1/admin/wait?site={SITE}", {"Authorization": f"Basic {basic}"})

    def start(self, folder: Path) -> Running:
        """Start it on the data in `folder`."""
        port = free_port()
        settings = {
            "REMARK_URL": f"http://127.0.0.1:{port}",
            "REMARK_PORT": str(port),
            "SECRET": "bench",
            "SITE": SITE,
            "ADMIN_PASSWD": PASSWORD,
            "AUTH_ANON": "true",
            "STORE_BOLT_PATH": str(folder),
            "AVATAR_FS_PATH": str(folder / "avatars"),
            "BACKUP_PATH": str(folder / "backup"),
            "CACHE_MAX_ITEMS": "100000",
            "CACHE_MAX_VALUE": "10485760",
            "CACHE_MAX_SIZE": "500000000",
            "UPDATE_LIMIT": "1000000",
            "EMOJI": "false",
        }
        return Running(Launch(self.name, [self._binary, "server"], port, "/ping", settings, folder / "log"))

    def thread(self, page: str) -> str:
        """The path that reads the thread below `page`."""
        return f"/api/v1/find?site={SITE}&url={quote(PAGES + page, safe='')}&sort=time&format=tree"

    def submission(self, page: str, number: int) -> bytes:
        """The request that submits comment `number` below `page`, as its administrator."""
        basic = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        form = {"text": sentence(random.Random(number)), "locator": {"site": SITE, "url": PAGES + page}}  # noqa: S311
        headers = {"Authorization": f"Basic {basic}", "X-Forwarded-For": network(number)}
        return post(f"/api/v1/comment?site={SITE}", form, headers)


def _lines(content: Content) -> Iterator[str]:
    """The native format: a head, then a comment a line."""
    yield json.dumps({"version": 1, "users": [], "posts": []})
    for page in content.threads:
        for said in content.said(page):
            parent = f"{page}-{said.parent}" if said.parent is not None else ""
            text = content.texts[said.text]
            person = {
                "name": said.name,
                "id": f"anonymous_{said.name.replace(' ', '_')}",
                "picture": "",
                "ip": "",
                "admin": False,
            }
            row = {"id": f"{page}-{said.number}", "pid": parent, "text": f"<p>{text}</p>", "orig": text, "user": person}
            yield json.dumps(row | {"locator": {"site": SITE, "url": PAGES + page}, "time": said.at.isoformat()})
