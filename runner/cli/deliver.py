"""Send a new experiment's jobs, tell the person about it and, if asked, wait for its end."""

import json
import sys
from dataclasses import dataclass

import click

from cifar_model.data import Description
from cifar_model.errors import printable
from runner.cli.progress import wait_for
from runner.errors import ExitCode, UnavailableError
from runner.failpoints import failpoint
from runner.local.liveness import why_nothing_runs
from runner.local.run_dir import RunDir
from runner.queue.app import make_app
from runner.queue.dispatch import send_pending
from runner.reports.experiment.warnings import equal_points, experiment_warnings
from runner.reports.records import Job, plain
from runner.settings import Settings
from runner.specs import Configuration
from runner.states import JobState
from runner.store import queries
from runner.store.engine import Store


@dataclass(frozen=True, slots=True)
class StatusDocument:
    """An experiment and its jobs, as the JSON that `submit`, `status` and `watch` print."""

    experiment: int
    kind: str
    seed: int
    dataset: Description
    points: int | None
    different: int | None
    states: dict[str, int]
    paused: bool
    warnings: list[str]
    jobs: list[Job]


def deliver(settings: Settings, store: Store, experiment_id: int, *, wait: bool, form: str) -> None:
    """Send the jobs and print the experiment; exit with 1 if one failed while it was waited for."""
    experiment = queries.experiment(store, experiment_id)
    configuration = Configuration(experiment.configuration)
    jobs = "1 job" if experiment.jobs == 1 else f"{experiment.jobs} jobs"
    words = f"experiment {experiment_id}: {experiment.kind}, {jobs}, {configuration.dataset.title}"
    click.echo(printable(words), err=True)
    if points := equal_points(configuration):
        click.echo(points, err=True)
    for text in _warnings(store, experiment):
        click.echo(f"warning: {text}", err=True)
    if wait:
        wait_for(settings, store, experiment_id)
    else:
        send_saved(settings, store)
    document = experiment_document(store, experiment_id)
    if form == "json":
        click.echo(json.dumps(plain(document), indent=2))
    elif wait:
        click.echo(f"show the results with: runner report {experiment_id}", err=True)
    if wait and any(job.state != JobState.SUCCEEDED for job in document.jobs):
        sys.exit(ExitCode.JOB_FAILED)


def send_saved(settings: Settings, store: Store) -> None:
    """Send what is pending; a broker that is away costs a warning, because the jobs are saved."""
    run_dir = RunDir(settings.home)
    if settings.broker_url is None and not run_dir.is_supervised():
        click.echo(
            "no worker is running: the jobs are saved; start workers with `runner up`", err=True
        )
        return
    try:
        send_pending(store, make_app(settings.broker_url or run_dir.broker_url))
    except UnavailableError as error:
        click.echo(f"warning: {error.what}\n  to fix it: {error.fix}", err=True)
        return
    failpoint("submit_sent")
    if (words := why_nothing_runs(settings, store)) is not None:
        click.echo(words, err=True)


def _warnings(store: Store, experiment: queries.Experiment) -> list[str]:
    configuration = Configuration(experiment.configuration)
    with store.read() as connection:
        return experiment_warnings(connection, experiment.id, experiment.kind, configuration)


def experiment_document(store: Store, experiment_id: int) -> StatusDocument:
    """Return an experiment and its jobs."""
    experiment = queries.experiment(store, experiment_id)
    configuration = Configuration(experiment.configuration)
    return StatusDocument(
        experiment=experiment.id,
        kind=experiment.kind,
        seed=experiment.seed,
        dataset=configuration.dataset,
        points=configuration.sampled,
        different=configuration.different,
        states=dict(experiment.states),
        paused=experiment.paused_at is not None,
        warnings=_warnings(store, experiment),
        jobs=[
            Job(job.id, job.number, job.state, job.attempts, job.reason, job.trial)
            for job in queries.jobs(store, experiment_id)
        ],
    )
