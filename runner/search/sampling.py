"""Asks Optuna for the next point of a search, from what was asked and what came of it."""

import pickle
import random
import warnings
from collections.abc import Callable, Mapping, Sequence

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from cifar_model.grid import MAX_TRIALS, branches, ends_of, is_finite, listed_values, point_at
from cifar_model.params import ParamValues
from cifar_model.rules import Json, Rule
from cifar_model.spaces.space import Range, applies, candidates_of, in_order, is_whole
from runner.search import check_installed
from runner.search.asked import Asked, Outcomes, Search, Values

# A point that is known is asked again so often; then one that is left is taken.
MOST_AGAIN = 20

# Returns what is the same for points of which the same is trained.
Identity = Callable[[ParamValues], str]

optuna.logging.set_verbosity(optuna.logging.ERROR)


class SpaceExhaustedError(Exception):
    """Say that a search has no further point."""


def make_sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    """Return a sampler with Optuna's defaults; raise InputError if a package is missing."""
    check_installed(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        match name:
            case "random":
                return optuna.samplers.RandomSampler(seed=seed)
            case "tpe":
                return optuna.samplers.TPESampler(seed=seed)
            case "qmc":
                return optuna.samplers.QMCSampler(
                    seed=seed, warn_asynchronous_seeding=False, warn_independent_sampling=False
                )
            case "cmaes":
                return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
            case "nsga2":
                return optuna.samplers.NSGAIISampler(seed=seed)
            case "gp":
                return optuna.samplers.GPSampler(seed=seed, warn_independent_sampling=False)
    raise ValueError(f"there is no sampler {name}")


def distributions(search: Search, rules: Mapping[str, Rule]) -> dict[str, BaseDistribution]:
    """Return what Optuna draws each parameter from, in the order in which they are drawn."""
    found: dict[str, BaseDistribution] = {}
    for name in in_order(search.grid):
        candidates = candidates_of(search.grid[name])
        if not isinstance(candidates, Range):
            found[name] = CategoricalDistribution(listed_values(name, candidates, rules))
        elif is_whole(name, candidates, rules):
            low, high = int(candidates.low), int(candidates.high)
            found[name] = IntDistribution(low, high, candidates.log, int(candidates.step or 1))
        else:
            low_end, high_end = float(candidates.low), float(candidates.high)
            found[name] = FloatDistribution(low_end, high_end, candidates.log, candidates.step)
    return found


class Proposer:
    """An Optuna study in memory, brought to where the stored search is."""

    def __init__(self, search: Search, rules: Mapping[str, Rule], identity: Identity) -> None:
        self._search = search
        self._rules = rules
        self._identity = identity
        self._distributions = distributions(search, rules)
        self._study = optuna.create_study(
            sampler=make_sampler(search.sampler, search.seed),
            directions=["minimize" if small else "maximize" for small in search.minimize],
        )
        self._trials: dict[int, optuna.Trial | None] = {}
        self._points: dict[int, ParamValues] = {}
        self._known: set[str] = set()
        self.replayed = 0
        for point, values in search.warm:
            self._add(point, values)

    def replay(self, history: Sequence[Asked]) -> None:
        """Ask again what was asked since the last time, with what was told before each."""
        for ask in history[self.replayed :]:
            self.ask(ask)

    def ask(self, ask: Asked) -> ParamValues:
        """Return the next point, of a job, after its outcomes were told.

        One that was asked before by another version of Optuna, and so differs, stays as it was.
        Raises SpaceExhaustedError if there is none.
        """
        self._tell(ask.told)
        trial, point = self._draw(ask.number)
        self.replayed += 1
        if ask.point is not None and ask.point != point:
            if trial is not None:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            trial, point = None, ask.point
        self._known.add(self._identity(point))
        self._trials[ask.number], self._points[ask.number] = trial, point
        return point

    def state(self) -> bytes:
        """Return where the sampler is, for `restore` in this process."""
        known = sorted(self._known)
        return pickle.dumps((self._study, self._trials, self._points, known, self.replayed))

    def restore(self, state: bytes) -> None:
        """Bring the sampler back to where it was."""
        study, trials, points, known, replayed = pickle.loads(state)  # noqa: S301 (our own)
        self._study, self._trials, self._points = study, trials, points
        self._known, self.replayed = set(known), replayed

    def _tell(self, outcomes: Outcomes) -> None:
        count = len(self._search.minimize)
        for number, values in outcomes.items():
            trial = self._trials.pop(number, None)
            if trial is None:
                if values is not None and number in self._points:
                    self._add(self._points[number], values)
            elif values is None:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                for name, excess in _constraints(values[count:]).items():
                    trial.set_constraint(name, excess)
                self._study.tell(trial, values[:count])

    def _draw(self, number: int) -> tuple[optuna.Trial | None, ParamValues]:
        for _ in range(1 + MOST_AGAIN):
            trial = self._study.ask()
            point = self._suggest(trial)
            if self._identity(point) not in self._known:
                return trial, point
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return None, self._left(number)

    def _suggest(self, trial: optuna.Trial) -> ParamValues:
        point: dict[str, Json] = {}
        for name, distribution in self._distributions.items():
            if not applies(self._search.grid[name], point):
                continue
            if isinstance(distribution, CategoricalDistribution):
                if len(distribution.choices) == 1:
                    point[name] = distribution.choices[0]
                else:
                    point[name] = trial.suggest_categorical(name, distribution.choices)
            elif isinstance(distribution, IntDistribution):
                low, high, step = distribution.low, distribution.high, distribution.step
                point[name] = trial.suggest_int(name, low, high, step=step, log=distribution.log)
            elif isinstance(distribution, FloatDistribution):
                bounds = distribution.low, distribution.high
                value = trial.suggest_float(
                    name, *bounds, step=distribution.step, log=distribution.log
                )
                point[name] = value if distribution.step is None else float(f"{value:.14g}")
        return {name: point[name] for name in self._search.grid if name in point}

    def _left(self, number: int) -> ParamValues:
        """Return a random one of the points that are left of a grid that has an end."""
        grid = self._search.grid
        if not is_finite(grid, self._rules):
            raise SpaceExhaustedError
        found = branches(grid, self._rules)
        ends = ends_of(found)
        points = (point_at(found, ends, index) for index in range(min(ends[-1], MAX_TRIALS)))
        left = [point for point in points if self._identity(point) not in self._known]
        if not left:
            raise SpaceExhaustedError
        return random.Random(f"{self._search.seed} {number}").choice(left)  # noqa: S311 (no secret)

    def _add(self, point: ParamValues, values: Values) -> None:
        """Let the sampler know a point that it was not asked for, if it could have been."""
        own = {
            name: value
            for name, value in point.items()
            if name in self._distributions and not self._is_fixed(name)
        }
        known = {name: self._distributions[name] for name in own}
        count = len(self._search.minimize)
        if all(contains(known[name], value) for name, value in own.items()):
            self._study.add_trial(
                optuna.trial.create_trial(
                    params=own,
                    distributions=known,
                    values=values[:count],
                    constraints=_constraints(values[count:]),
                )
            )

    def _is_fixed(self, name: str) -> bool:
        distribution = self._distributions[name]
        return isinstance(distribution, CategoricalDistribution) and len(distribution.choices) == 1


def _constraints(excesses: Values) -> dict[str, float]:
    return {str(number): excess for number, excess in enumerate(excesses)}


def contains(distribution: BaseDistribution, value: Json) -> bool:
    """Return whether a value can be drawn from a distribution."""
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    return distribution._contains(distribution.to_internal_repr(value))  # noqa: SLF001 (no public way)
