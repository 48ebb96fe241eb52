"""All trials of a scope by rank, as columns: no record for each of thousands of trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from cifar_model.objective import is_smaller_better
from cifar_model.params import ParamValues
from runner.reports.leaderboard import Influences, chance_of, influence_of
from runner.reports.selection import VALIDATION_SHARES, Winner, winner
from runner.reports.stats.ranking import effective
from runner.reports.stats.selection_bias import Chance
from runner.reports.stats.uncertainty import known_interval
from runner.specs import is_trainer, network_name, trained_params
from runner.store.engine import Store
from runner.store.queries import leaderboard
from runner.store.queries.leaderboard import Scope
from runner.store.queries.rows import LeaderRow
from runner.store.queries.tuning.folds import aim_of_folds


@dataclass(frozen=True, slots=True)
class Ranking:
    """The trials that have the metric which ranks them, the best first, and the best of them.

    Every column has a value for each trial. Those of params start with `params.`, those of metrics
    that only trainers report with `metrics.`. The values are those of a leaderboard.
    """

    by: str
    order: str
    columns: dict[str, list[Any]]
    winner: Winner | None
    influence: Influences | None


def ranking(store: Store, scope: Scope) -> Ranking:
    """Return all trials by the metric that ranks them."""
    with store.read() as connection:
        by = leaderboard.default_metric(connection, scope)
        counts = leaderboard.count(connection, scope, by)
        chance = chance_of(connection, scope, by, counts)
        first = next(iter(leaderboard.best(connection, scope, by, 1)), None)
        stored = leaderboard.ranked_columns(connection, scope, by)
        return Ranking(
            by=by,
            order="smallest first" if is_smaller_better(by) else "largest first",
            columns=_columns(stored, by, chance, first),
            winner=winner(connection, first, by, chance, _images(first)) if first else None,
            influence=influence_of(connection, scope, by, counts.scored),
        )


def fold_scores(store: Store, experiment: int, configuration: Mapping[str, Any]) -> Ranking:
    """Return the trials of folds, without ranks: they are scored on different images."""
    scope = Scope([experiment], folds=True)
    with store.read() as connection:
        aim = aim_of_folds(connection, experiment, configuration)
        stored = leaderboard.ranked_columns(connection, scope, aim.metric)
        columns = _columns(stored, aim.metric, None, None)
        columns["rank"] = [None] * len(columns["trial"])
        order = "smallest first" if aim.minimize else "largest first"
        return Ranking(aim.metric, order, columns, winner=None, influence=None)


def _columns(
    stored: dict[str, list[Any]], by: str, chance: Chance | None, first: LeaderRow | None
) -> dict[str, list[Any]]:
    metrics = [each or {} for each in stored.pop("metrics")]
    scores = stored[by] if by in stored else [each[by] for each in metrics]
    params = _params(stored)
    images = stored.pop("val_images")
    same = first.dataset.fingerprint if first else None
    comparable = [each == same for each in stored.pop("fingerprint")]
    return {
        "rank": _ranks(scores),
        "noise": _noise(scores, comparable, images, chance if by in VALIDATION_SHARES else None),
        "interval": list(map(known_interval, stored["val_accuracy"], images)),
        **stored,
        **_spread("params", params),
        **_spread("metrics", metrics),
    }


def _params(stored: dict[str, list[Any]]) -> list[ParamValues]:
    """Take what is needed for the effective params out of the columns, and return these."""
    every = zip(stored.pop("params"), stored["trained_epochs"], stored.pop("network"), strict=True)
    return [
        effective(trained_params(params, epochs), network_name(network), is_trainer(network))
        for params, epochs, network in every
    ]


def _images(first: LeaderRow) -> int:
    return first.dataset.images.validation


def _ranks(scores: Sequence[float]) -> list[int]:
    ranks: dict[float, int] = {}
    return [ranks.setdefault(score, place) for place, score in enumerate(scores, start=1)]


def _noise(
    scores: Sequence[float],
    comparable: Sequence[bool],
    images: Sequence[int],
    chance: Chance | None,
) -> list[bool | None]:
    """Return which trials are not significantly worse than the first; None if not comparable."""
    if chance is None:
        return [None] * len(scores)
    others = zip(scores[1:], comparable[1:], images[1:], strict=True)
    return [
        *([None] if scores else []),
        *(
            chance.is_noise(scores[0], score, count) if known and count else None
            for score, known, count in others
        ),
    ]


def _spread(prefix: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return a column for each name that a row has."""
    names = dict.fromkeys(chain.from_iterable(rows))
    return {f"{prefix}.{name}": [row.get(name) for row in rows] for name in names}
