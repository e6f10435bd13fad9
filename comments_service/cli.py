"""The commands: set up, run, and look after an instance."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup
from sqlalchemy.exc import DatabaseError, OperationalError

from . import config, create_app, database, demo, http, server
from .accounts import moderators, second_step, tokens
from .accounts.actor import COMMAND_LINE
from .accounts.models import Role
from .administration import settings as site_settings
from .errors import InvalidForm, ServiceError
from .extensions import db
from .moderation import sealing
from .sites import policy, registry
from .spam import evaluate, export, trial
from .widget.pages import DEMO_PAGE, script_integrity, script_version

UNUSABLE = {DatabaseError, OperationalError}  # the classes themselves: locked, full, not there, or no database


class Failure(click.ClickException):
    """A command that could not do its work: one clear line, exit code 1."""

    exit_code = 1


def application() -> Flask:
    """The application of the environment's settings; wrong settings end the command, each one named."""
    try:
        return create_app()
    except config.BadSettings as error:
        raise Failure("these settings cannot be used:\n" + "\n".join(f"  {line}" for line in error.problems)) from error


class Group(FlaskGroup):
    """Flask's own commands and ours, with refusals said in a line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InvalidForm as error:
            raise Failure("; ".join(f"{wrong.field}: {wrong.message}" for wrong in error.errors)) from error
        except ServiceError as error:
            raise Failure(str(error)) from error
        except DatabaseError as error:
            if type(error) not in UNUSABLE:  # a fault of ours, which needs its traceback
                raise
            raise Failure(f"the database cannot be used: {str(error.orig).splitlines()[0]}") from error
        except OSError as error:
            if error.filename is None:
                raise
            raise Failure(f"{error.filename}: {error.strerror}") from error


@click.group(cls=Group, create_app=lambda *_: application(), add_default_commands=False)
def main() -> None:
    """Comments for any page: one snippet to embed, addresses never published."""


def with_database(command: Callable[..., Any]) -> Callable[..., Any]:
    """Bring the database up to date before `command` runs."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        database.upgrade()
        return command(*args, **kwargs)

    return run


@main.command()
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on.")
@with_database
def run(host: str | None, port: int | None) -> None:
    """Run the production server."""
    serve(host, port)


@main.command("demo")
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on.")
@with_database
def run_demo(host: str | None, port: int | None) -> None:
    """Set up a demonstration site with an article and a moderator, and run it."""
    settings = server.settings_for(config.current(), host, port)
    link = demo.prepare(settings.address, http.sealer(), http.signer(), http.now())
    click.echo(f"The article, with its comments:   {settings.address}{DEMO_PAGE}")
    click.echo(f"Sign in as its moderator, once:   {settings.address}/admin/sign-in/{link}")
    click.echo("Stop it with Ctrl+C.")
    serve(host, port)


def serve(host: str | None, port: int | None) -> None:
    """Serve until stopped, with what the command line says above the settings."""
    settings = server.settings_for(config.current(), host, port)
    db.engine.dispose()  # the workers open connections of their own
    server.serve(settings)


@main.group()
def site() -> None:
    """The websites that embed this service."""


@site.command("add")
@click.argument("key")
@click.option(
    "--origin", "origins", multiple=True, required=True, help="Where its pages are served from; may be repeated."
)
@with_database
def add_site(key: str, origins: tuple[str, ...]) -> None:
    """Let the website KEY embed this service."""
    rules = policy.checked({"moderation": config.current().moderation})
    added = registry.add(key, list(origins), rules, http.now())
    click.echo(f"Added the site {added.id} for {', '.join(added.origins)}. Paste this where its comments belong:")
    click.echo(f'  <comments-thread site="{added.id}"></comments-thread>')
    click.echo(f'  <script async src="{config.current().address}/embed.js"></script>')


