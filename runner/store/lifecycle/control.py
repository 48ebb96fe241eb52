"""What a person does to jobs that are there: cancel, retry, pause and resume, a transaction each.

Jobs are locked in the order of their ids, as everywhere, and only then looked at: a job that is
claimed, released or ended at the same moment is seen before that or after it, never in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from runner.errors import InputError
from runner.states import JobState
from runner.store.engine import Store
from runner.store.lifecycle.events import record_events
from runner.store.lifecycle.outbox import WITHOUT_MESSAGE
from runner.store.schema import Experiment, Job, now

LockedJob = Row[int, str]


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
        pending = _of(target) & (Job.state == JobState.PENDING)
        running = _of(target) & (Job.state == JobState.RUNNING) & Job.cancel_requested_at.is_(None)
        record_events(connection, pending, "cancelled")
        record_events(connection, running, "cancel requested")
        _set(connection, running, cancel_requested_at=now())
        ended = {"state": JobState.CANCELLED, "ended_at": now(), "cancel_requested_at": now()}
        _set(connection, pending, **ended)
    return Cancelled(cancelled=_ids(jobs, JobState.PENDING), stopping=_ids(jobs, JobState.RUNNING))


def retry(store: Store, target: Target, *, any_machine: bool = False) -> list[int]:
    """Make the jobs that failed or were cancelled pending again; return them.

    They go on from their newest checkpoint, and what they were lost before is forgotten. That of
    another machine counts only if asked for, because the numbers are then those of neither.
    """
    with store.write() as connection:
        jobs = _ids(_lock(connection, target), JobState.FAILED, JobState.CANCELLED)
        ended = _of(target) & Job.state.in_([JobState.FAILED, JobState.CANCELLED])
        record_events(connection, ended, "retried")
        _set(
            connection,
            ended,
            state=JobState.PENDING,
            reason=None,
            lost=0,
            any_machine=any_machine,
            **WITHOUT_MESSAGE,
            cancel_requested_at=None,
            ended_at=None,
        )
    return jobs


def pause(store: Store, experiment_id: int) -> Paused:
    """Let no further job of an experiment start; those that run go on to their end."""
    return _pause(store, experiment_id, paused=True)


def resume(store: Store, experiment_id: int) -> Paused:
    """Let the jobs of a paused experiment start again."""
    return _pause(store, experiment_id, paused=False)


def set_priority(store: Store, experiment_id: int, priority: int) -> None:
    """Let the jobs of an experiment start before those of a lower priority."""
    with store.write() as connection:
        _lock(connection, Target(experiment=experiment_id))
        changed = update(Experiment).where(Experiment.id == experiment_id)
        connection.execute(changed.values(priority=priority))


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
    return Paused(changed=bool(changed), running=len(_ids(jobs, JobState.RUNNING)))


def _lock(connection: Connection, target: Target) -> Sequence[LockedJob]:
    """Return the jobs that are meant, as they stay until the transaction ends."""
    jobs = connection.execute(
        select(Job.id, Job.state)
        .where(_of(target))
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


def _of(target: Target) -> ColumnElement[bool]:
    if target.job is not None:
        return Job.id == target.job
    return Job.experiment_id == target.experiment


def _ids(jobs: Sequence[LockedJob], *states: JobState) -> list[int]:
    return [job.id for job in jobs if job.state in states]


def _set(connection: Connection, jobs: ColumnElement[bool], **values: Any) -> None:
    connection.execute(update(Job).where(jobs).values(values))
