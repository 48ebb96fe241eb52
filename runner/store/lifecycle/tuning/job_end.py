"""What the end of a job means for the rest of its experiment.

A race goes on, a grid is reduced, the folds of a point are stopped.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from cifar_model.spaces import folding, reducing
from runner.races import race_in
from runner.searches import reduction_interval
from runner.states import JobState
from runner.store.lifecycle.tuning.folding import WILCOXON, stop_folds
from runner.store.lifecycle.tuning.racing import go_on
from runner.store.lifecycle.tuning.reducing import reduce
from runner.store.schema import Experiment, Job
from runner.store.submitted import submitted_with


def prepare(configuration: Mapping[str, Any]) -> None:
    """Import what `follow_up` needs for a job, by its `job_configuration`.

    That can take longer than a transaction may last.
    """
    if configuration.get("stop") == WILCOXON:
        folding.load()
    if reduction_interval(configuration):
        reducing.load()


def follow_up(connection: Connection, job_id: int, ended: JobState) -> None:
    """Do what is due after a job has just ended; nothing in most experiments."""
    if ended not in (JobState.SUCCEEDED, JobState.FAILED):
        return
    known = submitted_with(connection, job_id)
    if known is None or not _is_followed(known.configuration):
        return
    # One at a time, so that each sees the trials that were stored before its own. SQLite locks
    # everything.
    of_job = select(Job.experiment_id).where(Job.id == job_id).scalar_subquery()
    chosen = select(Experiment.id, Experiment.configuration, Experiment.provenance)
    experiment = connection.execute(chosen.where(Experiment.id == of_job).with_for_update()).one()
    race = race_in(experiment.configuration)
    if race is not None:
        go_on(connection, experiment, race, job_id)
    elif ended == JobState.SUCCEEDED and reduction_interval(experiment.configuration):
        reduce(connection, experiment)
    elif ended == JobState.SUCCEEDED:
        stop_folds(connection, experiment, job_id)


def _is_followed(configuration: Mapping[str, Any]) -> bool:
    """Tell whether anything is due when a job of an experiment ends."""
    return (
        configuration.get("confirm") is not None
        or bool(reduction_interval(configuration))
        or configuration.get("stop") == WILCOXON
    )
