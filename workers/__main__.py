"""Run one worker: `python -m workers` starts Celery's and, beside it, the recovery."""

import logging
import os
import socket
import subprocess
import sys
import threading

from runner.environment import environment_for_children
from runner.loop_errors import LoopErrors
from runner.processes import leave_garbage, python_command
from runner.settings import Settings
from workers import device
from workers.drain import drain

logger = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
# For a sweep that is under way; it may wait much longer for a store or a broker that is away.
STOP_SECONDS = 1.0


class Recovery(threading.Thread):
    """Keep a recovery process running beside the worker, whatever becomes of it."""

    def __init__(self) -> None:
        super().__init__(name="recovery", daemon=True)
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._start_process()

    def _start_process(self) -> None:
        command = python_command("runner.queue.recovery", str(os.getpid()))
        self._process = subprocess.Popen(command, env=environment_for_children())

    def run(self) -> None:
        """Start the process again each time that it ends, or could not be started."""
        errors = LoopErrors(logger, "cannot restart recovery")
        while not self._stopping.is_set():
            code = self._process.wait()
            self._stopping.wait(RESTART_SECONDS)
            with errors.caught(), self._starting:
                if not self._stopping.is_set():
                    logger.warning("recovery exited with code %s; restarting it", code)
                    self._start_process()

    def stop(self) -> None:
        """End the process, in the middle of a sweep if need be: another repairs what it left."""
        with self._starting:
            self._stopping.set()
            self._process.terminate()
        self.join(STOP_SECONDS)
        self._process.kill()
        self.join()


def main() -> int:
    """Work until told to stop; return an exit code, which is 0 for no other end."""
    settings = Settings.from_environment()
    from runner.queue.recovery import resume_begun
    from workers.app import app

    resume_begun(settings)
    recovery = Recovery()
    recovery.start()
    worker = app.Worker(
        hostname=f"worker{os.getpid()}@{socket.gethostname()}",
        concurrency=device.count_slots(settings.slots),
        pool_cls="prefork",
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
    )
    try:
        worker.start()
    finally:
        recovery.stop()
        leave_garbage()
    if drain.is_set():
        return 0
    return 1 if worker.exitcode is None else int(worker.exitcode)


if __name__ == "__main__":
    sys.exit(main())
