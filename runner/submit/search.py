"""Turn a search into an experiment whose jobs ask for their points when they are claimed."""

import random
from dataclasses import dataclass

from cifar_model.errors import InputError
from cifar_model.grid import checked_values, count_points, draw, grid_to_json
from cifar_model.params import rules_of
from cifar_model.spaces.space import Conditional, Grid, Range
from runner.search import check_installed
from runner.searches import measured_by
from runner.settings import Settings
from runner.states import Kind
from runner.store.lifecycle.experiments import NewExperiment
from runner.submit.experiments import (
    Training,
    new_trainings,
    trained_by,
    training_configuration,
    unasked_jobs,
)
from runner.submit.objectives import Aims, check_aims

# Random points that are checked before anything is stored: a combination that is not valid shows.
CHECKED = 200

# Job n knows the outcomes of jobs up to n - LAG with --deterministic: as many workers are busy.
LAG = 8


@dataclass(frozen=True, slots=True)
class Searching:
    """How the points of a grid are searched."""

    sampler: str
    trials: int
    aims: Aims
    deterministic: bool = False


def new_search(
    settings: Settings, training: Training, grid: Grid, searching: Searching
) -> NewExperiment:
    """Return an experiment that searches a grid, checked and not yet stored."""
    rules = rules_of(training.network)
    values = checked_values(grid, rules)
    check_sampler(searching.sampler, grid)
    if settings.broker_url is None:
        # Otherwise the workers may be on other hosts.
        check_installed(searching.sampler)
    _check_aims(searching)
    if training.stop is not None and searching.sampler not in ("random", "qmc"):
        raise InputError(
            f"--stop {training.stop} together with --search {searching.sampler}",
            "a sampler that does not learn from trials that were stopped: random or qmc",
            "omit --stop, or use --search random",
        )
    if training.repeats != 1:
        raise InputError(
            f"--repeats {training.repeats} together with --search {searching.sampler}",
            "one trial of each point",
            "omit --repeats; `runner submit tune --search grid` trains points with several seeds",
        )
    chance = random.Random(training.seed)  # noqa: S311 (no secret)
    trained = trained_by(training, list(draw(grid, rules, CHECKED, chance)))
    common = training_configuration(settings, training, trained)
    check_aims(searching.aims, training, common["dataset"])
    configuration = common | {
        "grid": grid_to_json(grid),
        "search": searching.sampler,
        "trials": searching.trials,
        **searching.aims.to_json(),
        "points": None if None in values.values() else count_points(grid, rules),
        **({"lag": LAG} if searching.deterministic else {}),
    }
    jobs = unasked_jobs(searching.trials, configuration)
    return new_trainings(Kind.TUNE, training, configuration, jobs)


def check_sampler(sampler: str, grid: Grid) -> None:
    """Refuse a grid that a sampler of Optuna can draw only as `random` would."""
    if sampler not in ("qmc", "cmaes"):
        return
    conditional = [name for name, entry in grid.items() if isinstance(entry, Conditional)]
    if conditional:
        raise InputError(
            f"--search {sampler} cannot draw {conditional[0]}, which has a condition",
            f"a grid without conditions for {sampler}",
            "use --search tpe, random or nsga2, or remove `when` from the grid",
        )
    ranges = [name for name, entry in grid.items() if isinstance(entry, Range)]
    if sampler == "cmaes" and len(ranges) < 2:
        raise InputError(
            f"--search cmaes needs at least two ranges, and the grid has {len(ranges)}",
            "ranges of numbers, such as lr: {low: 1e-4, high: 1e-2, log: true}",
            "use --search tpe, or give ranges in place of lists",
        )
    if sampler == "qmc" and not ranges:
        raise InputError(
            "--search qmc needs a range, and the grid has lists only",
            "a range of numbers, such as lr: {low: 1e-4, high: 1e-2, log: true}",
            "use --search tpe or random, or give ranges in place of lists",
        )


def _check_aims(searching: Searching) -> None:
    """Refuse several objectives and bounds for a sampler that can do neither."""
    aims = searching.aims
    if searching.deterministic and "seconds" in measured_by(aims.to_json()):
        raise InputError(
            "--deterministic together with seconds, which differ each time",
            "objectives and constraints that training again does not change",
            "omit --deterministic, or choose another --objective",
        )
    if searching.sampler == "cmaes" and (len(aims.objectives) > 1 or aims.constraints):
        what = "--constraint" if aims.constraints else f"{len(aims.objectives)} objectives"
        raise InputError(
            f"--search cmaes cannot take {what} into account",
            "one objective and no constraint for cmaes",
            "use --search tpe or nsga2",
        )
