"""The four operations that carry the fault model, one transaction each.

A job is moved only together with its attempt, and an attempt only while it is open: that is
what makes its number a fence. Whoever lost a job may go on for a while; nothing that it writes
counts any more.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, literal_column, select, update

from runner.states import FINAL, AttemptState, JobState, Kind
from runner.store.engine import Store
from runner.store.schema import Attempt, Checkpoint, Event, Experiment, Job, Worker, now
from runner.store.sending import not_paused

# A job that was lost so often without finishing an epoch takes its workers down with it.
MOST_LOST = 3

# What ends with an attempt; a released job is tried again and nothing is held against it.
JOB_STATES = {
    AttemptState.SUCCEEDED: JobState.SUCCEEDED,
    AttemptState.FAILED: JobState.FAILED,
    AttemptState.CANCELLED: JobState.CANCELLED,
    AttemptState.RELEASED: JobState.PENDING,
}

# Written out, so that the database sees that its index of open attempts has them all.
RUNNING: ColumnElement[str] = literal_column("'running'")


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """Name an attempt; its number is the fencing token."""

    job_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is ours until the attempt ends, with all that is needed to do it."""

    job_id: int
    attempt: int
    experiment_id: int
    kind: Kind
    number: int
    seed: int
    configuration: dict[str, Any]

    @property
    def key(self) -> AttemptKey:
        """Return the fencing token of everything that is written for this claim."""
        return AttemptKey(self.job_id, self.attempt)


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that is under way, as it was seen, and the process that has it."""

    job_id: int
    number: int
    worker: str
    host: str
    pid: int
    process_started: str
    heartbeats: int


class Signal(StrEnum):
    """What a heartbeat is answered with; a stale attempt is no longer open."""

    CONTINUE = "continue"
    CANCEL = "cancel"
    STALE = "stale"


def claim(store: Store, job_id: int, worker: str) -> Claim | None:
    """Take a pending job and open its next attempt; None if it is not to be had.

    Of any number that try at once one gets it: the update is conditional.
    """
    with store.write() as connection:
        job = connection.execute(
            update(Job)
            .where(
                Job.id == job_id,
                Job.state == JobState.PENDING,
                Job.cancel_requested_at.is_(None),
                not_paused(),
            )
            .values(state=JobState.RUNNING, attempts=Job.attempts + 1)
            .returning(Job.attempts, Job.experiment_id, Job.number, Job.configuration)
        ).one_or_none()
        if job is None:
            return None
        connection.execute(
            insert(Attempt), {"job_id": job_id, "number": job.attempts, "worker": worker}
        )
        _note(connection, AttemptKey(job_id, job.attempts), "claimed", worker)
        experiment = connection.execute(
            select(Experiment.kind, Experiment.seed, Experiment.configuration).where(
                Experiment.id == job.experiment_id
            )
        ).one()
    return Claim(
        job_id=job_id,
        attempt=job.attempts,
        experiment_id=job.experiment_id,
        kind=Kind(experiment.kind),
        number=job.number,
        seed=experiment.seed,
        configuration={**experiment.configuration, **job.configuration},
    )


def beat(connection: Connection, key: AttemptKey) -> bool:
    """Move the heartbeat of an attempt that is open; return whether it is.

    Until the transaction ends nobody else can end the attempt, so this fences what follows.
    """
    return bool(
        connection.execute(
            update(Attempt)
            .where(is_open(key))
            .values(heartbeats=Attempt.heartbeats + 1, heartbeat_at=now())
        ).rowcount
    )


def heartbeat(store: Store, key: AttemptKey) -> Signal:
    """Say that the attempt lives; return what it should do."""
    with store.write() as connection:
        if not beat(connection, key):
            return Signal.STALE
        cancelled = connection.scalar(select(Job.cancel_requested_at).where(Job.id == key.job_id))
    return Signal.CANCEL if cancelled else Signal.CONTINUE


def finish(
    store: Store,
    key: AttemptKey,
    state: AttemptState,
    *,
    reason: str | None = None,
    error: str | None = None,
    write: Callable[[Connection], object] | None = None,
) -> bool:
    """End an attempt and its job, and write the result, all together.

    Returns False, and nothing is written, if the attempt is no longer open. A released job is
    pending again. The checkpoints stay for a job that may still go on: one that is pending,
    or failed or cancelled and may be retried.
    """
    with store.write() as connection:
        if not _end_attempt(connection, is_open(key), state, error):
            return False
        if write is not None:
            write(connection)
        ended = _end_job(connection, key.job_id, JOB_STATES[state], reason)
        if ended == JobState.SUCCEEDED:
            connection.execute(delete(Checkpoint).where(Checkpoint.job_id == key.job_id))
        _note(connection, key, state, reason)
    return True


def open_attempts(store: Store) -> list[OpenAttempt]:
    """Return the attempts under way, with what tells whether their process still lives."""
    statement = (
        select(
            Attempt.job_id,
            Attempt.number,
            Attempt.worker,
            Worker.host,
            Worker.pid,
            Worker.process_started,
            Attempt.heartbeats,
        )
        .join(Worker, Worker.name == Attempt.worker)
        .where(Attempt.state == RUNNING)
        .order_by(Attempt.job_id)
    )
    with store.read() as connection:
        return [OpenAttempt(**row) for row in connection.execute(statement).mappings()]


def recover(store: Store, dead: Iterable[OpenAttempt]) -> list[int]:
    """Close attempts as lost, unless their heart has beaten since they were seen.

    Returns the jobs that are pending again; one that was lost three times in a row has failed.
    """
    pending = []
    with store.write() as connection:
        # In one order everywhere, so that two that recover at once never wait for each other.
        for seen in sorted(dead, key=lambda attempt: attempt.job_id):
            key = AttemptKey(seen.job_id, seen.number)
            unmoved = is_open(key) & (Attempt.heartbeats == seen.heartbeats)
            where = f"worker {seen.worker} (pid {seen.pid} on {seen.host})"
            if not _end_attempt(connection, unmoved, AttemptState.LOST, f"lost with its {where}"):
                continue
            _note(connection, key, AttemptState.LOST, where)
            if _lose_job(connection, seen.job_id, where) == JobState.PENDING:
                pending.append(seen.job_id)
    return pending


def is_open(key: AttemptKey) -> ColumnElement[bool]:
    """Return the condition that this attempt is under way."""
    return (
        (Attempt.job_id == key.job_id) & (Attempt.number == key.number) & (Attempt.state == RUNNING)
    )


def _end_attempt(
    connection: Connection, condition: ColumnElement[bool], state: AttemptState, error: str | None
) -> bool:
    ended = connection.execute(
        update(Attempt).where(condition).values(state=state, ended_at=now(), error=_storable(error))
    )
    return bool(ended.rowcount)


def _lose_job(connection: Connection, job_id: int, where: str) -> JobState:
    lost = connection.scalars(
        update(Job).where(Job.id == job_id).values(lost=Job.lost + 1).returning(Job.lost)
    ).one()
    if lost < MOST_LOST:
        return _end_job(connection, job_id, JobState.PENDING, None)
    reason = f"lost {lost} times: its worker died or fell silent each time, the last one {where}"
    return _end_job(connection, job_id, JobState.FAILED, reason)


def _end_job(connection: Connection, job_id: int, state: JobState, reason: str | None) -> JobState:
    """Move a job whose attempt has ended; one that should be cancelled is not tried again."""
    if state == JobState.PENDING and connection.scalar(
        select(Job.cancel_requested_at).where(Job.id == job_id)
    ):
        state = JobState.CANCELLED
    changes = {"ended_at": now()} if state in FINAL else {"enqueued_at": None}
    connection.execute(
        update(Job).where(Job.id == job_id).values(state=state, reason=_storable(reason), **changes)
    )
    return state


def _note(connection: Connection, key: AttemptKey, name: str, detail: str | None) -> None:
    connection.execute(
        insert(Event),
        {
            "job_id": key.job_id,
            "attempt": key.number,
            "name": name,
            "detail": _storable(detail),
        },
    )


def _storable(words: str | None) -> str | None:
    """Replace what PostgreSQL or UTF-8 cannot hold; a traceback may quote anything."""
    if words is None:
        return None
    return words.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
