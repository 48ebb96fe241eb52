"""Record the epochs of an attempt: short ones together, and the last ones with the result."""

import time
from types import TracebackType
from typing import Self

from runner.store.engine import Connection
from runner.store.lifecycle.checkpoints import (
    TrainedEpoch,
    check_finite,
    newest_checkpoint,
    record_epoch,
    write_epochs,
)
from workers.attempt import Attempt, Stopped
from workers.retrying import retry_while_unavailable


class Recorder:
    """Hold back the epochs of less than `checkpoint_seconds` of work, which a kill may cost.

    What is held back when the attempt ends otherwise than by its result is stored as it leaves the
    `with` block, without a checkpoint: the model may be in the middle of a later epoch.
    """

    def __init__(self, attempt: Attempt, fingerprint: str) -> None:
        self.attempt = attempt
        self.fingerprint = fingerprint
        # Who compares trials at each epoch reads them in the store.
        stops = attempt.claim.configuration.get("stop") is not None
        self._seconds = 0.0 if stops else attempt.context.settings.checkpoint_seconds
        self._held: list[TrainedEpoch] = []
        self._stored = time.monotonic()

    def newest_checkpoint(self) -> bytes | None:
        """Return what the attempt resumes from; None if it begins at the first epoch."""
        key, configuration = self.attempt.key, self.attempt.claim.configuration
        if key.number == 1 and not configuration.get("resumes"):
            return None
        store = self.attempt.context.store
        return retry_while_unavailable(
            lambda: newest_checkpoint(store, key.job_id, self.fingerprint)
        )

    def is_due(self) -> bool:
        """Tell whether the epoch that has just ended is to be stored now, with a checkpoint."""
        return time.monotonic() - self._stored >= self._seconds

    def add(self, epoch: TrainedEpoch, checkpoint: bytes | None) -> None:
        """Store an epoch and those before it, with a checkpoint; hold it back without one.

        Raises Stopped if the attempt is no longer open, and DivergedError for a metric that is not
        finite.
        """
        check_finite(self.attempt.key, epoch)
        self._held.append(epoch)
        if checkpoint is not None and not self._record(checkpoint):
            raise Stopped(None)

    def write(self, connection: Connection) -> None:
        """Store what is held back, in the transaction that ends the attempt."""
        write_epochs(connection, self.attempt.key, self._held, self.fingerprint)

    def _record(self, checkpoint: bytes | None) -> bool:
        store, key, fingerprint = self.attempt.context.store, self.attempt.key, self.fingerprint
        *earlier, newest = self._held
        recorded = retry_while_unavailable(
            lambda: record_epoch(store, key, newest, checkpoint, fingerprint, earlier)
        )
        self._held, self._stored = [], time.monotonic()
        return recorded

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and self._held:
            self._record(None)
