"""Which jobs a worker may do before the one that its message is for."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from runner.searches import is_ordered
from runner.specs import job_configuration
from runner.states import JobState, Kind
from runner.store.engine import Store
from runner.store.lifecycle.outbox import FOR_MESSAGE, NEW_AND_SENT, more_urgent
from runner.store.schema import Experiment, Job
from runner.store.submitted import submitted

# A job may be done before others whose numbers are smaller by less than this.
AHEAD = 32

IS_NEW = NEW_AND_SENT & Job.cancel_requested_at.is_(None) & Experiment.paused_at.is_(None)
_JOB = select(
    Job.id,
    Job.number,
    Job.experiment_id,
    Job.configuration,
    Experiment.created_at,
    IS_NEW.label("is_new"),
).join(Experiment, Experiment.id == Job.experiment_id)
OF_MESSAGE = _JOB.where(Job.id == FOR_MESSAGE)
OF_JOBS = _JOB.where(Job.id.in_(bindparam("jobs", expanding=True))).order_by(Job.number)
RUNNING_JOBS = _JOB.where(
    Job.experiment_id == bindparam("experiment"), Job.state == JobState.RUNNING
)
# Sorted by us: for its own order the database would read what was done before.
NUMBERS = select(Job.id, Job.number).where(
    NEW_AND_SENT, Job.experiment_id == bindparam("experiment")
)


@dataclass(frozen=True, slots=True)
class Work:
    """A job, and what is to be done for it."""

    job_id: int
    number: int
    experiment_id: int
    kind: Kind
    seed: int
    configuration: dict[str, Any]


def new_job(store: Store, message: int) -> Work | None:
    """Return the job of a message if a worker may do another one of its experiment before it.

    None if it was begun before, if one of a higher priority waits, or if the order of the jobs
    matters to their experiment.
    """
    with store.read() as connection:
        row = connection.execute(OF_MESSAGE, {"message": message}).one_or_none()
        if row is None or not row.is_new or more_urgent(connection, row.id) is not None:
            return None
        job = _work(connection, row)
    return None if is_ordered(job.configuration) else job


def next_jobs(store: Store, experiment_id: int) -> list[Work]:
    """Return the new jobs of an experiment that may be done next, in the order of their numbers.

    They are all near the first of them: what is done before a job has a number that is at most so
    much higher.
    """
    with store.read() as connection:
        waiting = connection.execute(NUMBERS, {"experiment": experiment_id}).all()
        end = min((job.number for job in waiting), default=0) + AHEAD
        jobs = {"jobs": [job.id for job in waiting if job.number < end]}
        rows = connection.execute(OF_JOBS, jobs).all()
        return [_work(connection, row) for row in rows if row.is_new]


def running_jobs(store: Store, experiment_id: int) -> list[Work]:
    """Return the jobs of an experiment that are being done."""
    with store.read() as connection:
        rows = connection.execute(RUNNING_JOBS, {"experiment": experiment_id}).all()
        return [_work(connection, row) for row in rows]


def _work(connection: Connection, row: Row[Any]) -> Work:
    shared = submitted(connection, row.experiment_id, row.created_at)
    configuration = job_configuration(shared.configuration, row.configuration)
    return Work(row.id, row.number, row.experiment_id, shared.kind, shared.seed, configuration)
