"""A PostgreSQL server for the benchmark: the one that the tests start."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .process import ROOT

Cluster = Any  # the tests' class


def _tests() -> Any:
    """The tests' module, which is no part of a package; None without the driver."""
    if importlib.util.find_spec("psycopg") is None:
        return None
    sys.path.append(str(ROOT / "tests"))
    try:
        return importlib.import_module("postgresql")
    finally:
        sys.path.pop()


def available() -> bool:
    """Whether the server and its driver are there."""
    tests = _tests()
    return tests is not None and tests.find_programs() is not None


@contextmanager
def server(folder: Path | None = None) -> Iterator[Cluster]:
    """A running server, in `folder` what an earlier run left there; without one, gone at the end."""
    tests = _tests()
    cluster = tests.Cluster(tests.find_programs(), folder)
    try:
        yield cluster
    finally:
        if folder:
            cluster.stop()
        else:
            cluster.remove()


def add_database(cluster: Cluster, name: str) -> str:
    """A new database; gives its address."""
    cluster.administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    cluster.administer(f"CREATE DATABASE {name} OWNER comments TEMPLATE template0")
    return str(cluster.address(name))
