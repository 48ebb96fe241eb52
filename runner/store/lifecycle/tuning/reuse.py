"""Trials that need not be trained: an equal one was, and its results are stored."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from cifar_model.objective import STOPPED
from runner.store.engine import Store
from runner.store.lifecycle.attempts import AttemptKey, Claim
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.results import write_trial
from runner.store.schema import Epoch, Job, Trial


@dataclass(frozen=True, slots=True)
class Equal:
    """A trial whose results may be reused; `trained` is the one that was really trained."""

    trial: int
    trained: int
    job: int
    model: str
    fingerprint: str
    ended_by: str


class GoneError(Exception):
    """The trial was deleted since it was found."""


def find_equal(store: Store, identity: str) -> Equal | None:
    """Return the oldest trial with this identity; None if there is none."""
    query = select(
        Trial.id.label("trial"),
        func.coalesce(Trial.reused, Trial.id).label("trained"),
        Trial.job_id.label("job"),
        Trial.model,
        Trial.fingerprint,
        Trial.ended_by,
    )
    query = query.where(Trial.identity == identity).order_by(Trial.id).limit(1)
    with store.read() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else Equal(**row)


def write_reused(
    connection: Connection, key: AttemptKey, claim: Claim, equal: Equal, weights: bytes
) -> int:
    """Store the results of an equal trial as those of this job; return the id of its trial.

    Raises GoneError if that trial was deleted meanwhile; who deletes it later waits.
    """
    there = select(Trial.id).where(Trial.id == equal.trial)
    if connection.scalar(there.with_for_update(read=True, key_share=True)) is None:
        raise GoneError
    rows = connection.execute(select(Epoch.__table__).where(Epoch.job_id == equal.job)).mappings()
    ours = {"job_id": key.job_id, "attempt": key.number}
    copied = [{**row, **ours} for row in rows]
    # Of an attempt that was interrupted.
    connection.execute(delete(Epoch).where(Epoch.job_id == key.job_id))
    connection.execute(insert(Epoch), copied)
    trial = write_trial(connection, claim, weights, equal.fingerprint, equal.ended_by)
    connection.execute(update(Trial).where(Trial.id == trial).values(reused=equal.trained))
    words = f"trial {equal.trained}"
    record_event(connection, [key.job_id], "reused", attempt=key.number, detail=words)
    return trial


def identify(connection: Connection, trial_id: int, identity: str) -> None:
    """Let a trial be found by what decided its results, if that is known to decide them.

    It is not if the trial was stopped early, if two attempts had different results, or if another
    machine trained some of its epochs.
    """
    own = Epoch.job_id == Trial.job_id
    elsewhere = exists().where(own, Epoch.fingerprint != Trial.fingerprint)
    differs = exists().where(Job.id == Trial.job_id, Job.not_reproducible.is_not(None))
    connection.execute(
        update(Trial)
        .where(Trial.id == trial_id, Trial.ended_by != STOPPED, ~elsewhere, ~differs)
        .values(identity=identity)
    )
