"""What a person does to jobs that are there: cancel, retry, pause and resume, a transaction each.

Jobs are locked in the order of their ids, as everywhere, and only then looked at: a job that is
claimed, released or ended at the same moment is seen before that or after it, never in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from runner.errors import InputError
from runner.states import JobState
from runner.store.engine import Store
from runner.store.lifecycle.events import record_event
from runner.store.schema import Experiment, Job, now

LockedJob = Row[int, str, datetime | None]


@dataclass(frozen=True, slots=True)
class Target:
    """The jobs that are meant: all of an experiment, or one."""

    experiment: int | None = None
    job: int | None = None

    def __str__(self) -> str:
        return f"job {self.job}" if self.job is not None else f"experiment {self.experiment}"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The jobs that a cancel ended, and those that stop at their worker's next heartbeat."""

    cancelled: list[int]
    stopping: list[int]


@dataclass(frozen=True, slots=True)
class Paused:
    """Whether a pause or a resume changed anything, and how many jobs are under way."""

    changed: bool
    running: int


def cancel(store: Store, target: Target) -> Cancelled:
    """End the jobs that are pending and ask those that run to stop; others stay as they are.

    A job that ends before it hears of it keeps its end.
    """
    with store.write() as connection:
        jobs = _lock(connection, target)
        pending = _ids(jobs, JobState.PENDING)
        running = _ids([job for job in jobs if not job.cancel_requested_at], JobState.RUNNING)
        _set(connection, pending, state=JobState.CANCELLED, ended_at=now())
        _set(connection, pending + running, cancel_requested_at=now())
        record_event(connection, pending, "cancelled")
        record_event(connection, running, "cancel requested")
    return Cancelled(cancelled=pending, stopping=_ids(jobs, JobState.RUNNING))


def retry(store: Store, target: Target, *, any_machine: bool = False) -> list[int]:
    """Make the jobs that failed or were cancelled pending again; return them.

    They go on from their newest checkpoint, and what they were lost before is forgotten. That of
    another machine counts only if asked for, because the numbers are then those of neither.
    """
    with store.write() as connection:
        jobs = _ids(_lock(connection, target), JobState.FAILED, JobState.CANCELLED)
        _set(
            connection,
            jobs,
            state=JobState.PENDING,
            reason=None,
            lost=0,
            any_machine=any_machine,
            enqueued_at=None,
            cancel_requested_at=None,
            ended_at=None,
        )
        record_event(connection, jobs, "retried")
    return jobs


def pause(store: Store, experiment_id: int) -> Paused:
    """Let no further job of an experiment start; those that run go on to their end."""
    return _pause(store, experiment_id, paused=True)


def resume(store: Store, experiment_id: int) -> Paused:
    """Let the jobs of a paused experiment start again."""
    return _pause(store, experiment_id, paused=False)


def _pause(store: Store, experiment_id: int, *, paused: bool) -> Paused:
    target = Target(experiment=experiment_id)
    with store.write() as connection:
        jobs = _lock(connection, target)
        before = Experiment.paused_at.is_(None) if paused else Experiment.paused_at.is_not(None)
        changed = connection.execute(
            update(Experiment)
            .where(Experiment.id == experiment_id, before)
            .values(paused_at=now() if paused else None)
        ).rowcount
        if changed and not paused:
            # Workers dropped the messages that came to them meanwhile; a second one is harmless.
            _set(connection, _ids(jobs, JobState.PENDING), enqueued_at=None)
    return Paused(changed=bool(changed), running=len(_ids(jobs, JobState.RUNNING)))


def _lock(connection: Connection, target: Target) -> Sequence[LockedJob]:
    """Return the jobs that are meant, as they stay until the transaction ends."""
    chosen = (
        Job.id == target.job if target.job is not None else Job.experiment_id == target.experiment
    )
    jobs = connection.execute(
        select(Job.id, Job.state, Job.cancel_requested_at)
        .where(chosen)
        .order_by(Job.id)
        # An attempt may still be inserted that refers to the job. SQLite has locked everything.
        .with_for_update(key_share=True)
    ).all()
    if not jobs:
        raise InputError(
            f"there is no {target}",
            f"the number of {'a job' if target.job is not None else 'an experiment'}",
            "`runner status` lists experiments, `runner status EXPERIMENT` their jobs",
        )
    return jobs


def _ids(jobs: Sequence[LockedJob], *states: JobState) -> list[int]:
    return [job.id for job in jobs if job.state in states]


def _set(connection: Connection, jobs: list[int], **values: Any) -> None:
    if jobs:
        # One by one: an experiment may have more jobs than a statement may have parameters.
        statement = update(Job).where(Job.id == bindparam("job")).values(values)
        connection.execute(statement, [{"job": job} for job in jobs])
