"""Which experiments and trials a frame is about."""

from collections.abc import Iterable, Sequence
from typing import cast

from runner.api.checks import MOST_NUMBER, as_integer
from runner.errors import InputError
from runner.reports.filters import conditions_in
from runner.reports.lookup import experiment_row
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope
from runner.store.queries.names import find_experiment

Chosen = int | str | Sequence[int | str] | None
Where = str | Sequence[str]


def scope_of(store: Store | None, experiment: Chosen, where: Where) -> Scope:
    """Return the selection; raise InputError for an experiment or a column that does not exist."""
    texts = (where,) if isinstance(where, str) else tuple(where)
    conditions = conditions_in(store, texts)
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
    number = as_integer(experiment)
    if number is None or not 0 < number <= MOST_NUMBER:
        raise InputError(
            f"experiment={experiment!r} is no number of an experiment",
            "a number, a name, or a list of them",
            "`client.experiments()` lists the experiments",
        )
    with store.read() as connection:
        return experiment_row(connection, number).id


def _several(experiment: Chosen) -> list[int | str]:
    if experiment is None:
        return []
    if isinstance(experiment, int | str) or as_integer(experiment) is not None:
        return [cast("int | str", experiment)]
    if not isinstance(experiment, Iterable):
        # Something else that is no number, which is then refused as such.
        return [experiment]
    several = list(experiment)
    if not several:
        raise InputError(
            "experiment=[] chooses nothing",
            "an experiment, or a list of one or more",
            "omit experiment= for all of them",
        )
    return several
