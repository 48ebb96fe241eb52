"""`runner up`, `down`, `worker`, `recover`, `db`, `doctor`: processes, database, installation."""

import json
import os
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from runner.cli.options import format_option
from runner.cli.output import answered_if_nothing_is_stored
from runner.cli.web.serving import check_free, open_browser, page_of, page_options
from runner.cli.wording.fitting import say, show
from runner.cli.wording.help import Group
from runner.environment import environment_for_children
from runner.errors import InputError, UnavailableError
from runner.processes import python_command

if TYPE_CHECKING:
    from runner.local.page import Page
    from runner.local.run_dir import RunDir


@click.command()
@click.option("--ui", is_flag=True, help="Start the live page of the results too.")
@page_options
@click.pass_context
def up(context: click.Context, /, *, ui: bool, **options: Any) -> None:
    """Start a private broker and workers in the background."""
    from runner.local.run_dir import RunDir
    from runner.local.start_stop import start, wait_for_a_worker
    from runner.queue.app import make_app
    from runner.queue.dispatch import send_pending
    from runner.settings import Settings
    from runner.store.opening import make_store

    settings = Settings.from_environment()
    if settings.broker_url:
        raise InputError(
            "RUNNER_BROKER_URL is set, but `runner up` starts a private broker",
            "no RUNNER_BROKER_URL in the environment",
            "use `runner worker` to start a worker for that broker, or unset RUNNER_BROKER_URL",
        )
    if not ui:
        _refuse_page_options(context, options)
    run_dir = RunDir(settings.home)
    page = _page_to_start(run_dir, options) if ui else None
    store = make_store(settings)
    started = start(settings, page=page)
    # Before a worker is ready: what was begun is to be on its queue when one first looks.
    try:
        send_pending(store, make_app(run_dir.broker_url))
    except UnavailableError as error:
        say(f"warning: {error.what}\n  to fix it: {error.fix}")
    wait_for_a_worker(settings, store, say)
    say(
        "broker and workers are running; stop them with `runner down`"
        if started
        else "already running"
    )
    if ui:
        _show_page(run_dir, browser=not options["no_browser"])


def _refuse_page_options(context: click.Context, options: dict[str, Any]) -> None:
    """Raise UsageError if an option of the page was given for no page."""
    for name in options:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name.replace('_', '-')} requires --ui")


def _page_to_start(run_dir: "RunDir", options: dict[str, Any]) -> "Page | None":
    """Return the page to start; None if it runs. Its port is free, or InputError is raised."""
    from runner.local.page import running_page

    page = page_of(options["host"], options["port"], actions=options["allow_actions"])
    running = running_page(run_dir) if run_dir.is_supervised() else None
    if running is None:
        check_free(page)
        return page
    if not running.is_same_as(page):
        raise InputError(
            f"the page is running at {running.address} with other options",
            "the options of the page that is running",
            "run `runner down` first, which stops the broker and workers too",
        )
    return None


def _show_page(run_dir: "RunDir", *, browser: bool) -> None:
    """Wait for the page, print its address and open it in a browser."""
    from runner.local.page import wait_for_page

    page = wait_for_page(run_dir)
    say(f"the page: {page.address}")
    if browser:
        open_browser(page.address)


@click.command()
def down() -> None:
    """Stop the broker, workers and page of `runner up`. Running jobs become pending again."""
    from runner.local.run_dir import RunDir
    from runner.local.start_stop import stop_all
    from runner.settings import Settings

    stopped = stop_all(RunDir(Settings.from_environment().home))
    click.echo("stopped" if stopped else "nothing was running", err=True)


@click.command()
def worker() -> None:
    """Run a worker for the broker at RUNNER_BROKER_URL."""
    from runner.settings import Settings
    from runner.store.opening import make_store

    settings = Settings.from_environment()
    if settings.broker_url is None:
        raise InputError(
            "RUNNER_BROKER_URL is not set",
            "the URL of a Redis server, which carries the messages",
            "set it, or use `runner up`, which starts a private broker",
        )
    # What is wrong with the database is said here, and not by every process that works.
    make_store(settings).close()
    # The worker takes the place of this process, so signals reach it and nothing else.
    os.execve(sys.executable, python_command("workers"), environment_for_children())  # noqa: S606


@click.command()
@format_option
def recover(form: str) -> None:
    """Run recovery once, now. It repairs lost jobs and lost messages."""
    from runner.local.run_dir import RunDir
    from runner.queue.app import make_app
    from runner.queue.dispatch import forget_lost, send_pending
    from runner.queue.recovery import Watch, close_lost
    from runner.settings import Settings
    from runner.store.opening import find_store

    settings = Settings.from_environment()
    with answered_if_nothing_is_stored(form, lost=[], sent=0, running=0):
        store = find_store(settings)
    app = make_app(settings.broker_url or RunDir(settings.home).broker_url)
    repaired = close_lost(store, Watch(settings.lease_seconds))
    try:
        forget_lost(store, app)
        repaired = replace(repaired, sent=send_pending(store, app))
    finally:
        # Also where nothing can be sent: the lost jobs are pending again, and that is saved.
        if form == "json":
            click.echo(json.dumps(asdict(repaired)))
        else:
            click.echo(
                f"{len(repaired.lost)} lost jobs are pending again, {repaired.sent} jobs were "
                f"sent, {repaired.running} attempts are running; an attempt without a heartbeat "
                f"for {settings.lease_seconds:g} s is lost"
            )


@click.group(cls=Group)
def db() -> None:
    """Manage the database."""


@db.command()
def upgrade() -> None:
    """Upgrade the database schema to this version; create a missing database."""
    from runner.settings import Settings
    from runner.store.engine import upgrade as upgrade_database

    upgrade_database(Settings.from_environment().database_url)
    say("the database is up to date")


@click.command()
@format_option
def doctor(form: str) -> None:
    """Check for problems that could lose or damage work. Exits with 1 if there are any."""
    from runner.doctor.examine import examine
    from runner.doctor.finding import of_error
    from runner.errors import InputError
    from runner.settings import Settings

    try:
        findings = list(examine(Settings.from_environment()))
    except InputError as error:
        findings = [of_error(error)]
    if form == "json":
        click.echo(json.dumps({"findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        for found in findings:
            show(f"{found.what}\n  why it matters: {found.why}\n  to fix it: {found.fix}")
        click.echo(f"problems found: {len(findings)}" if findings else "no problems found")
    sys.exit(1 if findings else 0)


COMMANDS = [up, down, worker, recover, db, doctor]
