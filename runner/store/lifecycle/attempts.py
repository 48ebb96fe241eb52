"""An attempt: the number that fences what it writes, and what is seen of it from outside."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select, update

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

    def named(self) -> dict[str, int]:
        """Return it as the parameters of `OPEN`."""
        return {"job": self.job_id, "attempt_number": self.number}


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


# That an attempt is under way. Statements that every trial needs are built once, here and in the
# modules beside this one: to build one takes longer than to execute it.
OPEN: ColumnElement[bool] = (
    (Attempt.job_id == bindparam("job"))
    & (Attempt.number == bindparam("attempt_number"))
    & (Attempt.state == RUNNING)
)
BEAT = update(Attempt).where(OPEN).values(heartbeats=Attempt.heartbeats + 1, heartbeat_at=now())


def beat(connection: Connection, key: AttemptKey) -> bool:
    """Move the heartbeat of an attempt that is open; return whether it is.

    Until the transaction ends nobody else can end the attempt, so this fences what follows.
    """
    return bool(connection.execute(BEAT, key.named()).rowcount)


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