@site.command("settings")
@click.argument("key")
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
@with_database
def settings_of_site(key: str, changes: tuple[str, ...]) -> None:
    """Change settings of the site KEY, like hold_at=1.5 or hold_words=casino,name:seo; without any, print them."""
    if not changes:
        found = site_settings.values(registry.find(key))
        for setting in site_settings.SETTINGS:
            click.echo(f"{setting.name}={setting.written(found[setting.name], ',')}\n    {setting.sentence}")
        return
    saved = site_settings.save(key, given(changes), COMMAND_LINE, http.now())
    click.echo("Saved." if saved.event else "Nothing was changed.")
    if saved.rescored:
        tell_rescored(saved.rescored)


def given(changes: tuple[str, ...]) -> dict[str, Any]:
    """The settings that words like hold_at=1.5 give; ends the command for a word that is none."""
    found = {}
    for change in changes:
        name, sign, text = change.partition("=")
        if not sign or name not in site_settings.BY_NAME:
            raise click.UsageError(
                f"{name} is no setting, or lacks its =VALUE; `comments-service site settings KEY` lists them"
            )
        found[name] = site_settings.BY_NAME[name].typed(text, ",")
    return found


@main.command()
@click.argument("key")
def snippet(key: str) -> None:
    """Print what the site KEY pastes to pin the script: browsers run this very version, or none."""
    name, address = registry.find(key).id, config.current().address
    click.echo(f'<comments-thread site="{name}"></comments-thread>')
    source = f"{address}/embed.{script_version()}.js"
    click.echo(f'<script async src="{source}" crossorigin integrity="{script_integrity()}"></script>')


as_role = click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.MODERATOR.value,
    show_default=True,
    help="What to be on those sites; an owner also settles who moderates, and by which rules.",
)


@main.group()
def moderator() -> None:
    """The people who decide."""


@moderator.command("add")
@click.argument("email")
@click.option("--name", help="The name that replies are signed with; the part before the @ when not given.")
@click.option(
    "--site", "sites", multiple=True, help="A site to decide for; when not given, EMAIL administers the whole instance."
)
@as_role
@with_database
def add_moderator(email: str, name: str | None, sites: tuple[str, ...], role: str) -> None:
    """Make EMAIL a moderator, and print a link that signs in once; again for a new link."""
    _, link = moderators.add(email, name, dict.fromkeys(sites, Role(role)), http.sealer(), http.now())
    click.echo("This link signs in once, within a day:")
    click.echo(f"{config.current().address}/admin/sign-in/{link}")


@moderator.command("reset-codes")
@click.argument("email")
@with_database
def reset_codes(email: str) -> None:
    """Take codes and passkeys off EMAIL, and sign EMAIL out everywhere: the phone and the recovery codes are lost."""
    found = moderators.find(moderators.normalised(email), http.sealer())
    if found is None:
        raise Failure("there is no such moderator")
    second_step.reset(found.id)
    click.echo("The password, or a link from `moderator add`, is enough again. Every browser is signed out.")


@main.group()
def token() -> None:
    """Tokens for programs that moderate."""


@token.command("add")
@click.argument("name")
@click.option(
    "--site", "sites", multiple=True, help="A site to act for; when not given, it administers the whole instance."
)
@as_role
@with_database
def add_token(name: str, sites: tuple[str, ...], role: str) -> None:
    """Make an API token called NAME, and print it; it is shown this once."""
    text = tokens.add(name, sites, http.now(), Role(role))
    click.echo(f"Made the token {name}. It is shown this once:")
    click.echo(text)


@main.group()
def spam() -> None:
    """The filter that learns from decisions."""


def numbers(text: str) -> list[int]:
    """The whole numbers in a text like 10,20,50; raises `ValueError`."""
    return [int(part) for part in text.split(",")]


