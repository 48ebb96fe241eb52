"""Which experiments and trials a frame is about."""

from collections.abc import Sequence

from runner.api.checks import MOST_NUMBER
from runner.errors import InputError
from runner.reports.filters import read_conditions
from runner.reports.lookup import experiment_row
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope
from runner.store.queries.names import find_experiment

Chosen = int | str | Sequence[int | str] | None
Where = str | Sequence[str]


def scope_of(store: Store | None, experiment: Chosen, where: Where) -> Scope:
    """Return the selection; raise InputError for an experiment or a column that does not exist."""
    conditions = read_conditions((where,) if isinstance(where, str) else tuple(where))
    return Scope([number_of(store, each) for each in _several(experiment)], conditions)


def number_of(store: Store | None, experiment: int | str) -> int:
    """Return the number of an experiment, given as its number or its name."""
    if store is None:
        raise InputError(
            f"there is no experiment {experiment!r}: there is no results store yet",
            "a store with experiments",
            "submit an experiment first, or open another home",
        )
    if isinstance(experiment, str):
        return find_experiment(store, experiment)
    is_number = isinstance(experiment, int) and not isinstance(experiment, bool)
    if not is_number or not 0 < experiment <= MOST_NUMBER:
        raise InputError(
            f"experiment={experiment!r} is no number of an experiment",
            "a number, a name, or a list of them",
            "`client.experiments()` lists the experiments",
        )
    with store.read() as connection:
        return experiment_row(connection, experiment).id


def _several(experiment: Chosen) -> Sequence[int | str]:
    if experiment is None:
        return []
    if isinstance(experiment, str) or not isinstance(experiment, Sequence):
        return [experiment]
    if not experiment:
        raise InputError(
            "experiment=[] chooses nothing",
            "an experiment, or a list of one or more",
            "omit experiment= for all of them",
        )
    return experiment
