"""Named places at which a test lets a process die: RUNNER_FAILPOINT=PLACE,PLACE:DIRECTORY.

A place is named alone or for one job, as in `after_claim@7`. The first process that comes to it
leaves a file of its name in the directory and dies; later ones pass. Without a directory every
process dies there.
"""

import os
import signal
from pathlib import Path

VARIABLE = "RUNNER_FAILPOINT"


def reached(place: str, job_id: int) -> None:
    """Die as by `kill -9` if this is a place that was named; nearly free if none is."""
    named = os.environ.get(VARIABLE)
    if not named:
        return
    places, _, directory = named.partition(":")
    for wanted in {place, f"{place}@{job_id}"}.intersection(places.split(",")):
        if not directory or _is_first(Path(directory) / wanted):
            os.kill(os.getpid(), signal.SIGKILL)


def _is_first(mark: Path) -> bool:
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
