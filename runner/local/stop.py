"""Stop what an embedded mode started, also after its supervisor has crashed."""

import os
import signal
import time
from contextlib import suppress

from runner.local.run_dir import Place, Process

# The supervisor itself waits for a worker that drains, so it is given longer.
TERM_SECONDS = 40.0
KILL_SECONDS = 5.0
# From a supervisor's start to its note of itself.
NOTE_SECONDS = 10.0


def stop_leftovers(place: Place) -> bool:
    """End the processes that a supervisor which is gone has left behind; False if there is none."""
    noted = [one for name, one in place.remembered().items() if name != "supervisor"]
    # The worker before its broker, so that it can say that it goes.
    noted.sort(key=lambda one: one == place.remembered().get("broker"))
    left = [*noted, *(one for one in place.left_behind() if one not in noted)]
    for process in left:
        end(process)
    return bool(left)


def stop_all(place: Place) -> bool:
    """End the supervisor, and with it all that it started; False if nothing was running."""
    deadline = time.monotonic() + NOTE_SECONDS
    while place.is_supervised() and "supervisor" not in place.remembered():
        # It has just started.
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    supervisor = place.remembered().get("supervisor")
    if supervisor is not None and supervisor.pid != os.getpid():
        end(supervisor)
    left = stop_leftovers(place)
    return supervisor is not None or left


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
