"""Named places at which a test lets a process fail: RUNNER_FAILPOINT=PLACE,PLACE=ACTION:DIRECTORY.

A place is named alone or for one job, as in `after_claim@7`, and kills the process if no action is
named. The first process that comes to it leaves a file of its name in the directory and fails;
later ones pass. Without a directory every process fails there.
"""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

VARIABLE = "RUNNER_FAILPOINT"


def _lose_device() -> None:
    # In the words of TensorFlow on a card that the driver has given up.
    raise RuntimeError("CUDA_ERROR_ECC_UNCORRECTABLE: uncorrectable ECC error (simulated)")


ACTIONS: dict[str, Callable[[], object]] = {
    "": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "hang": lambda: threading.Event().wait(),
    "lose_device": _lose_device,
}


def failpoint(place: str, job_id: int | None = None) -> None:
    """Fail if this is a place that was named; nearly free if none is."""
    named = os.environ.get(VARIABLE)
    if not named:
        return
    places, _, directory = named.partition(":")
    for item in places.split(","):
        wanted, _, action = item.partition("=")
        if wanted not in (place, f"{place}@{job_id}"):
            continue
        if not directory or _is_first(Path(directory) / wanted):
            ACTIONS[action]()


def _is_first(mark: Path) -> bool:
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
