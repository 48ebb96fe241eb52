"""The process behind `runner up`: keeps the private broker and the workers running."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from runner.environment import environment_for_children
from runner.errors import UnavailableError
from runner.local.broker import start_broker
from runner.local.run_dir import RunDir, Trouble
from runner.local.start_stop import stop_leftovers
from runner.loop_errors import LoopErrors
from runner.processes import process_started, python_command
from runner.settings import ALLOW_CODE, Settings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# A worker that lived shorter than this did not start: it is started again after a pause, which
# grows from one time to the next.
START_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 60.0
# A draining worker is gone within 10 s; longer means that it hangs.
DRAIN_SECONDS = 30.0


class Supervisor:
    """Start the broker and the worker, start again what dies, stop both at the end."""

    def __init__(self, run_dir: RunDir) -> None:
        self.run_dir = run_dir
        self.stopping = threading.Event()
        self.failed_starts = 0
        self.worker_due = 0.0
        self.worker: subprocess.Popen[bytes] | None = None
        self._started: dict[str, int] = {"supervisor": os.getpid()}
        run_dir.remember(self._started)
        run_dir.tell(None)
        self.broker = start_broker(run_dir)
        self._remember("broker", self.broker)
        self._begin_worker()

    def _begin_worker(self) -> None:
        self.worker_started = time.monotonic()
        self.worker = self._start_worker()
        self._remember("worker", self.worker)

    def _start_worker(self) -> "subprocess.Popen[bytes]":
        # The worker has a broker, but is nobody's but this user's.
        allow_code = "1" if Settings.from_environment().allow_code else "0"
        own = {"RUNNER_BROKER_URL": self.run_dir.broker_url, ALLOW_CODE: allow_code}
        environment = environment_for_children(None, **own)
        with (self.run_dir.logs / "worker.log").open("ab") as log:
            return subprocess.Popen(
                # The URL is there for `runner down` to find it by.
                python_command("workers", self.run_dir.broker_url),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )

    def _remember(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        """Note what runs, so that `runner down` finds it even after a crash of this process."""
        self._started[name] = process.pid
        self.run_dir.remember(self._started)

    def run(self, parent: int | None) -> None:
        """Watch until told to stop, or until the parent is gone, which it may be already."""
        parent_started = process_started(parent) if parent else None
        errors = LoopErrors(logger, "cannot restart a process")
        while not self.stopping.wait(LOOK_SECONDS):
            if parent and (parent_started is None or process_started(parent) != parent_started):
                break
            with errors.caught():
                self._look_at_broker()
                self._look_at_worker()

    def _look_at_broker(self) -> None:
        if self.broker.poll() is None:
            return
        try:
            self.broker = start_broker(self.run_dir)
        except UnavailableError as error:
            self._tell(error.what, "broker.log", 1)
            raise
        self.run_dir.tell(None)
        self._remember("broker", self.broker)

    def _look_at_worker(self) -> None:
        if self.worker is None:
            if time.monotonic() >= self.worker_due:
                self._begin_worker()
            return
        lived = time.monotonic() - self.worker_started
        code = self.worker.poll()
        if code is None:
            if self.failed_starts and lived > START_SECONDS:
                self.failed_starts = 0
                self.run_dir.tell(None)
            return
        self.failed_starts = self.failed_starts + 1 if lived < START_SECONDS else 0
        pause = min(2.0 ** (self.failed_starts - 1), LONGEST_PAUSE_SECONDS)
        self.worker, self.worker_due = None, time.monotonic() + pause
        logger.warning("the worker exited with code %s; restarting it in %g s", code, pause)
        if self.failed_starts > 1:
            times = f"it exited {self.failed_starts} times in a row, last with code {code}"
            self._tell(f"the worker does not start: {times}", "worker.log", self.failed_starts)

    def _tell(self, what: str, log: str, failed_starts: int) -> None:
        self.run_dir.tell(Trouble(what, str(self.run_dir.logs / log), failed_starts))

    def stop(self) -> None:
        """Let the worker drain, then stop the broker."""
        for process in (self.worker, self.broker):
            if process is None:
                continue
            process.terminate()
            try:
                process.wait(DRAIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.run_dir.tell(None)
        self.run_dir.remember({})


def main() -> None:
    """Supervise until SIGTERM, or until the process named by the first argument is gone."""
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s: supervisor] %(message)s")
    run_dir = RunDir(Settings.from_environment().home)
    run_dir.create()
    lock = run_dir.take()
    if lock is None:
        return
    stop_leftovers(run_dir)
    supervisor = Supervisor(run_dir)

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
