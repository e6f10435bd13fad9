"""The owner measures the filter, and takes what it learned with her."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from people import SITE, Commenter, Mia

from comments_service import cli, http
from comments_service.accounts.actor import COMMAND_LINE
from comments_service.extensions import db
from comments_service.moderation import purge


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Sixty decisions on Ada and Eve in turn."""
    file = tmp_path / "rows.jsonl"
    lines = (
        {"name": "Eve", "body": f"Buy pills at http://evil.example/{place}", "spam": True}
        if place % 2
        else {"name": "Ada", "body": f"Page {place} is a good read.", "spam": False}
        for place in range(60)
    )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return file


def runs(app: Flask, monkeypatch: pytest.MonkeyPatch, *line: object) -> Result:
    """Run a command of this instance."""
    monkeypatch.setattr(cli, "application", lambda: app)
    db.session.rollback()
    return CliRunner().invoke(cli.main, ["spam", *map(str, line)])


def test_the_filter_is_measured_without_an_instance(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMENTS_INSTANCE_PATH", str(tmp_path / "instance"))
    done = CliRunner().invoke(cli.main, ["spam", "evaluate", str(rows), str(rows)])
    assert (done.exit_code, len(done.output.splitlines())) == (0, 1)
    assert json.loads(done.output)["mcc"] == 1.0
    assert not (tmp_path / "instance").exists()


def test_the_curve_is_a_line_for_each_number(rows: Path) -> None:
    done = CliRunner().invoke(cli.main, ["spam", "evaluate", str(rows), str(rows), "--learning-curve", "10,30,60"])
    assert [json.loads(line)["decisions"] for line in done.output.splitlines()] == [10, 30, 60]


@pytest.mark.parametrize("numbers", ["ten", "10;20", "10,,20"])
def test_numbers_that_are_none_are_refused(rows: Path, numbers: str) -> None:
    assert (
        CliRunner().invoke(cli.main, ["spam", "evaluate", str(rows), str(rows), "--learning-curve", numbers]).exit_code
        == 2
    )


def test_a_file_that_is_not_there_or_not_such_is_named(rows: Path, tmp_path: Path) -> None:
    gone = CliRunner().invoke(cli.main, ["spam", "evaluate", str(rows), str(tmp_path / "gone.jsonl")])
    assert (gone.exit_code, "gone.jsonl" in gone.output) == (1, True)
    rows.write_text("{}\n", "utf-8")
    bad = CliRunner().invoke(cli.main, ["spam", "evaluate", str(rows), str(rows)])
    assert (bad.exit_code, "rows.jsonl, line 1" in bad.output) == (1, True)


def test_what_mia_decided_is_exported_as_it_is_evaluated(
    app: Flask, ada: Commenter, ben: Commenter, mia: Mia, monkeypatch: pytest.MonkeyPatch
) -> None:
    mia.decides(ben.submits("Kaufen Sie günstig!", website="https://evil.example"), "spam")
    mia.approves(ada.submits("First!"))
    ada.submits("Still waiting")
    exported = [json.loads(line) for line in runs(app, monkeypatch, "export", SITE).output.splitlines()]
    assert [(row["name"], row["body"], row["spam"]) for row in exported] == [
        ("Ben", "Kaufen Sie günstig!", True),
        ("Ada", "First!", False),
    ]
    assert exported[0]["website"] == "https://evil.example"
    assert "@" not in json.dumps(exported)


def test_what_was_purged_has_no_text_to_export(
    app: Flask, ada: Commenter, mia: Mia, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ada.submits("Buy!")
    mia.decides(answer, "spam")
    purge.purge([UUID(answer.json["comment"]["id"])], COMMAND_LINE, http.now())
    assert runs(app, monkeypatch, "export", SITE).output == ""


def test_the_export_of_no_site_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs(app, monkeypatch, "export", "nosite").exit_code == 1
