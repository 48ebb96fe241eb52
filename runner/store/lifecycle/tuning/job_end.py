"""What the end of a job means for the rest of its experiment: a race goes on, a grid is reduced."""

from sqlalchemy import Connection, select

from runner.races import race_in
from runner.states import JobState
from runner.store.lifecycle.tuning.racing import go_on
from runner.store.lifecycle.tuning.reducing import reduce
from runner.store.schema import Experiment, Job


def follow_up(connection: Connection, job_id: int, ended: JobState) -> None:
    """Do what is due after a job has just ended; nothing in most experiments."""
    if ended not in (JobState.SUCCEEDED, JobState.FAILED):
        return
    of_job = select(Job.experiment_id).where(Job.id == job_id).scalar_subquery()
    is_race = Experiment.configuration[("confirm", "experiment")].as_integer().is_not(None)
    is_reduced = Experiment.configuration[("reduce", "interval")].as_integer().is_not(None)
    chosen = select(Experiment.id, Experiment.configuration, Experiment.provenance)
    chosen = chosen.where(Experiment.id == of_job, is_race | is_reduced)
    # One at a time, so that each sees the trials that were stored before its own. SQLite locks
    # everything.
    experiment = connection.execute(chosen.with_for_update()).one_or_none()
    if experiment is None:
        return
    race = race_in(experiment.configuration)
    if race is not None:
        go_on(connection, experiment, race, job_id)
    elif ended == JobState.SUCCEEDED:
        reduce(connection, experiment)
