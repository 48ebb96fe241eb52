"""Build the document of a leaderboard: the best trials of one or several experiments together.

Its fields are described in docs/reference.md. What is chosen, ordered and cut is so by the
database: of a hundred thousand trials only the best are read, and a share of the params of all.
"""

from typing import Any

from runner.reports.comparison.trials import comparisons
from runner.reports.experiment.evaluations import evaluation_rows
from runner.reports.experiment.selection import noise, winner
from runner.reports.lookup import experiment_row
from runner.reports.model import each_dataset
from runner.reports.stats.param_importance import differing, influence
from runner.reports.stats.ranking import effective
from runner.reports.stats.selection_bias import Chance, Repeats
from runner.reports.stats.uncertainty import accuracy_interval
from runner.states import Kind
from runner.store.engine import Connection, Store
from runner.store.queries import leaderboard
from runner.store.queries.leaderboard import SMALLER_IS_BETTER, Scope

# Enough to see what matters; to read the params of every one of 100,000 trials takes seconds.
MOST_PARAMS = 2_000

TOP = 20


def leaderboard_document(store: Store, scope: Scope, by: str, top: int) -> dict[str, Any]:
    """Return the best trials by a metric, what differs between them and how sure that is."""
    with store.read() as connection:
        for number in scope.experiments:
            experiment_row(connection, number)
        experiments = leaderboard.experiments(connection, scope)
        count = leaderboard.count(connection, scope)
        trials = [_row(row) for row in leaderboard.best(connection, scope, by, top)]
        chance = Chance(count, Repeats(*leaderboard.repeats(connection, scope, by)))
        _rank(trials, by, chance)
        document: dict[str, Any] = {
            "experiments": [row["experiment"] for row in experiments],
            "datasets": each_dataset(row["dataset"] for row in experiments),
            "commands": [
                {name: row[name] for name in ("experiment", "command")} for row in experiments
            ],
            "by": by,
            "order": "smallest first" if by in SMALLER_IS_BETTER else "largest first",
            "where": [f"{c.name}{c.operator}{_text(c.value)}" for c in scope.conditions],
            "top": top,
            "count": count,
            "loss_rules": leaderboard.loss_rules(connection, scope),
            "trials": trials,
            "differing": differing([trial["params"] for trial in trials]),
            "influence": _influence(connection, scope, by, count),
            "winner": winner(connection, trials[0], by, chance, trials[0]["val_images"])
            if trials
            else None,
            "evaluations": [
                row
                for experiment in experiments
                if experiment["kind"] == Kind.EVALUATE
                for row in evaluation_rows(connection, experiment=experiment["experiment"])
                if row["fold"] is None
            ],
        }
    return document | {"comparisons": comparisons(store, document["evaluations"]), "files": []}


def _row(found: dict[str, Any]) -> dict[str, Any]:
    dataset = found.pop("dataset")
    images = dataset["images"]
    return found | {
        "params": effective(found["params"]),
        "dataset": dataset["title"],
        "data_fingerprint": dataset["fingerprint"],
        "train_images": images["train"],
        "val_images": images["validation"],
        "val_accuracy_interval": accuracy_interval(found["val_accuracy"], images["validation"]),
    }


def _rank(trials: list[dict[str, Any]], by: str, chance: Chance) -> None:
    """Add rank and `noise`: whether chance could put a trial behind the first."""
    ranks: dict[float, int] = {}
    for place, trial in enumerate(trials, start=1):
        trial["rank"] = ranks.setdefault(trial[by], place)
        comparable = trial["data_fingerprint"] == trials[0]["data_fingerprint"]
        trial["noise"] = (
            noise(trials[0], trial, by, chance, trial["val_images"]) if comparable else None
        )


def _influence(connection: Connection, scope: Scope, by: str, count: int) -> dict[str, Any]:
    step = -(-count // MOST_PARAMS) or 1
    rows = leaderboard.some(connection, scope, by, step)
    params = [effective(row["params"]) for row in rows]
    return {"trials": len(rows), "params": influence(params, [row["metric"] for row in rows])}


def _text(value: float | str | bool) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
