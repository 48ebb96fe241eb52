"""Build the document of a leaderboard: the best trials of one or several experiments together.

Its fields are described in docs/reference.md. What is chosen, ordered and cut is so by the
database: of a hundred thousand trials only the best are read, and a share of the params of all.
"""

from collections.abc import Sequence
from typing import Any

from runner.report.evaluations import evaluation_rows
from runner.report.influence import differing, influence
from runner.report.lookup import experiment_row
from runner.report.trials import effective
from runner.report.uncertainty import accuracy_interval, lead_is_noise, luck_of_the_best
from runner.states import Kind
from runner.store import leaderboard
from runner.store.engine import Connection, Store
from runner.store.leaderboard import SMALLER_IS_BETTER, Scope

# Enough to see what matters; to read the params of every one of 100,000 trials takes seconds.
MOST_PARAMS = 2_000

# What is measured on the validation split, as a share of its pictures.
SHARES = ("val_accuracy", "best_val_accuracy")

TOP = 20


def leaderboard_document(store: Store, scope: Scope, by: str, top: int) -> dict[str, Any]:
    """Return the best trials by a metric, what differs between them and how sure that is."""
    with store.read() as connection:
        for number in scope.experiments:
            experiment_row(connection, number)
        experiments = leaderboard.experiments(connection, scope)
        count = leaderboard.count(connection, scope)
        trials = [_row(row) for row in leaderboard.best(connection, scope, by, top)]
        _rank(trials, by)
        return {
            "experiments": [row["experiment"] for row in experiments],
            "datasets": _datasets(experiments),
            "by": by,
            "order": "smallest first" if by in SMALLER_IS_BETTER else "largest first",
            "where": [f"{c.name}{c.operator}{_text(c.value)}" for c in scope.conditions],
            "top": top,
            "count": count,
            "trials": trials,
            "differing": differing([trial["params"] for trial in trials]),
            "influence": _influence(connection, scope, by, count),
            "winner": _winner(connection, trials, by, count),
            "evaluations": [
                row
                for experiment in experiments
                if scope.experiments and experiment["kind"] == Kind.EVALUATE
                for row in evaluation_rows(connection, experiment=experiment["experiment"])
            ],
            "files": [],
        }


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


def _rank(trials: list[dict[str, Any]], by: str) -> None:
    """Add rank and, after the first, `noise`: whether chance alone could put it behind that."""
    ranks: dict[float, int] = {}
    for place, trial in enumerate(trials, start=1):
        trial["rank"] = ranks.setdefault(trial[by], place)
        comparable = trial["data_fingerprint"] == trials[0]["data_fingerprint"]
        trial["noise"] = (
            lead_is_noise(trials[0][by], trial[by], trial["val_images"])
            if place > 1 and by in SHARES and comparable
            else None
        )


def _datasets(experiments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each data set once, with what people and programs know it by."""
    found = {row["dataset"]["fingerprint"]: row["dataset"] for row in experiments}
    names = ("name", "title", "fingerprint")
    return [{name: dataset[name] for name in names} for dataset in found.values()]


def _influence(connection: Connection, scope: Scope, by: str, count: int) -> dict[str, Any]:
    step = -(-count // MOST_PARAMS) or 1
    rows = leaderboard.some(connection, scope, by, step)
    params = [effective(row["params"]) for row in rows]
    return {"trials": len(rows), "params": influence(params, [row["metric"] for row in rows])}


def _winner(
    connection: Connection, trials: Sequence[dict[str, Any]], by: str, count: int
) -> dict[str, Any] | None:
    """Return what is to be said of the best: its luck, and its score on data that chose nothing."""
    if not trials:
        return None
    winner = trials[0]
    images = winner["val_images"]
    tests = [
        row for row in evaluation_rows(connection, trial=winner["trial"]) if row["split"] == "test"
    ]
    names = ("evaluation", "images", "accuracy", "accuracy_interval", "log_loss")
    return {
        "trial": winner["trial"],
        "chosen_from": count,
        "luck": luck_of_the_best(count, winner[by], images) if by in SHARES else None,
        "test": {name: tests[-1][name] for name in names} if tests else None,
    }


def _text(value: float | str | bool) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
