"""Replay races and early stopping on stored results: how often the best is named, at what cost.

`python -m benchmarks.racing` trains nothing. What it replays is in results/reference, and was
trained by `python -m benchmarks.racing_results`. All decisions are those of `runner submit confirm`
and `--stop`: the same functions.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import Any

import numpy as np

from benchmarks.folders import REFERENCE
from cifar_model.spaces.racing import CONFIRMED, Design, bounds, race
from runner.store.lifecycle.tuning.stopping import RULES, Report, bracket, goes_on, is_asked

# A point is as good as the best if its true accuracy is within this.
NEAR = 0.002
FIXED_SEEDS = 5

# The place of a point that a scheme names, and after how many trainings.
Named = tuple[int, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replays", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--top", type=int, default=5, help="candidates of a race")
    parser.add_argument("--seeds", type=int, nargs="+", default=[5, 10])
    given = parser.parse_args()
    races(read("digits"), given)
    halving(read("curves"), given.orders)


def read(name: str) -> dict[str, Any]:
    """Return stored results, and print what they are of."""
    found: dict[str, Any] = json.loads((REFERENCE / f"racing-{name}.json").read_text())
    about = {name: value for name, value in found.items() if not isinstance(value, list)}
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    return found


def races(stored: dict[str, Any], given: argparse.Namespace) -> None:
    """Compare races with the best of one seed and with a fixed number of seeds of every point."""
    scores = np.array(stored["scores"])
    half = scores.shape[1] // 2
    for_races, truth = scores[:, :half], scores[:, half:].mean(axis=1)
    good = truth >= truth.max() - NEAR
    print(
        f"{len(truth)} points x {half} seeds for the truth, as many others for the races; true"
        f" accuracy {truth.min():.4f} to {truth.max():.4f}; {good.sum()} points are the best or"
        f" within {NEAR} of it; standard deviation over seeds"
        f" {np.sqrt(scores.var(axis=1, ddof=1).mean()):.4f}"
    )
    schemes: dict[str, Callable[[Any], Named]] = {
        "take the best of one seed": lambda drawn: (int(drawn[:, 0].argmax()), len(drawn)),
        f"{FIXED_SEEDS} seeds of every point": lambda drawn: (
            int(drawn[:, :FIXED_SEEDS].mean(axis=1).argmax()),
            FIXED_SEEDS * len(drawn),
        ),
    }
    for seeds in given.seeds:
        design = Design([1] * given.top, seeds, bounds(given.top, seeds))
        schemes[f"race of the best {given.top}, up to {seeds} seeds"] = racing(design)
    for name, scheme in schemes.items():
        replay(name, scheme, for_races, truth, good, given.replays)


def racing(design: Design) -> Callable[[Any], Named]:
    """Return a scheme: one seed of every point, then a race of the best with other seeds."""
    confirmed = []

    def scheme(drawn: Any) -> Named:
        order = np.argsort(-drawn[:, 0], kind="stable")[: len(design.epochs)].tolist()
        known: dict[tuple[int, int], float | None] = {}
        standing = race(known, design)
        while standing.ended_by is None:
            for place, seed in standing.wanted:
                known[place, seed] = float(drawn[order[place], seed + 1])
            standing = race(known, design)
        confirmed.append(standing.ended_by == CONFIRMED)
        return order[standing.racing[0]], len(drawn) + len(known)

    return scheme


def replay(
    name: str,
    scheme: Callable[[Any], Named],
    scores: Any,
    truth: Any,
    good: Any,
    replays: int,
) -> None:
    """Print how often a scheme names the best point or one that is near it."""
    named, trainings = [], []
    for number in range(replays):
        random = np.random.default_rng(number)
        # The seeds are the same for all points: a race compares them in pairs.
        place, count = scheme(scores[:, random.permutation(scores.shape[1])])
        named.append(place)
        trainings.append(count)
    best = np.mean([place == truth.argmax() for place in named])
    near = np.mean([good[place] for place in named])
    loss = truth.max() - truth[named].mean()
    print(
        f"{name}: the best {best:.1%}, it or one within {NEAR} {near:.1%}, mean loss {loss:.4f},"
        f" {fmean(trainings):.1f} trainings"
    )


def halving(stored: dict[str, Any], orders: int) -> None:
    """Replay every rule of `--stop` with the trials in random orders, one after another."""
    for rule in RULES:
        halved(rule, stored["curves"], orders)


def halved(rule: str, curves: Sequence[Sequence[float]], orders: int) -> None:
    """Print what a rule loses and saves."""
    best, epochs = max(curve[-1] for curve in curves), len(curves[0])
    losses, shares = [], []
    for number in range(orders):
        order = np.random.default_rng(number).permutation(len(curves)).tolist()
        found, trained = stopped(rule, [curves[place] for place in order])
        losses.append(best - found)
        shares.append(trained / (len(curves) * epochs))
    print(
        f"{rule}, {len(curves)} points x {epochs} epochs, {orders} orders: val_accuracy lost"
        f" against all trained to their end: median {median(losses):.4f}, worst {max(losses):.4f};"
        f" epochs trained: median {median(shares):.1%}, most {max(shares):.1%}"
    )


def stopped(rule: str, curves: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Return the best final value of the trials that were not stopped, and the epochs trained."""
    reported: dict[tuple[int, int], list[float]] = {}
    finals, trained = [], 0
    for number, curve in enumerate(curves, start=1):
        for epoch, value in enumerate(curve, start=1):
            trained += 1
            if not is_asked(rule, number, epoch, len(curve)):
                continue
            others = reported.setdefault((bracket(rule, number, len(curve)), epoch), [])
            goes = goes_on(rule, Report(value, max(curve[:epoch])), others)
            others.append(value)
            if not goes:
                break
        else:
            finals.append(curve[-1])
    return max(finals), trained


if __name__ == "__main__":
    main()
