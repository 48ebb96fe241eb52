"""`runner up`, `down`, `worker`, `recover`, `db`, `doctor`: processes, database, installation."""

import json
import os
import sys
from dataclasses import asdict, replace

import click

from runner.cli.options import format_option
from runner.cli.output import answered_if_nothing_is_stored
from runner.cli.wording.fitting import say, show
from runner.cli.wording.help import Sections
from runner.environment import environment_for_children
from runner.errors import InputError, UnavailableError
from runner.processes import python_command


@click.command()
@click.option("--ui", is_flag=True, help="Also show the results on a live page, until Ctrl-C.")
def up(*, ui: bool) -> None:
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
            "RUNNER_BROKER_URL not to be set",
            "use `runner worker` to start a worker for that broker, or unset RUNNER_BROKER_URL",
        )
    store = make_store(settings)
    started = start(settings)
    # Before a worker is ready: what was begun is to be on its queue when one first looks.
    try:
        send_pending(store, make_app(RunDir(settings.home).broker_url))
    except UnavailableError as error:
        say(f"warning: {error.what}\n  to fix it: {error.fix}")
    wait_for_a_worker(settings, store)
    say(
        "broker and workers are running; stop them with `runner down`"
        if started
        else "already running"
    )
    if ui:
        from runner.cli.web.ui import PORT, serve_page

        serve_page(settings, "127.0.0.1", PORT, browser=True)


@click.command()
def down() -> None:
    """Stop the broker and workers of `runner up`. Running jobs become pending again."""
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


@click.group(cls=Sections)
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
