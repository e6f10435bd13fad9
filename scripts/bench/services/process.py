"""A server as a process of its own on a free port, ended with all its children."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"
PATIENCE = 60
ROOT = Path(__file__).parents[3]
Answer = tuple[int, dict[str, str], bytes]


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Launch:
    """How a server is started; it listens on `port` and has begun once `first` is answered with 200."""

    name: str
    command: Sequence[str | Path]
    port: int
    first: str
    environ: Mapping[str, str]
    log: Path


class Running:
    """A started server, ready for requests."""

    def __init__(self, launch: Launch) -> None:
        self.name, self.port, self._log = launch.name, launch.port, launch.log
        self.url = f"http://{HOST}:{launch.port}"
        began = time.perf_counter()
        with launch.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                [*map(str, launch.command)],
                env={"PATH": os.environ["PATH"], "HOME": str(launch.log.parent), **launch.environ},
                cwd=ROOT,
                stdout=log,
                stderr=log,
                process_group=0,  # one session with the benchmark, so that the kernel shares out time alike
            )
        self._wait(launch.first)
        self.seconds_to_start = time.perf_counter() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it politely, then its whole group without asking."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """One read on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def _wait(self, path: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(OSError, http.client.HTTPException):
                if self.get(path)[0] == 200:
                    return
            time.sleep(0.005)  # nothing tells when a port opens
        self.stop()
        raise RuntimeError(f"{self.name} did not start:\n{self._log.read_text()[-2000:]}")