@spam.command("evaluate", with_appcontext=False)
@click.argument("train", type=click.Path(path_type=Path))
@click.argument("test", type=click.Path(path_type=Path))
@click.option("--learning-curve", "steps", type=numbers, help="Numbers of decisions to test after, like 10,20,50.")
def evaluate_filter(train: Path, test: Path, steps: list[int] | None) -> None:
    """Teach a new filter the decisions in TRAIN and measure it on those in TEST, both JSON lines."""
    try:
        learned, asked = evaluate.read_rows(train), evaluate.read_rows(test)
    except (OSError, evaluate.BadRow) as error:
        raise Failure(str(error)) from error
    results = evaluate.learning_curve(learned, asked, steps) if steps else [evaluate.evaluate(learned, asked)]
    for figures in results:
        click.echo(json.dumps(figures))


@spam.command("export")
@click.argument("key")
@with_database
def export_decisions(key: str) -> None:
    """Print the decisions that the filter of the site KEY remembers, as JSON lines."""
    for line in export.decisions(registry.find(key).id):
        click.echo(json.dumps(line, ensure_ascii=False))


def listed(text: str) -> list[str]:
    """The entries of a text like casino,name:seo."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


@spam.command("try")
@click.argument("key")
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--hold-at", type=float, help="Points from which a comment waits.")
@click.option("--spam-at", type=float, help="Points from which it is spam.")
@click.option("--max-links", type=int, help="Links that cost nothing.")
@click.option("--hold-words", type=listed, help="Entries that hold a comment, like casino,name:seo.")
@click.option("--spam-words", type=listed, help="Entries that make it spam.")
@click.option("--moderation", type=click.Choice(["all", "first", "none"]), help="What is held whatever its points.")
@click.option("--last", type=click.IntRange(1, trial.MOST), default=500, help="How many comments to try it on.")
@with_database
def try_policy(key: str, changes: tuple[str, ...], last: int, **rules: Any) -> None:
    """Say what the site KEY would have done with its last comments under other rules. Nothing is changed.

    Rules are given by options, or like any other setting as NAME=VALUE; those that are not given stand as they are.
    """
    wanted = {**given(changes), **{name: value for name, value in rules.items() if value is not None}}
    tried = site_settings.tried(key, wanted, COMMAND_LINE, last)
    click.echo(f"Would have held {tried.held} of the last {tried.of}, {tried.held_approved} of them approved by you.")
    click.echo(f"Would have sent {tried.spam} to spam, {tried.spam_approved} of them approved by you.")
    click.echo(f"Would have published {tried.published}, {tried.published_spam} of them spam by your decision.")


@spam.command("rescore")
@click.argument("key")
@with_database
def rescore_queue(key: str) -> None:
    """Score what waits on the site KEY anew, by the rules and the filter of today."""
    tell_rescored(site_settings.rescore(registry.find(key).id, COMMAND_LINE, http.now()))


def tell_rescored(done: trial.Rescored) -> None:
    """Say what came of scoring anew what waits."""
    click.echo(
        f"Scored {done.of} held comments: {done.changed} have other points now, {done.spam} of them went to spam."
    )


@main.command()
def check() -> None:
    """Look at the settings, the database, the schema and the log, and say what is wrong."""
    current = database.is_current()
    click.echo(f"settings: fine, in {current_app.instance_path}")
    click.echo(f"database: {db.engine.dialect.name}, schema {'up to date' if current else 'to be upgraded by run'}")
    if not current:
        raise Failure("the schema is not up to date")
    verify_log()


def verify_log() -> None:
    """Hold the moderators' log against its seals; the first row that was changed, added or removed is a failure."""
    for log in sealing.verify():
        if log.broken:
            raise Failure(f"the log was changed: {log.broken}")
        click.echo(f"log of {log.site_id}: {log.seals} entries as they were written, the last is {log.digest.hex()}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the SQLite database to FILE, whole, while the service runs."""
    database.backup(file)
    click.echo(f"Wrote {file}.")


if __name__ == "__main__":
    sys.exit(main())
