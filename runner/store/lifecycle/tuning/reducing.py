"""Reduce a grid while it is trained: every N finished trials, pending points may be left out.

No process coordinates it: the transaction that ends the Nth trial asks Talos's reducer, with the
trials in the order in which they were stored, and ends the pending jobs that have the value which
it removes. The same order of trials has the same result.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select, update

from cifar_model.objective import STOPPED, is_smaller_better, objective, reported_in
from cifar_model.params import ParamValues
from cifar_model.spaces.reducing import Removal, removal
from runner.specs import job_configuration
from runner.states import JobState
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.tuning.asking import REDUCED
from runner.store.schema import Experiment, Job, Trial, now

COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy", "metrics")

Locked = Row[int, dict[str, Any]]


def reduce(connection: Connection, job_id: int) -> None:
    """Leave out pending points if the job that has just succeeded is the Nth; most do nothing."""
    of_job = select(Job.experiment_id).where(Job.id == job_id).scalar_subquery()
    is_reduced = Experiment.configuration[("reduce", "interval")].as_integer().is_not(None)
    chosen = select(Experiment.id, Experiment.configuration)
    chosen = chosen.where(Experiment.id == of_job, is_reduced)
    # One at a time, so that each counts the trials that were stored before its own.
    experiment = connection.execute(chosen.with_for_update()).one_or_none()
    if experiment is None:
        return
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
        select(Trial.params, *(getattr(Trial, name) for name in COLUMNS))
        .join(Job, Job.id == Trial.job_id)
        .where(Job.experiment_id == experiment_id, Trial.ended_by != STOPPED)
        .order_by(Trial.id)
    )
    rows = connection.execute(query).mappings()
    return [(row["params"], reported_in({**row})) for row in rows]


def _leave_out(connection: Connection, experiment: Locked, found: Removal, words: str) -> None:
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
    for job in jobs:
        connection.execute(
            update(Job)
            .where(Job.id == job, Job.state == JobState.PENDING)
            .values(state=JobState.CANCELLED, ended_at=now(), reason=REDUCED)
        )
    record_event(connection, jobs, "reduced", detail=words)
