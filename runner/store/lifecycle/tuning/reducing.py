"""Reduce a grid while it is trained: every N finished trials, pending points may be left out.

No process coordinates it: the transaction that ends the Nth trial asks Talos's reducer, with the
trials in the order in which they were stored, and ends the pending jobs that have the value which
it removes. The same order of trials has the same result, except that PostgreSQL keeps a pending job
which another process has locked at that moment.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from cifar_model.objective import (
    REPORTED,
    STOPPED,
    is_smaller_better,
    objective,
    reported_in,
)
from cifar_model.params import ParamValues
from cifar_model.spaces.reducing import Removal, removal
from runner.specs import job_configuration
from runner.states import JobState
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.tuning.asking import REDUCED
from runner.store.lifecycle.tuning.pending import LockedExperiment, cancel_pending
from runner.store.schema import Job, Trial


def reduce(connection: Connection, experiment: LockedExperiment) -> None:
    """Leave out pending points if the trial that was just stored is the Nth."""
    given, trials = experiment.configuration["reduce"], _trials(connection, experiment.id)
    if not trials or len(trials) % given["interval"]:
        return
    metric = objective(trials[0][1])
    found = removal(
        given["reducer"],
        list(experiment.configuration["grid"]),
        [(params, metrics[metric]) for params, metrics in trials if metric in metrics],
        smaller_is_better=is_smaller_better(metric),
    )
    if found is not None:
        _leave_out(connection, experiment, found, f"{found}, after {len(trials)} trials")


def _trials(
    connection: Connection, experiment_id: int
) -> list[tuple[ParamValues, Mapping[str, float]]]:
    """Return the params and metrics of the trials that had all their epochs, the oldest first."""
    query = (
        select(Trial.params, *(getattr(Trial, name) for name in REPORTED))
        .join(Job, Job.id == Trial.job_id)
        .where(Job.experiment_id == experiment_id, Trial.ended_by != STOPPED)
        .order_by(Trial.id)
    )
    rows = connection.execute(query).mappings()
    return [(row["params"], reported_in({**row})) for row in rows]


def _leave_out(
    connection: Connection, experiment: LockedExperiment, found: Removal, words: str
) -> None:
    pending = connection.execute(
        select(Job.id, Job.configuration)
        .where(Job.experiment_id == experiment.id, Job.state == JobState.PENDING)
        .order_by(Job.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    jobs = [
        job.id
        for job in pending
        if found.removes(job_configuration(experiment.configuration, job.configuration)["params"])
    ]
    cancel_pending(connection, jobs, REDUCED)
    record_event(connection, jobs, "reduced", detail=words)
