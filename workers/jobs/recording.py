"""The epochs of a trainer on their way to the store: those that end quickly go together."""

import time

from cifar_model.objective import objective
from cifar_model.trainers.context import Reported
from runner.store.engine import Connection
from runner.store.lifecycle.checkpoints import record_epoch, write_epochs
from workers.attempt import Attempt, Stopped
from workers.audit_log import record
from workers.retrying import retry_while_unavailable

# To store an epoch takes about 10 ms, for which training waits: at most a tenth of the time. What
# a killed worker has not stored is trained again.
STORE_SECONDS = 0.1


class Recording:
    """Store epochs once a tenth of a second has passed since the last time, or with the result."""

    def __init__(self, attempt: Attempt, fingerprint: str) -> None:
        self._attempt = attempt
        self._fingerprint = fingerprint
        self._waiting: list[Reported] = []
        self._stored_at = time.monotonic()

    def add(self, epoch: Reported) -> None:
        """Take an epoch; raise Stopped if the attempt is no longer open."""
        self._waiting.append(epoch)
        if time.monotonic() - self._stored_at >= STORE_SECONDS:
            self.store()

    def store(self) -> None:
        """Store what waits, and the newest checkpoint; raise Stopped if the attempt is not open."""
        if not self._waiting:
            return
        *before, last = self._waiting
        store, key = self._attempt.context.store, self._attempt.key
        if not retry_while_unavailable(
            lambda: record_epoch(store, key, last, last.state or b"", self._fingerprint, before)
        ):
            raise Stopped(None)
        self._tell()
        self._waiting = []
        self._stored_at = time.monotonic()

    def write(self, connection: Connection) -> None:
        """Store what waits with the result; no checkpoint is needed after it."""
        write_epochs(connection, self._attempt.key, self._waiting, self._fingerprint)
        self._tell()

    def _tell(self) -> None:
        for epoch in self._waiting:
            metric = objective(epoch.metrics)
            found = {metric: epoch.metrics[metric]}
            record("epoch", self._attempt.key, epoch=epoch.epoch, **found)
