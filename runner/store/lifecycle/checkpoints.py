"""The epochs of a running job, each stored together with what it takes to resume after it."""

import logging
from collections.abc import Mapping
from hashlib import sha256
from typing import Protocol

from sqlalchemy import delete, insert, select, update

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


def record_epoch(
    store: Store, key: AttemptKey, epoch: TrainedEpoch, checkpoint: bytes, fingerprint: str
) -> bool:
    """Store an epoch's metrics and the checkpoint after it; keep the newest two checkpoints.

    Returns False, and nothing is written, if the attempt is no longer open. An epoch that an
    earlier attempt reported is replaced, and if the numbers differ on one machine, the job is
    marked as not reproducible. Raises DivergedError for a metric that is not finite.
    """
    numbers = {**epoch.metrics, "seconds": epoch.seconds}
    require_finite(f"epoch {epoch.epoch} of job {key.job_id}", numbers)
    row = {
        "job_id": key.job_id,
        "epoch": epoch.epoch,
        "attempt": key.number,
        "fingerprint": fingerprint,
    }
    metrics = metric_columns(epoch.metrics) | {"seconds": epoch.seconds, "loss_rule": LOSS_RULE}
    saved = {
        "sha256": sha256(checkpoint).hexdigest(),
        "content": checkpoint,
    }
    with store.write() as connection:
        if not beat(connection, key):
            return False
        compare(connection, key, row | metrics)
        # A job that gets on is not one that takes its workers down with it.
        connection.execute(update(Job).where(Job.id == key.job_id, Job.lost > 0).values(lost=0))
        connection.execute(
            delete(Epoch).where(Epoch.job_id == key.job_id, Epoch.epoch == epoch.epoch)
        )
        connection.execute(insert(Epoch), row | metrics)
        others = (Checkpoint.job_id == key.job_id) & (Checkpoint.epoch != epoch.epoch)
        newest = select(Checkpoint.epoch).where(others).order_by(*NEWEST_FIRST).limit(1)
        connection.execute(
            delete(Checkpoint).where(
                Checkpoint.job_id == key.job_id, Checkpoint.epoch.not_in(newest)
            )
        )
        failpoint("in_checkpoint", key.job_id)
        connection.execute(insert(Checkpoint), row | saved)
    return True


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
