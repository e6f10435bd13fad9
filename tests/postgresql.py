"""A PostgreSQL server of the tests' own, from Debian's package: no port, no disk syncs, gone at the end."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

ROLE = "comments"  # owns its databases and may do nothing else, as the documentation asks
TEMPLATE = "migrated"
PATIENCE_SECONDS = 30
MEMORY = Path("/dev/shm")
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 300
shared_buffers = 64MB
fsync = off                   # a killed server loses nothing by it, only a power cut would
full_page_writes = off
autovacuum = off
max_wal_senders = 0
wal_level = minimal
min_wal_size = 512MB
deadlock_timeout = 200ms
log_min_messages = panic
"""
# Appended, and so stronger, while there is a standby.
REPLICATED = """
wal_level = replica
max_wal_senders = 4
"""
STANDBY_PORT = 5433
BOUNCER = """
[databases]
* = host={folder}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {port}
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 4
server_login_retry = 1
query_wait_timeout = 10
logfile = {folder}/pgbouncer.log
"""
BOUNCER_PORT = 6432


def find_programs() -> Path | None:
    """The folder of Debian's newest PostgreSQL, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def find_bouncer() -> str | None:
    """The program PgBouncer, which Debian puts where not everybody looks; or None."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


def _as_postgres() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; who is not root runs it as himself."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def roomy_memory() -> Path | None:
    """Where files are memory, if there is enough: a database for each test is much to write to a disk."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2 << 30 else None


class Cluster:
    """A server with its own folder, a new one or what is in `folder`; `programs` is where its binaries are."""

    def __init__(self, programs: Path, folder: Path | None = None) -> None:
        self._programs = programs
        # A socket's path has at most 107 bytes, and the user `postgres` may not enter pytest's folder.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="comments-pg-", dir=roomy_memory()))
        self._data = self.folder / "data"
        if self._data.exists():
            self.start()
        else:
            self._make()

    def _make(self) -> None:
        self.folder.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.folder.chmod(0o755)
        self.run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION.format(folder=self.folder))
        self.start()
        self.administer(f"CREATE ROLE {ROLE} LOGIN")

    def start(self) -> None:
        self.run("pg_ctl", "start", "--wait", "--silent", "--log", str(self.folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        """End the server: `fast` says goodbye to everybody, `immediate` is as if it had crashed."""
        self.run("pg_ctl", "stop", "--wait", "--silent", "--mode", mode)

    @contextmanager
    def away(self, mode: str) -> Iterator[None]:
        """The server is not there, and then it is again."""
        self.stop(mode)
        try:
            yield
        finally:
            self.start()

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, database: str, port: int | None = None) -> str:
        """The SQLAlchemy URL of `database` for the role that the service has."""
        behind = f"&port={port}" if port else ""
        return f"postgresql+psycopg://{ROLE}@/{database}?host={self.folder}{behind}"

    def administer(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run `statement` as the server's owner; its rows, if it has any."""
        with psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The name of a new database like `template`, there until the end."""
        name = f"test_{secrets.token_hex(6)}"
        self.administer(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template} STRATEGY file_copy")
        yield name
        self.administer(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def bouncer(self) -> Iterator[int]:
        """The port of a PgBouncer before this server that hands each transaction another connection."""
        file = self.folder / "pgbouncer.ini"
        (self.folder / "users.txt").write_text(f'"{ROLE}" ""\n')
        file.write_text(BOUNCER.format(folder=self.folder, port=BOUNCER_PORT))
        command = [find_bouncer() or "pgbouncer", "--quiet", str(file)]
        process = subprocess.Popen(command, **_as_postgres(), stderr=subprocess.DEVNULL)
        try:
            socket = self.folder / f".s.PGSQL.{BOUNCER_PORT}"
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not socket.exists():
                assert process.poll() is None, (self.folder / "pgbouncer.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)  # nothing tells when a socket is made
            yield BOUNCER_PORT
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)

    @contextmanager
    def standby(self) -> Iterator["Standby"]:
        """A streaming replica of this server, which is restarted for it."""
        configuration = self._data / "postgresql.conf"
        before = configuration.read_text()
        with self.away("fast"):
            configuration.write_text(before + REPLICATED)
        standby = Standby(self)
        try:
            yield standby
        finally:
            standby.remove()
            with self.away("fast"):
                configuration.write_text(before)

    def run(self, program: str, *words: str, data: Path | None = None) -> None:
        """Run one of PostgreSQL's programs on this server's folder, or on the one given."""
        command = [str(self._programs / program), "--pgdata", str(data or self._data), *words]
        # The server that pg_ctl leaves behind would hold a pipe open for ever.
        with (self.folder / "said").open("a+") as said:
            done = subprocess.run(
                command, **_as_postgres(), cwd=self.folder, stdout=said, stderr=said, check=False, timeout=60
            )
            if done.returncode:
                said.seek(0)
                raise AssertionError(f"{program} failed: {said.read()}")


class Standby:
    """A server that replays what `primary` writes; who asks it reads only."""

    def __init__(self, primary: Cluster) -> None:
        self._primary = primary
        self._data = primary.folder / "standby"
        copied = ("--host", str(primary.folder), "--username", "postgres", "--write-recovery-conf")
        primary.run("pg_basebackup", *copied, "--checkpoint", "fast", "--no-sync", data=self._data)
        self.start()

    def address(self, database: str) -> str:
        """The SQLAlchemy URL of its copy of `database`."""
        return self._primary.address(database, STANDBY_PORT)

    def start(self) -> None:
        log = str(self._primary.folder / "standby-log")
        self._primary.run(
            "pg_ctl", "start", "--wait", "--silent", "--log", log, "-o", f"-p {STANDBY_PORT}", data=self._data
        )

    def stop(self) -> None:
        self._primary.run("pg_ctl", "stop", "--wait", "--silent", "--mode", "fast", data=self._data)

    @contextmanager
    def away(self) -> Iterator[None]:
        """It is not there, and then it is again."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def behind(self) -> Iterator[None]:
        """It falls behind: it takes in what the primary writes, and replays nothing of it."""
        self._administer("SELECT pg_wal_replay_pause()")
        self._primary.administer("SELECT pg_logical_emit_message(true, '', '')")  # it looks when something comes
        self._wait_until("SELECT pg_get_wal_replay_pause_state() = 'paused'")
        try:
            yield
        finally:
            self._administer("SELECT pg_wal_replay_resume()")

    def catch_up(self) -> None:
        """Wait until it has replayed all that the primary has written so far."""
        (position,) = self._primary.administer("SELECT pg_current_wal_flush_lsn()")[0]
        self._wait_until(f"SELECT pg_last_wal_replay_lsn() >= '{position}'")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._data)

    def _administer(self, statement: str) -> Any:
        with psycopg.connect(
            host=str(self._primary.folder), port=STANDBY_PORT, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            return (connection.execute(statement).fetchone() or [None])[0]

    def _wait_until(self, question: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._administer(question):
            assert time.monotonic() < deadline, question
            time.sleep(0.02)  # nothing tells how far a standby is
