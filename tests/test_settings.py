"""Settings: each once, documented, and refused by name when wrong."""

from dataclasses import fields
from pathlib import Path

import pytest

from comments_service import config

ROOT = Path(__file__).parent.parent


def test_every_setting_has_its_heading_in_the_documentation() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    for setting in fields(config.Settings):
        assert f"### COMMENTS_{setting.name.upper()}\n\n{setting.metadata['doc']}" in page


def test_all_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('moderation = "maybe"\ncolour = "red"\n')
    environ = {
        "COMMENTS_INSTANCE_PATH": str(tmp_path),
        "COMMENTS_PORT": "eighty",
        "COMMENTS_SUBMIT_LIMITS": "lots",
        "COMMENTS_TRUSTED_PROXIES": "somewhere",
        "COMMENTS_DATABASE_URL": "mysql://secret-password@host/db",
        "COMMENTS_PROT": "8000",
    }
    with pytest.raises(config.BadSettings) as refused:
        config.load(environ)
    text = str(refused.value)
    for name in (
        "PORT='eighty'",
        "SUBMIT_LIMITS",
        "TRUSTED_PROXIES",
        "DATABASE_URL",
        "PROT is not",
        "moderation",
        "colour",
    ):
        assert name in text
    assert "secret-password" not in text


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('port = 9000\nmoderation = "none"\n')
    settings = config.load({"COMMENTS_INSTANCE_PATH": str(tmp_path), "COMMENTS_PORT": "9001"})
    assert (settings.port, settings.moderation) == (9001, "none")


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://:word@localhost/0\n")
    environ = {"COMMENTS_INSTANCE_PATH": str(tmp_path), "COMMENTS_LIMITER_URL_FILE": str(tmp_path / "url")}
    assert config.load(environ).limiter_url == "redis://:word@localhost/0"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("postgres://mia@host/db", "postgresql+psycopg://mia@host/db"),
        ("postgresql://mia:word@host:5433/db", "postgresql+psycopg://mia:word@host:5433/db"),
        ("sqlite:////var/lib/x.sqlite3", "sqlite:////var/lib/x.sqlite3"),
    ],
)
def test_usual_spellings_of_a_database_are_understood(tmp_path: Path, written: str, meant: str) -> None:
    environ = {"COMMENTS_INSTANCE_PATH": str(tmp_path), "COMMENTS_DATABASE_URL": written}
    assert config.load(environ).database == meant


def test_trusted_proxies_are_networks(tmp_path: Path) -> None:
    environ = {"COMMENTS_INSTANCE_PATH": str(tmp_path), "COMMENTS_TRUSTED_PROXIES": "10.0.0.1, 2001:db8::/32"}
    assert [str(n) for n in config.load(environ).trusted_proxies] == ["10.0.0.1/32", "2001:db8::/32"]


def test_a_replica_is_of_a_database_that_has_replicas(tmp_path: Path) -> None:
    def refusal(**urls: str) -> str:
        with pytest.raises(config.BadSettings) as refused:
            config.load({"COMMENTS_INSTANCE_PATH": str(tmp_path), **urls})
        return str(refused.value)

    replica, primary = "COMMENTS_READ_DATABASE_URL", "COMMENTS_DATABASE_URL"
    assert refusal(**{replica: "sqlite:///copy.sqlite3"}).startswith(f"{replica}: expected postgresql://")
    assert f"{primary} names no PostgreSQL" in refusal(**{replica: "postgresql://replica/comments"})
    both = {replica: "postgresql://replica/comments", primary: "postgresql://primary/comments"}
    found = config.load({"COMMENTS_INSTANCE_PATH": str(tmp_path), **both})
    assert found.read_database_url == "postgresql+psycopg://replica/comments"
