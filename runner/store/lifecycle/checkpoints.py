"""The epochs of a running job, each stored together with what it takes to resume after it."""

import logging
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from cifar_model.results import LOSS_RULE
from runner.failpoints import failpoint
from runner.store.engine import Store
from runner.store.lifecycle.attempts import AttemptKey, beat
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.finite import require_finite
from runner.store.lifecycle.metrics import metric_columns
from runner.store.lifecycle.reproducibility import compare
from runner.store.schema import Checkpoint, Epoch, Job, Trial

logger = logging.getLogger(__name__)

# A later attempt that could not resume starts again at the first epoch.
NEWEST_FIRST = (Checkpoint.attempt.desc(), Checkpoint.epoch.desc())


class TrainedEpoch(Protocol):
    """An epoch with the metrics that were measured, of whatever names."""

    @property
    def epoch(self) -> int:
        """Return its number, from 1."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return the metrics by name."""

    @property
    def seconds(self) -> float:
        """Return how long it took."""


LOST_NEVER = update(Job).where(Job.id == bindparam("job"), Job.lost > 0).values(lost=0)
FORGET_EPOCH = delete(Epoch).where(
    Epoch.job_id == bindparam("job"), Epoch.epoch == bindparam("number")
)
INSERT_EPOCH = insert(Epoch)
FORGET_OLDER_CHECKPOINTS = delete(Checkpoint).where(
    Checkpoint.job_id == bindparam("job"),
    Checkpoint.epoch.not_in(
        select(Checkpoint.epoch)
        .where(Checkpoint.job_id == bindparam("job"), Checkpoint.epoch != bindparam("number"))
        .order_by(*NEWEST_FIRST)
        .limit(1)
    ),
)
INSERT_CHECKPOINT = insert(Checkpoint)


def record_epoch(
    store: Store,
    key: AttemptKey,
    epoch: TrainedEpoch,
    checkpoint: bytes,
    fingerprint: str,
    before: Sequence[TrainedEpoch] = (),
) -> bool:
    """Store an epoch's metrics and the checkpoint after it; keep the newest two checkpoints.

    `before` are the epochs before it that are not stored yet. Returns False, and nothing is
    written, if the attempt is no longer open. An epoch that an earlier attempt reported is
    replaced, and if the numbers differ on one machine, the job is marked as not reproducible.
    Raises DivergedError for a metric that is not finite.
    """
    rows = [_row(key, each, fingerprint) for each in (*before, epoch)]
    saved = {
        "job_id": key.job_id,
        "epoch": epoch.epoch,
        "attempt": key.number,
        "fingerprint": fingerprint,
        "sha256": sha256(checkpoint).hexdigest(),
        "content": checkpoint,
    }
    with store.write() as connection:
        if not beat(connection, key):
            return False
        _write(connection, key, rows)
        connection.execute(FORGET_OLDER_CHECKPOINTS, {"job": key.job_id, "number": epoch.epoch})
        failpoint("in_checkpoint", key.job_id)
        connection.execute(INSERT_CHECKPOINT, saved)
    return True


def write_epochs(
    connection: Connection, key: AttemptKey, epochs: Sequence[TrainedEpoch], fingerprint: str
) -> None:
    """Store epochs without a checkpoint, in the transaction that ends the attempt."""
    _write(connection, key, [_row(key, epoch, fingerprint) for epoch in epochs])


def _row(key: AttemptKey, epoch: TrainedEpoch, fingerprint: str) -> dict[str, Any]:
    numbers = {**epoch.metrics, "seconds": epoch.seconds}
    require_finite(f"epoch {epoch.epoch} of job {key.job_id}", numbers)
    return {
        "job_id": key.job_id,
        "epoch": epoch.epoch,
        "attempt": key.number,
        "fingerprint": fingerprint,
        **metric_columns(epoch.metrics),
        "seconds": epoch.seconds,
        "loss_rule": LOSS_RULE,
    }


def _write(connection: Connection, key: AttemptKey, rows: Sequence[Mapping[str, Any]]) -> None:
    if key.number > 1:
        for row in rows:
            compare(connection, key, row)
        # A job that gets on is not one that takes its workers down with it.
        connection.execute(LOST_NEVER, {"job": key.job_id})
    for row in rows:
        # Of an earlier attempt, or of this one if the answer to its commit was lost.
        connection.execute(FORGET_EPOCH, {"job": key.job_id, "number": row["epoch"]})
        connection.execute(INSERT_EPOCH, row)


def adopt_checkpoint(store: Store, key: AttemptKey, trial_id: int, fingerprint: str) -> bool:
    """Give a job what the job of a stopped trial had stored: its newest checkpoint and its epochs.

    Nothing happens if the job has a checkpoint of its own, or if that one is gone, damaged or of
    another machine: the training then begins at its first epoch. Returns False if the attempt is
    no longer open.
    """
    with store.write() as connection:
        if not beat(connection, key):
            return False
        own = select(Checkpoint.epoch).where(Checkpoint.job_id == key.job_id).limit(1)
        theirs = select(Checkpoint.__table__).join(Trial, Trial.job_id == Checkpoint.job_id)
        alike = (Trial.id == trial_id) & (Checkpoint.fingerprint == fingerprint)
        kept = connection.execute(theirs.where(alike).order_by(*NEWEST_FIRST)).mappings().first()
        whole = kept is not None and sha256(kept["content"]).hexdigest() == kept["sha256"]
        if kept is None or not whole or connection.scalar(own) is not None:
            return True
        ours = {"job_id": key.job_id, "attempt": key.number}
        before = (Epoch.job_id == kept["job_id"]) & (Epoch.epoch <= kept["epoch"])
        rows = connection.execute(select(Epoch.__table__).where(before)).mappings().all()
        connection.execute(delete(Epoch).where(Epoch.job_id == key.job_id))
        connection.execute(insert(Epoch), [{**row, **ours} for row in rows])
        connection.execute(insert(Checkpoint), {**kept, **ours})
        where = f"trial {trial_id}, after epoch {kept['epoch']}"
        record_event(connection, [key.job_id], "continues", attempt=key.number, detail=where)
    return True


def newest_checkpoint(store: Store, job_id: int, fingerprint: str) -> bytes | None:
    """Return what the job can resume from on a machine of this fingerprint; None if nothing.

    That of another machine counts only if the job was retried so. A checkpoint that is damaged is
    passed over, with a warning.
    """
    statement = (
        select(Checkpoint.epoch, Checkpoint.sha256, Checkpoint.content)
        .join(Job, Job.id == Checkpoint.job_id)
        .where(
            Checkpoint.job_id == job_id, (Checkpoint.fingerprint == fingerprint) | Job.any_machine
        )
        .order_by(*NEWEST_FIRST)
    )
    with store.read() as connection:
        found = connection.execute(statement).all()
    for epoch, name, content in found:
        if sha256(content).hexdigest() == name:
            return content
        logger.warning("job %s: the checkpoint of epoch %s is damaged", job_id, epoch)
    return None
