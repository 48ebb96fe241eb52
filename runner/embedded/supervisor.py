"""The process behind `runner up`: keeps the private broker and the workers running."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from runner.embedded.broker import start_broker
from runner.embedded.place import Place
from runner.embedded.stop import stop_leftovers
from runner.loop_errors import LoopErrors
from runner.processes import process_started
from runner.settings import Settings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# A worker that lived shorter than this did not start; after so many in a row none ever will.
START_SECONDS = 10.0
MOST_FAILED_STARTS = 3
# A draining worker is gone within 10 s; longer means that it hangs.
DRAIN_SECONDS = 30.0


class Supervisor:
    """Start the broker and the worker, start again what dies, stop both at the end."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.stopping = threading.Event()
        self.broker = start_broker(place)
        self.failed_starts = 0
        self.worker = self._start_worker()

    def _start_worker(self) -> "subprocess.Popen[bytes]":
        self.worker_started = time.monotonic()
        environment = {**os.environ, "RUNNER_BROKER_URL": self.place.broker_url}
        with (self.place.logs / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "workers"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )

    def remember(self) -> None:
        """Note what runs, so that `runner down` finds it even after a crash of this process."""
        self.place.remember(
            {"supervisor": os.getpid(), "broker": self.broker.pid, "worker": self.worker.pid}
        )

    def run(self, parent: int | None) -> None:
        """Watch until told to stop, or until the parent is gone."""
        parent_started = process_started(parent) if parent else None
        self.remember()
        errors = LoopErrors(logger, "what has ended cannot be started again")
        while not self.stopping.wait(LOOK_SECONDS):
            if parent and process_started(parent) != parent_started:
                break
            with errors.caught():
                self._start_what_ended()

    def _start_what_ended(self) -> None:
        if self.broker.poll() is not None:
            self.broker = start_broker(self.place)
            self.remember()
        if self.worker.poll() is not None:
            lived = time.monotonic() - self.worker_started
            self.failed_starts = self.failed_starts + 1 if lived < START_SECONDS else 0
            if self.failed_starts == MOST_FAILED_STARTS:
                raise SystemExit("the worker does not start: its log says why")
            self.worker = self._start_worker()
            self.remember()

    def stop(self) -> None:
        """Let the worker drain, then stop the broker."""
        for process in (self.worker, self.broker):
            process.terminate()
            try:
                process.wait(DRAIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main() -> None:
    """Supervise until SIGTERM, or until the process named by the first argument is gone."""
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s: supervisor] %(message)s")
    place = Place(Settings.from_environment().home)
    place.create()
    lock = place.take()
    if lock is None:
        return
    stop_leftovers(place)
    supervisor = Supervisor(place)

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the form of a handler)
        supervisor.stopping.set()

    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, stop)
    try:
        supervisor.run(parent=int(sys.argv[1]) if len(sys.argv) > 1 else None)
    finally:
        supervisor.stop()
        os.close(lock)


if __name__ == "__main__":
    main()
