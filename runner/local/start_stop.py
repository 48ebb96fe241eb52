"""Start and stop the supervisor of this machine's own broker and worker."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from runner.environment import environment_for_children
from runner.errors import UnavailableError
from runner.local.page import Page, ask_for
from runner.local.run_dir import LONGEST_START_SECONDS, Process, RunDir
from runner.processes import host_identity, python_command
from runner.settings import Settings

if TYPE_CHECKING:
    from runner.store.engine import Store

SAID_AFTER_SECONDS = 5.0


def start(settings: Settings, parent: int | None = None, page: Page | None = None) -> bool:
    """Start a supervisor unless one lives; with a parent it ends when that process does.

    It keeps the page running too, also one that lived. Return whether this call started it. Raises
    UnavailableError if it does not come up.
    """
    run_dir = RunDir(settings.home)
    run_dir.create()
    is_supervised = run_dir.is_supervised()
    if page is not None or not is_supervised:
        ask_for(run_dir, page)
    if is_supervised:
        return False
    command = python_command("runner.local.supervisor", *([str(parent)] if parent else []))
    with (run_dir.logs / "supervisor.log").open("ab") as log:
        supervisor = subprocess.Popen(
            command,
            env=environment_for_children(None, **settings.variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while not _is_up(run_dir):
        # Exit code 0 says that another supervisor was quicker: wait for that one.
        if supervisor.poll() not in (None, 0) or time.monotonic() > deadline:
            raise UnavailableError(
                "the private broker and workers did not start",
                f"both to be running within {LONGEST_START_SECONDS:g} s",
                f"read {run_dir.logs / 'supervisor.log'}",
            )
        time.sleep(0.05)
    return True


def wait_for_a_worker(settings: Settings, store: "Store", say: Callable[[str], None]) -> None:
    """Wait until one worker of this host is ready; the others need no waiting for.

    What is waited for is said if it takes long. Raises UnavailableError if no worker comes: it
    exits again and again, the supervisor is gone, or the time is over.
    """
    # Imported late: it imports the store, which starting a supervisor does not need.
    from runner.local.liveness import workers_alive

    run_dir, began, said = RunDir(settings.home), time.monotonic(), False
    while not any(worker.host == host_identity() for worker in workers_alive(settings, store)):
        waited = time.monotonic() - began
        _check_start(run_dir, waited)
        if waited > SAID_AFTER_SECONDS and not said:
            say(
                "waiting for the first worker to be ready, at most "
                f"{LONGEST_START_SECONDS / 60:g} minutes; it writes to "
                f"{run_dir.logs / 'worker.log'}"
            )
            said = True
        time.sleep(0.1)


def _check_start(run_dir: RunDir, waited: float) -> None:
    """Raise UnavailableError if there is no reason to wait for a worker any longer."""
    fix = f"read {run_dir.logs / 'worker.log'}; the start is retried until `runner down`"
    trouble = run_dir.trouble()
    if trouble is not None and trouble.failed_starts:
        why = trouble.what
    elif not run_dir.is_supervised():
        why = "the private broker and workers were stopped"
        fix = f"run `runner up` again; {run_dir.logs / 'supervisor.log'} may say why"
    elif waited > LONGEST_START_SECONDS:
        why = f"no worker was ready after {LONGEST_START_SECONDS:g} s"
    else:
        return
    raise UnavailableError(why, "a worker that is ready", fix)


def _is_up(run_dir: RunDir) -> bool:
    running = run_dir.remembered()
    return {"supervisor", "broker", "worker"} <= running.keys()


# The supervisor itself waits for a worker that drains, so it is given longer.
TERM_SECONDS = 40.0
KILL_SECONDS = 5.0
# From a supervisor's start to its note of itself.
NOTE_SECONDS = 10.0


def stop_leftovers(run_dir: RunDir) -> bool:
    """End the processes that a supervisor which is gone has left behind; False if there is none."""
    noted = [one for name, one in run_dir.remembered().items() if name != "supervisor"]
    # The worker before its broker, so that it can say that it goes.
    noted.sort(key=lambda one: one == run_dir.remembered().get("broker"))
    left = [*noted, *(one for one in run_dir.left_behind() if one not in noted)]
    for process in left:
        end(process)
    return bool(left)


def begin_stop(run_dir: RunDir) -> Process | None:
    """Tell the supervisor to end, do not wait for that, and return it; `stop_all` waits."""
    supervisor = run_dir.remembered().get("supervisor")
    if supervisor is None or supervisor.pid == os.getpid():
        return None
    with suppress(ProcessLookupError):
        os.kill(supervisor.pid, signal.SIGTERM)
    return supervisor


def stop_all(run_dir: RunDir) -> bool:
    """End the supervisor, and with it all that it started; False if nothing was running."""
    deadline = time.monotonic() + NOTE_SECONDS
    while run_dir.is_supervised() and "supervisor" not in run_dir.remembered():
        # It has just started.
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    supervisor = run_dir.remembered().get("supervisor")
    if supervisor is not None and supervisor.pid != os.getpid():
        end(supervisor)
    left = stop_leftovers(run_dir)
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
