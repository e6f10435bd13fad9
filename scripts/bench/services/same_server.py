"""Another application under our server, with its very settings: `python -m … bare|yardstick|libraries FOLDER:PORT`."""

import gc
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from comments_service import config, server

from . import libraries, yardstick

BARE = b"hello world"


class Bare:
    """The shortest answer that this server can give: 11 bytes, from the event loop."""

    def __init__(self, *_: Any) -> None:
        pass

    def __rsgi_init__(self, loop: Any) -> None:
        gc.freeze()  # as the front does

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        protocol.response_bytes(200, [("content-type", "text/plain"), ("content-length", "11")], BARE)


class NoCache:
    """Has nothing."""

    def fresh(self, path: str, query: str) -> None:
        return None

    def shared(self, path: str, query: str) -> None:
        return None


class Plain(server.Front):
    """The front without a cache, and with a thread that delivers nothing."""

    def __init__(self, app: Flask, settings: config.Settings) -> None:
        app.extensions["cache"] = NoCache()
        super().__init__(app, settings)
        self._delivery = threading.Thread()


def main(kind: str, folder: str) -> None:
    """Serve one of them instead of our application."""
    settings = config.load({"COMMENTS_PORT": folder.rpartition(":")[2]}, instance_path=Path(folder.rpartition(":")[0]))
    applications: dict[str, Callable[[config.Settings], Flask]] = {
        "bare": lambda _: Flask(__name__),
        "yardstick": lambda given: yardstick.create_app(given.database),
        "libraries": lambda given: libraries.create_app(given.instance_path),
    }
    replaced: dict[str, Any] = {"Front": Bare if kind == "bare" else Plain, "create_app": applications[kind]}
    for name, value in replaced.items():
        setattr(server, name, value)
    server.serve(settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
