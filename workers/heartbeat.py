"""The thread that tells the store that a worker lives, and hears what the store wants."""

import logging
import threading

from runner.store.engine import Store, StoreUnavailable
from runner.store.work import AttemptKey, Signal, heartbeat
from runner.store.workers import worker_seen

logger = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """Beat for the worker, and for the attempt that it works on."""

    def __init__(self, store: Store, worker: str, seconds: float) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.signal = Signal.CONTINUE
        self._store = store
        self._worker = worker
        self._seconds = seconds
        self._key: AttemptKey | None = None
        self._ended = threading.Event()

    def watch(self, key: AttemptKey | None) -> None:
        """Beat for this attempt from now on; None when there is none."""
        self._key, self.signal = key, Signal.CONTINUE

    def run(self) -> None:
        """Beat until stopped; a store that is away costs beats, never the worker."""
        while not self._ended.wait(self._seconds):
            try:
                self._beat(self._key)
            except StoreUnavailable as error:
                logger.warning("no heartbeat: %s", error.what)

    def _beat(self, key: AttemptKey | None) -> None:
        worker_seen(self._store, self._worker)
        if key is not None:
            signal = heartbeat(self._store, key)
            if key == self._key:
                self.signal = signal

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self.join()
