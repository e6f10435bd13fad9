"""Isso from PyPI, in a virtual environment of its own, run as its documentation says: gunicorn, two workers."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..content import ORIGIN, Content, sentence
from .process import ROOT, Launch, Running, free_port
from .requests import network, post

HOME = ROOT / ".venv" / "bench" / "isso"
PACKAGES = ("isso==0.14.0", "gunicorn==27.0.1")
CONFIG = """
[general]
dbpath = {folder}/isso.db
host = {origin}
[guard]
enabled = false
[moderation]
enabled = false
"""
APPROVED, PENDING = 1, 2


def installed() -> bool:
    """Whether Isso is there, after trying to install it once."""
    done = HOME / "installed"
    if done.exists():
        return True
    python = HOME / "bin" / "python"
    for command in ([sys.executable, "-m", "venv", HOME], [python, "-m", "pip", "install", "--quiet", *PACKAGES]):
        if subprocess.run([*map(str, command)], check=False, capture_output=True).returncode:  # noqa: S603
            return False
    done.touch()
    return True


class Isso:
    """Isso on SQLite."""

    name = "Isso"

    def fill(self, folder: Path, content: Content) -> None:
        """Start it once so that it makes its tables, then fill them."""
        folder.mkdir(parents=True)
        (folder / "isso.cfg").write_text(CONFIG.format(folder=folder, origin=ORIGIN))
        with self.start(folder):
            pass
        threads = {page: number for number, page in enumerate(content.threads, 1)}
        with closing(sqlite3.connect(folder / "isso.db")) as connection, connection:
            rows = ((number, page, page) for page, number in threads.items())
            connection.executemany("INSERT INTO threads (id, uri, title) VALUES (?, ?, ?)", rows)
            connection.executemany(
                "INSERT INTO comments (tid, id, parent, created, mode, remote_addr, text, author, voters)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                _comments(content, threads),
            )

    def start(self, folder: Path) -> Running:
        """Start it on the data in `folder`."""
        port = free_port()
        command: list[str | Path] = [
            HOME / "bin" / "gunicorn",
            "-b",
            f"127.0.0.1:{port}",
            "-w",
            "2",
            "--preload",
            "isso.run",
        ]
        environ = {"ISSO_SETTINGS": str(folder / "isso.cfg")}
        return Running(Launch(self.name, command, port, "/config", environ, folder / "log"))

    def thread(self, page: str) -> str:
        """The path that reads the thread below `page`."""
        return f"/?uri={quote(page, safe='')}"

    def submission(self, page: str, number: int) -> bytes:
        """The request that submits comment `number` below `page`."""
        text = sentence(random.Random(number))  # noqa: S311
        form = {"author": f"Ada {number}", "email": f"ada.{number}@ada-lovelace.org", "text": text, "title": "Bread"}
        headers = {"Origin": ORIGIN, "X-Forwarded-For": network(number)}
        return post(f"/new?uri={quote(page, safe='')}", form, headers)


def _comments(content: Content, threads: dict[str, int]) -> Iterator[tuple[Any, ...]]:
    number = 0
    for page, thread in threads.items():
        first = number + 1
        for said in content.said(page):
            number += 1
            parent = first + said.parent if said.parent is not None else None
            mode = PENDING if content.waits(page, said) else APPROVED
            text = content.texts[said.text]
            yield thread, number, parent, said.at.timestamp(), mode, "127.0.0.0", text, said.name, b"\0" * 256
