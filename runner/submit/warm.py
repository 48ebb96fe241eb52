"""Warm starts: what a search is told of earlier trials before it draws its first point."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cifar_model.objective import STOPPED, score
from cifar_model.params import Params, ParamValues, rules_of
from cifar_model.spaces.space import Grid, applies, in_order
from runner.errors import InputError
from runner.searches import Constraint, Objective, constraints_of, objectives_of
from runner.specs import network_name
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment
from runner.store.queries import reports
from runner.submit.experiments import Training

# These draw the same points whatever they are told.
DEAF = ("random", "qmc")

Told = tuple[ParamValues, Sequence[float]]


def with_warm_start(
    store: Store, new: NewExperiment, training: Training, grid: Grid, given: str
) -> NewExperiment:
    """Return a search that is told the trials of experiments, or of a study file of Optuna's."""
    stored = new.configuration
    if stored["search"] in DEAF:
        raise InputError(
            f"--from has no effect with --search {stored['search']}",
            "a sampler that learns: tpe, cmaes, nsga2 or gp",
            "omit --from, or use --search tpe",
        )
    numbers = [part.strip() for part in given.split(",")]
    if all(number.isdecimal() for number in numbers):
        found = _of_experiments(store, [int(number) for number in numbers], training, stored)
    else:
        found = _of_study(Path(given), stored)
    usable = _usable(found, training, grid)
    if not usable:
        raise InputError(
            f"--from {given}: none of its {len(found)} complete trials is a point of this search",
            "trials with a value of every parameter of the grid, and of every objective",
            "widen the grid, or omit --from",
        )
    return replace(new, configuration={**stored, "from": given, "warm": usable})


def _of_experiments(
    store: Store, numbers: Sequence[int], training: Training, stored: Mapping[str, Any]
) -> list[Told]:
    objectives, constraints = objectives_of(stored), constraints_of(stored)
    found: list[Told] = []
    for number in numbers:
        earlier = queries.experiment(store, number).configuration
        _check_same(number, earlier, stored)
        with store.read() as connection:
            jobs = reports.jobs(connection, experiment=number)
        for job in jobs:
            if job.trial is None or job.ended_by == STOPPED:
                continue
            values = _values(replace(job, metrics=job.metrics or {}), objectives, constraints)
            if values is not None:
                params = Params.from_json(job.params, training.network).to_json()
                known = {name: value for name, value in params.items() if value is not None}
                found.append((known, values))
    return found


def _check_same(number: int, earlier: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    """Refuse values of other images or of another network: they say nothing of these."""

    def compared(configuration: Mapping[str, Any]) -> dict[str, Any]:
        dataset = configuration.get("dataset") or {}
        return {
            "network": network_name(configuration.get("network")),
            "data set": dataset.get("fingerprint"),
            "number of folds": configuration.get("folds"),
        }

    before, now = compared(earlier), compared(stored)
    if other := [what for what in before if before[what] != now[what]]:
        raise InputError(
            f"--from {number}: experiment {number} has another {other[0]}",
            f"an experiment with the same {other[0]}: its values are compared with new ones",
            "correct --from",
        )


def _values(
    trial: Any, objectives: Sequence[Objective], constraints: Sequence[Constraint]
) -> list[float] | None:
    """Return the objectives of a trial and its excesses; None if it did not record one of them."""
    names = [*(each.metric for each in objectives), *(each.metric for each in constraints)]
    found = {name: score(trial, name) for name in names}
    known = {name: value for name, value in found.items() if value is not None}
    if len(known) < len(found):
        return None
    return [
        *(known[each.metric] for each in objectives),
        *(each.excess(known[each.metric]) for each in constraints),
    ]


def _of_study(path: Path, stored: Mapping[str, Any]) -> list[Told]:
    from runner.search.study import read_study

    study = read_study(path)
    minimize = [each.minimize for each in objectives_of(stored)]
    if list(study.minimize) != minimize or constraints_of(stored):
        raise InputError(
            f"--from {path}: the study {study.name} has other objectives",
            f"{len(minimize)} objectives with the same directions, and no --constraint",
            "correct --objective, or omit --from",
        )
    return [(each.params, each.values) for each in study.trials if each.values is not None]


def _usable(found: Sequence[Told], training: Training, grid: Grid) -> list[Told]:
    """Return those trials that are points of a grid, with its parameters only."""
    from runner.search.asked import Search
    from runner.search.sampling import contains, distributions

    known = distributions(Search("", training.seed, grid, ()), rules_of(training.network))
    usable: list[Told] = []
    for params, values in found:
        point: dict[str, Any] = {}
        for name in in_order(grid):
            if applies(grid[name], point) and name in params:
                point[name] = params[name]
        needed = {name for name in grid if applies(grid[name], point)}
        if needed == set(point) and all(contains(known[name], point[name]) for name in point):
            usable.append((point, values))
    return usable
