"""The thread that ends a process which was told to stop and whose job does not come to a step."""

import logging
import os
import signal
import threading
import time

from runner.loop_errors import LoopErrors
from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle.job_lifecycle import finish
from workers.drain import drain
from workers.heartbeat import Heartbeat

logger = logging.getLogger(__name__)

LONG_SECONDS = 3600.0
# A worker that is told to stop is gone within ten seconds.
GRACE_SECONDS = 5.0
# To give the job back; from a store that is away recovery takes it, as from a process that died.
STORE_SECONDS = 2.0


class Leaving(threading.Thread):
    """Give back the job that still runs some seconds after a drain, and end its process.

    It may be reading a large data set, compiling a network or stuck inside a library.
    """

    def __init__(self, store: Store, heartbeat: Heartbeat) -> None:
        super().__init__(name="leaving", daemon=True)
        self._store = store
        self._heartbeat = heartbeat

    def run(self) -> None:
        """Wait for a drain, and then for the job; a process without one leaves by itself."""
        while not drain.wait(LONG_SECONDS):
            pass
        time.sleep(GRACE_SECONDS)
        self._leave()

    def _leave(self) -> None:
        last = threading.Timer(STORE_SECONDS, _end_process)
        last.daemon = True
        last.start()
        words = (
            f"did not stop within {GRACE_SECONDS:g} s of the shutdown: its process is terminated"
        )
        # Without an attempt it has a message at most, whose job nobody has claimed.
        if (key := self._heartbeat.key) is not None:
            with LoopErrors(logger, f"cannot release job {key.job_id}").caught():
                # Of two that end an attempt at the same moment the store lets one win.
                finish(self._store, key, AttemptState.RELEASED, reason=words)
        logger.warning("%s: %s", key or "no attempt", words)
        _end_process()


def _end_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
