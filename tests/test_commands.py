"""The owner at her command line: each command says what it did, and what is wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "comments_service.cli"]


@pytest.fixture
def said(tmp_path: Path):
    """Run a command in an instance of its own; its exit code, output and errors."""

    def run(*words: str, **environ: str) -> tuple[int, str, str]:
        bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COMMENTS_INSTANCE_PATH": str(tmp_path / "instance")}
        done = subprocess.run(
            [*COMMAND, *words], env={**bare, **environ}, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_site_is_added_with_its_snippet(said) -> None:
    code, out, err = said("site", "add", "blog", "--origin", "https://blog.example/")
    assert (code, err) == (0, "")
    assert '<comments-thread site="blog"></comments-thread>' in out
    assert '<script async src="http://127.0.0.1:8000/embed.js"></script>' in out


def test_a_site_cannot_be_added_twice_or_wrongly(said) -> None:
    said("site", "add", "blog", "--origin", "https://blog.example")
    assert said("site", "add", "blog", "--origin", "https://blog.example")[0] == 1
    code, _, err = said("site", "add", "shop", "--origin", "shop.example/path")
    assert code == 1
    assert "is not an origin" in err
    assert said("site", "add", "shop")[0] == 2


def test_a_moderator_gets_a_link_and_a_new_one_each_time(said) -> None:
    code, out, _ = said("moderator", "add", "mia@moderators.org")
    link = re.search(r"http://127.0.0.1:8000/admin/sign-in/\S+", out)
    assert code == 0
    assert link is not None
    assert link[0] not in said("moderator", "add", "mia@moderators.org")[1]
    assert said("moderator", "add", "nobody")[0] == 1


def test_a_token_is_the_last_line(said) -> None:
    code, out, _ = said("token", "add", "robot")
    assert code == 0
    assert len(out.strip().splitlines()[-1]) >= 32


def test_wrong_settings_are_said_in_lines(said) -> None:
    code, _, err = said("site", "add", "blog", "--origin", "https://b.example", COMMENTS_PORT="x", COMMENTS_HSOT="y")
    assert code == 1
    assert "COMMENTS_PORT='x'" in err
    assert "COMMENTS_HSOT is not a setting" in err
    assert "Traceback" not in err


def test_an_unsafe_secret_stops_the_start(said, tmp_path: Path) -> None:
    said("site", "add", "blog", "--origin", "https://blog.example")
    (tmp_path / "instance" / "secret.key").chmod(0o644)
    code, _, err = said("check")
    assert code == 1
    assert "chmod 600" in err


def test_check_and_backup_look_after_the_instance(said, tmp_path: Path) -> None:
    assert said("check")[0] == 1
    said("site", "add", "blog", "--origin", "https://blog.example")
    assert said("check")[0] == 0
    copy = tmp_path / "copy.sqlite3"
    assert said("backup", str(copy))[0] == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    assert said("backup", str(copy))[0] == 1


def test_a_start_loads_no_library_that_few_need() -> None:
    seldom = {
        "alembic",
        "cryptography",
        "disposable_email_domains",
        "nh3",
        "psycopg",
        "pyromark",
        "redis",
        "segno",
        "webauthn",
    }
    loaded = "import sys, comments_service.cli, comments_service.server; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert not seldom & set(names)


@pytest.mark.parametrize("words", [[], ["run"], ["demo"], ["site", "add"], ["moderator", "add"], ["token", "add"]])
def test_every_command_explains_itself(said, words: list[str]) -> None:
    code, out, _ = said(*words, "--help")
    assert code == 0
    assert "Usage:" in out
