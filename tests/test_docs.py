"""What the documentation names is there, and is called that."""

import re
import runpy
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from uuid import uuid4

import click
import pytest
from flask import Flask
from people import SITE
from werkzeug.exceptions import MethodNotAllowed

from comments_service import cli, config

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[`$] ?)comments-service((?: +[^\s`#|]+)+)", re.MULTILINE)
SETTING = re.compile(r"\bCOMMENTS_[A-Z_]+\b")
FILE = re.compile(r"`((?:comments_service|tests|scripts|docs)/[\w./-]+)`")
ROUTE = re.compile(r"(?:(?<=[`' ])|(?<=example\.org))/(?:api|s|admin)/[^\s`'\"<>]*")
MAKE = re.compile(r"^make (\w+)", re.MULTILINE)
TESTS_OWN = {"COMMENTS_TEST_DATA"}


@pytest.fixture(params=PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def settings() -> Iterator[str]:
    """The name of every setting, and of the file that may hold a secret one."""
    for setting in fields(config.Settings):
        yield config.PREFIX + setting.name.upper()
        if setting.metadata["secret"]:
            yield f"{config.PREFIX}{setting.name.upper()}_FILE"


def slug(heading: str) -> str:
    """A heading's anchor, as the forges write it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links_of(page: Path) -> list[str]:
    """The links of a page that stay in this repository."""
    return [link for link in LINK.findall(page.read_text()) if not re.match(r"[a-z]+:", link)]


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    goal = page.parent / path if path else page
    return goal.exists() and (
        not anchor or anchor in map(slug, re.findall(r"^#+ (.+)$", goal.read_text(), re.MULTILINE))
    )


def test_the_settings_are_written_by_the_settings() -> None:
    written = runpy.run_path(str(ROOT / "scripts" / "write_settings.py"))["page"]()
    assert (ROOT / "docs" / "settings.md").read_text() == written


def test_every_setting_is_documented() -> None:
    documented = re.findall(r"^### (\S+)$", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert documented == [name for name in settings() if not name.endswith("_FILE")]


def test_every_link_leads_to_something(page: Path) -> None:
    assert [link for link in links_of(page) if not leads_somewhere(page, link)] == []


def test_every_page_can_be_found_from_the_first() -> None:
    found, new = set(), {ROOT / "README.md"}
    while new:
        found |= new
        linked = {(page.parent / link.partition("#")[0]).resolve() for page in new for link in links_of(page)}
        new = {page for page in linked if page.suffix == ".md" and page.exists()} - found
    assert set((ROOT / "docs").glob("*.md")) <= found


def test_every_command_exists_with_its_options(page: Path) -> None:
    for words in COMMAND.findall(page.read_text()):
        command: click.Command = cli.main
        said = shlex.split(words)
        while isinstance(command, click.Group) and said and not said[0].startswith("-"):
            assert said[0] in command.commands, f"comments-service {words}"
            command = command.commands[said.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in said if word.startswith("--")} <= options, f"comments-service {words}"


def test_every_setting_that_is_named_is_one(page: Path) -> None:
    assert set(SETTING.findall(page.read_text())) <= {*settings(), *TESTS_OWN}


def test_every_file_that_is_named_is_there(page: Path) -> None:
    assert [name for name in FILE.findall(page.read_text()) if not (ROOT / name).exists()] == []


def test_every_address_that_is_named_is_served(app: Flask, page: Path) -> None:
    adapter = app.url_map.bind("localhost")
    for address in ROUTE.findall(page.read_text()):
        path = address.partition("?")[0].rstrip(".,:;")
        path = path.replace("SITE", SITE).replace("/ID", f"/{uuid4()}")
        with suppress(MethodNotAllowed):  # it is there, for another verb
            adapter.match(path, method="GET")


def test_every_make_target_that_is_named_is_there(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(MAKE.findall(page.read_text())) <= targets


def test_these_tests_find_what_they_look_for() -> None:
    """Else they would prove nothing."""
    everything = "\n".join(page.read_text() for page in PAGES)
    assert len(COMMAND.findall(everything)) >= 5
    assert len(SETTING.findall(everything)) >= len(fields(config.Settings))
    assert sum(len(links_of(page)) for page in PAGES) >= 5
    assert len(ROUTE.findall(everything)) >= 5
    assert len(FILE.findall(everything)) >= 2
    assert len(MAKE.findall(everything)) >= 2
