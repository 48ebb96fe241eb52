"""Stop what an embedded mode started, also after its supervisor has crashed."""

import os
import signal
import time
from contextlib import suppress

from runner.embedded.place import Place, Process

# The supervisor itself waits for a worker that drains, so it is given longer.
TERM_SECONDS = 40.0
KILL_SECONDS = 5.0


def stop_leftovers(place: Place) -> None:
    """End the processes that a supervisor which is gone has left behind."""
    for process in place.remembered().values():
        if process.pid != os.getpid():
            end(process)


def stop_all(place: Place) -> bool:
    """End the supervisor, and with it all that it started; False if nothing was running."""
    running = place.remembered()
    if "supervisor" in running:
        end(running["supervisor"])
    stop_leftovers(place)
    return bool(running)


def end(process: Process) -> None:
    """End a process with SIGTERM, and with SIGKILL if that is not enough."""
    for signum, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
        with suppress(ProcessLookupError):
            os.kill(process.pid, signum)
        deadline = time.monotonic() + seconds
        while process.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        if not process.alive:
            return
