"""A process that is kept running: started again when it ends, after growing pauses if it must."""

import logging
import subprocess
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

# A process that lived shorter than this did not start: it is started again after a pause, which
# grows from one time to the next.
START_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 60.0
# A draining worker is gone within 10 s; longer means that it hangs.
DRAIN_SECONDS = 30.0


class Kept:
    """One process by its name; `start` starts it and `note` is told of each start."""

    def __init__(
        self,
        name: str,
        start: "Callable[[], subprocess.Popen[bytes]]",
        note: "Callable[[str, subprocess.Popen[bytes]], None]",
    ) -> None:
        self.name = name
        self.due = 0.0
        self.failed_starts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.trouble: str | None = None
        self._start = start
        self._note = note

    def look(self) -> None:
        """Start it if it is due; find out whether it has ended."""
        if self.process is None:
            if time.monotonic() >= self.due:
                self.began = time.monotonic()
                self.process = self._start()
                self._note(self.name, self.process)
            return
        lived = time.monotonic() - self.began
        code = self.process.poll()
        if code is None:
            if lived > START_SECONDS:
                self.failed_starts, self.trouble = 0, None
            return
        self.failed_starts = self.failed_starts + 1 if lived < START_SECONDS else 0
        pause = min(2.0 ** (self.failed_starts - 1), LONGEST_PAUSE_SECONDS)
        self.process, self.due = None, time.monotonic() + pause
        logger.warning("the %s exited with code %s; restarting it in %g s", self.name, code, pause)
        if self.failed_starts > 1:
            times = f"it exited {self.failed_starts} times in a row, last with code {code}"
            self.trouble = f"the {self.name} does not start: {times}"

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is not None:
            stop(self.process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process with SIGTERM, and with SIGKILL if that takes too long."""
    process.terminate()
    try:
        process.wait(DRAIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
