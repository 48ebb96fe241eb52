"""`runner status`, `watch` and `show`: what happens and what happened."""

import json
from dataclasses import replace
from textwrap import shorten
from typing import Any

import click

from runner.api.checks import LIMITS
from runner.cli.options import (
    EXPERIMENT,
    JOB,
    TRIAL,
    columns_option,
    format_option,
    wide_option,
)
from runner.cli.output import (
    answered_if_nothing_is_stored,
    open_store,
    report_view,
    terminal_view,
)
from runner.cli.wording.fitting import say, warn

SHOWN_EXPERIMENTS = 20
SHOWN_JOBS = 1000
REASON_WIDTH = 60
NOTHING = "no experiments to list: see `runner submit --help`"

# Columns that are shown if they have anything to say.
OF_SOME = ("name", "tags", "archived")


@click.command()
@click.argument("experiment", type=EXPERIMENT, required=False)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    help="List only experiments with this tag; repeatable.",
)
@click.option("--all", "archived", is_flag=True, help="Include archived experiments.")
@click.option(
    "--limit",
    type=click.IntRange(*LIMITS["limit"]),
    default=SHOWN_JOBS,
    show_default=True,
    help="Show at most this many jobs of EXPERIMENT, failed and running ones first.",
)
@format_option
def status(
    experiment: int | None, tags: tuple[str, ...], limit: int, form: str, *, archived: bool
) -> None:
    """Show the newest experiments, or the jobs of one."""
    from runner.local.liveness import local_trouble, unmet_needs, why_nothing_runs, workers_alive
    from runner.local.page import page_address
    from runner.specs import Configuration
    from runner.store import queries
    from runner.store.names import read_tags

    tags = read_tags(tags)
    if experiment is not None:
        settings, store = open_store()
        return _status_of_one(settings, store, experiment, limit, form)
    with answered_if_nothing_is_stored(form, workers=[], page=None, waiting=None, experiments=[]):
        settings, store = open_store()
    alive = workers_alive(settings, store)
    rows = [
        {
            "experiment": found.id,
            "name": found.name,
            "tags": found.tags,
            "kind": found.kind,
            "dataset": Configuration(found.configuration).dataset.title,
            "jobs": found.jobs,
            **{state: found.states[state] for state in found.states},
            "paused": found.paused_at is not None,
            "archived": found.archived_at is not None,
        }
        for found in queries.experiments(store, SHOWN_EXPERIMENTS, archived=archived, tags=tags)
    ]
    trouble, page = local_trouble(settings), page_address(settings)
    waiting = unmet_needs(store, alive) if alive else None
    if form == "json":
        workers = [vars_of(row) for row in alive]
        said = {"workers": workers, "page": page, "trouble": trouble, "waiting": waiting}
        click.echo(json.dumps({**said, "experiments": rows}))
        return None
    under_way = _show_experiments(store, _said(rows), len(alive))
    if page is not None:
        say(f"the page: {page}")
    if (words := why_nothing_runs(settings, store) if under_way else trouble) is not None:
        warn(words)
    return None


def _said(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows for people: without what no experiment has, such as names."""
    silent = [name for name in OF_SOME if not any(row[name] for row in rows)]
    shown = [{**row, "tags": ", ".join(row["tags"])} for row in rows]
    return [{name: row[name] for name in row if name not in silent} for row in shown]


def _show_experiments(store: Any, rows: list[dict[str, Any]], workers: int) -> bool:
    """Print the experiments and the next command; return whether any is unfinished."""
    from runner.cli.live import overview

    if not rows:
        click.echo(NOTHING)
        return False
    rows = overview.with_progress(store, rows)
    click.echo(overview.experiments_table(rows, terminal_view()))
    click.echo("1 worker running" if workers == 1 else f"{workers} workers running")
    under_way = [row["experiment"] for row in rows if row.get("progress")]
    if under_way:
        say(f"follow the newest with: `runner watch {under_way[0]}`")
    else:
        say(f"show the results with: `runner report {rows[0]['experiment']}`")
    return bool(under_way)


def _status_of_one(settings: Any, store: Any, experiment: int, limit: int, form: str) -> None:
    import shutil

    from runner.api.delivery import experiment_document
    from runner.cli.live import overview
    from runner.local.liveness import why_little_runs
    from runner.reports.records import plain

    document = experiment_document(store, experiment, limit)
    if (words := why_little_runs(settings, store)) is not None:
        warn(words)
    if form == "json":
        click.echo(json.dumps(plain(document), indent=2))
        return
    jobs = [replace(job, reason=_short(job.reason)) for job in document.jobs]
    view = terminal_view()
    rows = None if view.width is None else shutil.get_terminal_size().lines
    text = overview.experiment_text(store, replace(document, jobs=jobs), view, rows)
    click.echo(text)
    say(overview.next_command(document))


def _short(reason: str | None) -> str | None:
    """Return the first line of a reason, cut; `runner show --job` has all of it."""
    return shorten(reason.splitlines()[0], REASON_WIDTH, placeholder="...") if reason else reason


@click.command()
@click.argument("experiment", type=EXPERIMENT, required=False)
def watch(experiment: int | None) -> None:
    """Follow an experiment until it ends. The default is the newest that is not finished."""
    from runner.cli import progress
    from runner.cli.interrupts import explained
    from runner.store.queries.running import newest_unfinished

    if experiment is None:
        with answered_if_nothing_is_stored("table"):
            settings, store = open_store()
        number = newest_unfinished(store)
    else:
        (settings, store), number = open_store(), experiment
    if number is None:
        say("every experiment is finished: `runner status` lists them")
        return
    with explained([f"the jobs go on; `runner watch {number}` follows them again"]):
        progress.watch(settings, store, number)
    say(f"show the results with: `runner report {number}`")


@click.command()
@click.argument("trial", type=TRIAL, required=False)
@click.option(
    "--job", type=JOB, help="Show this job instead of a trial, for example one that failed."
)
@wide_option
@columns_option
@format_option
def show(trial: int | None, job: int | None, form: str, *, wide: bool, columns: str | None) -> None:
    """Show one trial: params, scores, epochs and attempts."""
    from runner.reports.records import plain
    from runner.reports.trial import trial_document, trial_text

    view = report_view(form, wide=wide, columns=columns)
    if (trial is None) == (job is None):
        raise click.UsageError("name either a TRIAL or a job with --job, not both")
    _, store = open_store()
    document = trial_document(store, trial=trial, job=job)
    if form == "json":
        click.echo(json.dumps(plain(document), indent=2))
    else:
        click.echo(trial_text(document, view), nl=False)


def vars_of(row: Any) -> dict[str, Any]:
    """Return a row's fields as plain JSON."""
    return {name: getattr(row, name) for name in ("name", "host", "device")}


COMMANDS = [status, watch, show]
