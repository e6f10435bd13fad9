"""Reads, by wrk (Debian's package): one thread of it, a closed loop."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .load import Answers, BadRun, Load, measured
from .services.process import Running

# Requests are made before the clock runs. At the end the numbers are printed as JSON.
SCRIPT = """
local paths = {}
local requests = {}
local next = 0
for path in io.lines("%(paths)s") do paths[#paths + 1] = path end
init = function() for i, path in ipairs(paths) do requests[i] = wrk.format("GET", path) end end
request = function() next = next %% #requests + 1; return requests[next] end
"""
DONE = """
done = function(summary, latency)
  io.write(string.format('FIGURES {"number":%d,"micros":%d,"p50":%f,"p99":%f,"bad":%d,"broken":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Reads:
    """Which reads: the paths in turn, and the headers of each."""

    paths: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = 16


def available() -> bool:
    """Whether wrk is there."""
    return shutil.which("wrk") is not None


def run(service: Running, reads: Reads, seconds: float) -> Load:
    """Read for `seconds`; raises `BadRun` when answers fail."""
    return measured(service.process.pid, lambda: _answers(service, reads, seconds))


def _answers(service: Running, reads: Reads, seconds: float) -> Answers:
    with tempfile.TemporaryDirectory() as folder:
        paths, script = Path(folder, "paths"), Path(folder, "script.lua")
        paths.write_text("\n".join(reads.paths))
        turns = SCRIPT % {"paths": paths} if len(reads.paths) > 1 else ""
        script.write_text(turns + DONE)
        command = ["wrk", "-t1", f"-c{reads.connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
        command += ["--latency", "-s", str(script)]
        for name, value in reads.headers.items():
            command += ["-H", f"{name}: {value}"]
        said = subprocess.run(  # noqa: S603
            [*command, f"{service.url}{reads.paths[0]}"], capture_output=True, text=True, check=False
        )
    figures = re.search(r"FIGURES (.*)", said.stdout)
    if not figures:
        raise BadRun(f"wrk failed: {said.stderr or said.stdout}")
    return _checked(json.loads(figures[1]), service)


def _checked(figures: dict[str, float], service: Running) -> Answers:
    if figures["bad"] or figures["broken"] > figures["number"] / 100:  # none at all in the time given is just slow
        raise BadRun(f"{service.name} did not answer as it should: {figures}")
    return Answers(int(figures["number"]), figures["micros"] / 1e6, figures["p50"], figures["p99"])
