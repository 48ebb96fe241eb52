"""Start the processes of a check: with Keras, which the command line never imports."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cifar_model.checking.plan import UNDISTURBED, Drawn, Failure, Life, Plan, Result
from cifar_model.networks.network import Network
from runner.environment import environment_for_children
from runner.processes import python_command

OUTPUT = "output"
LOOK_SECONDS = 0.05
# Of all lives of a check: a function that waits for something does not end by itself.
MOST_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Subject:
    """The function that is checked, and what it is trained with."""

    network: Network
    params: Mapping[str, Any]
    drawn: Drawn


@dataclass(frozen=True, slots=True)
class Series:
    """Lives of one process after another, which all order sets in the same way."""

    hash_seed: int
    lives: tuple[Life, ...]


def live(subject: Subject, series: Sequence[Series], directory: Path) -> dict[str, Result]:
    """Run several series at once and return the result of each life by its name.

    If the undisturbed life fails, it ends all of them.
    """
    plans = [_plan(subject, one, directory) for one in series]
    with ExitStack() as stack:
        started = [
            stack.enter_context(_started(plan, one.hash_seed))
            for plan, one in zip(plans, series, strict=True)
        ]
        end = time.monotonic() + MOST_SECONDS
        while any(process.poll() is None for process in started) and time.monotonic() < end:
            if any(_cannot_train(plan) for plan in plans):
                break
            time.sleep(LOOK_SECONDS)
    return {
        name: result
        for plan, process in zip(plans, started, strict=True)
        for name, result in _results(plan, process.returncode).items()
    }


def _plan(subject: Subject, one: Series, directory: Path) -> Plan:
    network = subject.network
    place = directory / f"{one.hash_seed}-{one.lives[0].name}"
    place.mkdir()
    return Plan(
        directory=str(place),
        name=network.name,
        code=network.code or "",
        trainer=network.trainer,
        parameters=dict(network.parameters),
        params=dict(subject.params),
        drawn=subject.drawn,
        lives=one.lives,
    )


@contextmanager
def _started(plan: Plan, hash_seed: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process of a plan; at the end, end it and every life of it."""
    with (Path(plan.directory) / OUTPUT).open("wb") as output:
        process = subprocess.Popen(
            python_command("cifar_model.checking", str(plan.write())),
            env=environment_for_children(PYTHONHASHSEED=str(hash_seed)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _cannot_train(plan: Plan) -> bool:
    result = Result.read(Path(plan.directory) / UNDISTURBED)
    return result is not None and result.failure is not None


def _results(plan: Plan, returncode: int) -> dict[str, Result]:
    place, names = Path(plan.directory), list(dict.fromkeys(life.name for life in plan.lives))
    found = {name: Result.read(place / name) for name in names}
    known = {name: result for name, result in found.items() if result is not None}
    if returncode and len(known) < len(names):
        # It failed before a life could, or took too long.
        missing = next(name for name in names if name not in known)
        words = (place / OUTPUT).read_text(errors="replace")
        what = "it did not end in time" if returncode == -signal.SIGKILL else "the process failed"
        known[missing] = Result([], Failure(what, words))
    return known
