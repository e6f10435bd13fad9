"""What our figures are compared with in the same run: the bare answer, and the yardsticks."""

import sys
from pathlib import Path

from .process import Launch, Running, free_port


def start(kind: str, folder: Path) -> Running:
    """Start `bare`, `yardstick` or `libraries` under our server, on the instance in `folder`."""
    port = free_port()
    command = [sys.executable, "-m", "scripts.bench.services.same_server", kind, f"{folder}:{port}"]
    return Running(Launch(kind, command, port, "/healthz", {}, folder / f"{kind}.log"))
