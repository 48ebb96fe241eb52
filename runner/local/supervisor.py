"""The process behind `runner up`: keeps the broker, the workers and the live page running."""

import logging
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

from runner.environment import environment_for_children
from runner.errors import UnavailableError
from runner.local import page
from runner.local.broker import start_broker
from runner.local.kept import Kept, stop
from runner.local.run_dir import PAGE_MODULE, RunDir, Trouble
from runner.local.start_stop import stop_leftovers
from runner.loop_errors import LoopErrors
from runner.processes import leave_garbage, process_started, python_command
from runner.settings import ALLOW_CODE, Settings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5


class Supervisor:
    """Start the broker, the worker and the page, start again what dies, stop all at the end."""

    def __init__(self, run_dir: RunDir) -> None:
        self.run_dir = run_dir
        self.stopping = threading.Event()
        self._started: dict[str, int] = {"supervisor": os.getpid()}
        self._told: Trouble | None = None
        run_dir.remember(self._started)
        run_dir.tell(None)
        self.broker = start_broker(run_dir)
        self._remember("broker", self.broker)
        self.worker = Kept("worker", self._start_worker, self._remember)
        self.page = Kept("page", self._start_page, self._remember)
        self.worker.look()

    def _start_worker(self) -> "subprocess.Popen[bytes]":
        # The worker has a broker, but is nobody's but this user's.
        allow_code = "1" if Settings.from_environment().allow_code else "0"
        own = {"RUNNER_BROKER_URL": self.run_dir.broker_url, ALLOW_CODE: allow_code}
        return self._begin("worker.log", "workers", **own)

    def _start_page(self) -> "subprocess.Popen[bytes]":
        return self._begin("page.log", PAGE_MODULE)

    def _begin(self, log: str, module: str, **variables: str) -> "subprocess.Popen[bytes]":
        with (self.run_dir.logs / log).open("ab") as written:
            return subprocess.Popen(
                # The URL is there for `runner down` to find it by.
                python_command(module, self.run_dir.broker_url),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                env=environment_for_children(None, **variables),
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
                self.look()

    def look(self) -> None:
        """Start again what has ended, and say what does not start."""
        self._look_at_broker()
        self.worker.look()
        if page.asked_for(self.run_dir) is not None:
            self.page.look()
        if self.worker.trouble is not None:
            self._tell(self.worker.trouble, "worker.log", self.worker.failed_starts)
        elif self.page.trouble is not None:
            # No job waits for the page.
            self._tell(self.page.trouble, "page.log", 0)
        elif self._told is not None:
            self._told = None
            self.run_dir.tell(None)

    def _look_at_broker(self) -> None:
        if self.broker.poll() is None:
            return
        try:
            self.broker = start_broker(self.run_dir)
        except UnavailableError as error:
            self._tell(error.what, "broker.log", 1)
            raise
        self._remember("broker", self.broker)

    def _tell(self, what: str, log: str, failed_starts: int) -> None:
        told = Trouble(what, str(self.run_dir.logs / log), failed_starts)
        if told != self._told:
            self._told = told
            self.run_dir.tell(told)

    def stop(self) -> None:
        """Let the worker drain, then stop the broker."""
        self.page.stop()
        self.worker.stop()
        stop(self.broker)
        page.ask_for(self.run_dir, None)
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
        leave_garbage()


if __name__ == "__main__":
    main()
