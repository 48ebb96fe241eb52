"""Send a new experiment's jobs, tell the person about it and, if asked, wait for its end."""

import json
import sys
from collections.abc import Iterable

import click

from runner.api import delivery
from runner.api.delivery import experiment_document
from runner.cli.wording.fitting import say
from runner.errors import ExitCode
from runner.races import race_in
from runner.reports.model import Note
from runner.reports.records import plain
from runner.settings import Settings
from runner.states import JobState
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.tuning.asking import ENDS
from runner.submit.experiments import Saved


def deliver(settings: Settings, store: Store, saved: Saved, *, wait: bool, form: str) -> None:
    """Send the jobs and print the experiment; exit with 1 if one failed while it was waited for."""
    experiment_id = saved.experiment
    _say(delivery.submitted(store, saved))
    if not wait:
        send_saved(settings, store)
        _print(store, experiment_id, form)
        return
    # Celery, which a submission without workers does not need.
    from runner.cli.progress import waited_for

    with waited_for(settings, store, experiment_id) as let_workers_stop:
        _finish_race(settings, store, experiment_id)
        let_workers_stop()
        _print(store, experiment_id, form)
        if form != "json":
            say(f"show the results with: runner report {experiment_id}")
        jobs = queries.jobs(store, experiment_id)
    if any(job.state != JobState.SUCCEEDED and job.reason not in ENDS for job in jobs):
        sys.exit(ExitCode.JOB_FAILED)


def _print(store: Store, experiment_id: int, form: str) -> None:
    if form == "json":
        document = experiment_document(store, experiment_id)
        click.echo(json.dumps(plain(document), indent=2))


def _finish_race(settings: Settings, store: Store, experiment_id: int) -> None:
    """Wait for the test score of what a race has named, and say what it found."""
    if race_in(queries.experiment(store, experiment_id).configuration) is None:
        return
    from runner.cli.progress import wait_for
    from runner.reports.experiment.document import report_document
    from runner.reports.experiment.racing import race_answer

    race = report_document(store, experiment_id).race
    if race is not None and race.evaluation is not None:
        wait_for(settings, store, race.evaluation)
        race = report_document(store, experiment_id).race
    if race is not None:
        say(race_answer(race))


def send_saved(settings: Settings, store: Store) -> None:
    """Send what is pending and print what keeps it from being worked on."""
    _say(delivery.send_saved(settings, store))


def _say(notes: Iterable[Note]) -> None:
    for note in notes:
        say(f"warning: {note.text}" if note.warning else note.text)
