"""A sweep of 16 trials: this project, the bare program and other tools, by turns.

Each is the wall time of a command with its start. The trials have the paper's network, the same
images and the same points; only the epochs are fewer.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.peers.environments import python_of
from benchmarks.record import Measured
from cifar_model.data import shapes
from cifar_model.grid import PAPER_GRID, sample

VALIDATED = 1000
# Of this seed the 16 points stay different when the epochs are overridden.
SEED, DOWNSAMPLE, METHOD = 2, 0.01, "uniform_mersenne"
OURS, BARE = "this project", "the bare program"
PEERS = ("optuna", "talos")


@dataclass(frozen=True, slots=True)
class Sweep:
    """What every contender trains: the files are in a directory of its own."""

    directory: Path
    images: int
    epochs: int
    trials: int

    @property
    def data(self) -> Path:
        """Return the file of the images."""
        return self.directory / "images.npz"

    @property
    def points(self) -> Path:
        """Return the file of the points."""
        return self.directory / "points.json"

    @property
    def downsample(self) -> float:
        """Return the share of the grid that is trained."""
        return DOWNSAMPLE * self.trials / 16


def prepare(sweep: Sweep) -> None:
    """Write the images and the points."""
    train, val = shapes.draw(sweep.images, 1), shapes.draw(VALIDATED, 2)
    np.savez(
        sweep.data,
        x_train=train.images,
        y_train=train.labels,
        x_val=val.images,
        y_val=val.labels,
        x_test=val.images,
        y_test=val.labels,
    )
    points = sample(PAPER_GRID, sweep.downsample, METHOD, SEED)
    sweep.points.write_text(json.dumps([{**point, "epochs": sweep.epochs} for point in points]))


def ours(sweep: Sweep) -> list[str]:
    """Return our command: what it trains is what `prepare` has written."""
    return [
        *(sys.executable, "-m", "runner", "submit", "tune", "--wait", "--seed", str(SEED)),
        *("--downsample", str(sweep.downsample), "--epochs", str(sweep.epochs)),
        *("--dataset", f"npz:{sweep.data}", "--format", "json"),
    ]


def bare(sweep: Sweep) -> list[str]:
    """Return the command of the bare program."""
    return [sys.executable, "-m", "benchmarks.bare", str(sweep.data), str(sweep.points)]


def peer(name: str) -> Callable[[Sweep], list[str]]:
    """Return what makes the command of another tool."""
    python = python_of(name)
    module = f"benchmarks.peers.{name}_sweep"
    return lambda sweep: [str(python), "-m", module, str(sweep.data), str(sweep.points)]


def seconds(command: Sequence[str], home: Path) -> float:
    """Run a command from its start to its end and return how long it took."""
    environment = {"RUNNER_HOME": str(home), "PYTHONPATH": str(Path.cwd())}
    started = time.perf_counter()
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return took


def by_turns(
    sweep: Sweep, contenders: dict[str, Callable[[Sweep], list[str]]], rounds: int
) -> dict[str, list[float]]:
    """Run every contender in every round, so that what else the machine does hits all of them."""
    prepare(sweep)
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, command in contenders.items():
            home = sweep.directory / f"home-{number}"
            found[name].append(seconds(command(sweep), home))
            print(f"round {number + 1}: {name}: {found[name][-1]:.1f} s", flush=True)
    return found


def measure(arguments: Sequence[str]) -> Measured:
    """Run the sweep with every contender and return the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks sweep", description=__doc__)
    parser.add_argument("--images", type=int, default=2000, help="images to train on")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    given = parser.parse_args(arguments)
    contenders = {OURS: ours, BARE: bare, **{name: peer(name) for name in given.peers}}
    with tempfile.TemporaryDirectory() as directory:
        sweep = Sweep(Path(directory), given.images, given.epochs, given.trials)
        found = by_turns(sweep, contenders, given.rounds)
    middle = {name: median(times) for name, times in found.items()}
    ratios = {name: median(_ratios(found, name)) for name in contenders}
    rows = [
        [name, f"{middle[name]:.1f}", f"{min(found[name]):.1f}", f"{ratios[name]:.2f}"]
        for name in contenders
    ]
    return Measured(
        title=f"A sweep of {given.trials} trials",
        columns=("", "median s", "fastest s", "times this project's"),
        rows=rows,
        note=(
            f"Wall time of the whole command: {given.trials} trials of {given.images:,} images,"
            f" {VALIDATED:,} to validate, epochs: {given.epochs}, median of {given.rounds} rounds"
            " in turn. The ratio is the median of those of the rounds: above 1 is slower than this"
            " project. The bare program is two processes that import TensorFlow once, compile each"
            " network once and run the same steps and validation; nothing is stored."
        ),
        ratios={name: ratio for name, ratio in ratios.items() if name != OURS},
    )


def _ratios(found: dict[str, list[float]], name: str) -> list[float]:
    return [took / own for took, own in zip(found[name], found[OURS], strict=True)]
