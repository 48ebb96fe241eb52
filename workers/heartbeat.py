"""The thread that says that a worker lives, hears what the store wants, and ends what is stuck."""

import logging
import os
import signal
import threading
from collections.abc import Callable

from runner.loop_errors import LoopErrors
from runner.store.engine import Store
from runner.store.lifecycle.attempts import AttemptKey, Signal
from runner.store.lifecycle.job_lifecycle import heartbeat, tell

logger = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """Beat for the worker, and for the attempt that it works on while that makes progress."""

    def __init__(
        self, store: Store, seen: Callable[[], None], seconds: float, progress_seconds: float
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.signal = Signal.CONTINUE
        self._store = store
        self._seen = seen
        self._seconds = seconds
        self._most_idle = progress_seconds / seconds
        # Counted in beats, not read from a clock: a process that was stopped, or had no store, was
        # not idle.
        self._idle = 0
        self._errors = LoopErrors(logger, "no heartbeat")
        self.key: AttemptKey | None = None
        self._ended = threading.Event()

    def watch(self, key: AttemptKey | None) -> None:
        """Beat for this attempt from now on; None when there is none."""
        self.key, self.signal, self._idle = key, Signal.CONTINUE, 0

    def progressed(self) -> None:
        """Hear that the attempt goes forward."""
        self._idle = 0

    def run(self) -> None:
        """Beat until stopped; an error costs one beat, whatever it is."""
        while not self._ended.wait(self._seconds):
            with self._errors.caught():
                # The attempt first: without beats it is lost, the worker is only not listed.
                if (key := self.key) is not None:
                    self._beat(key)
                self._seen()

    def _beat(self, key: AttemptKey) -> None:
        answer = heartbeat(self._store, key)
        if key == self.key:
            self.signal = answer
            self._idle += 1
            if self._idle > self._most_idle:
                self._give_up(key)

    def _give_up(self, key: AttemptKey) -> None:
        """End this process: a job that is stuck inside a library can be ended no other way."""
        words = f"no progress for {self._idle * self._seconds:g} s: its process is terminated"
        logger.error("job %s attempt %s: %s", key.job_id, key.number, words)
        with self._errors.caught():
            tell(self._store, key, "stuck", words)
        os.kill(os.getpid(), signal.SIGKILL)

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self.join()
