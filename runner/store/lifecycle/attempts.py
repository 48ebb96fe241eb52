"""An attempt: the number that fences what it writes, and what is seen of it from outside."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, select, update

from runner.states import Kind
from runner.store.engine import Store
from runner.store.schema import Attempt, Worker, now

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


def is_open(key: AttemptKey) -> ColumnElement[bool]:
    """Return the condition that this attempt is under way."""
    return (
        (Attempt.job_id == key.job_id) & (Attempt.number == key.number) & (Attempt.state == RUNNING)
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
