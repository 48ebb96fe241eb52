"""The frames of evaluations, of their predictions, and of explanations."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from runner.api.frames.table import frame_of_rows, types_of
from runner.reports.evaluation import evaluation_record
from runner.reports.explanation.rows import explanation
from runner.reports.explanation.search import FoundExplanation
from runner.reports.records import Evaluation, plain
from runner.specs import Configuration
from runner.store.artifacts import get_array
from runner.store.engine import Store
from runner.store.queries import frames
from runner.store.queries.leaderboard import Scope

DATASET = {"dataset": "category", "data_fingerprint": "category"}
EVALUATION_TYPES = {"experiment": "int64", **types_of(Evaluation), **DATASET}
PREDICTION_TYPES = {
    "experiment": "int64",
    "evaluation": "int64",
    "trial": "int64",
    "split": "category",
    "image": "int64",
    "true_class": "category",
    "predicted_class": "category",
    "probability": "float64",
}
# A report says where it wrote a figure; here none is written.
EXPLANATION_TYPES = types_of(FoundExplanation, without=("file",))


def evaluations_frame(store: Store, scope: Scope) -> pd.DataFrame:
    """Return one row for each evaluation, those of folds among them."""
    with store.read() as connection:
        found = frames.evaluations(connection, scope)
        names = _datasets(frames.configurations(connection, scope.experiments))
    rows = (
        {"experiment": number, **plain(evaluation_record(row, cells)), **names[number]}
        for number, row, cells in found
    )
    return frame_of_rows(rows, EVALUATION_TYPES)


def explanations_frame(store: Store, scope: Scope) -> pd.DataFrame:
    """Return one row for each explanation."""
    with store.read() as connection:
        found = frames.explanations(connection, scope)
        stored = frames.configurations(connection, scope.experiments)
    names = _datasets(stored)
    classes = {number: Configuration(each).dataset.classes for number, each in stored.items()}
    rows = (
        {
            "experiment": row.experiment,
            **names[row.experiment],
            **plain(explanation(row, classes[row.experiment])),
        }
        for row in found
    )
    return frame_of_rows(rows, EXPLANATION_TYPES)


def predictions_frame(store: Store, scope: Scope) -> pd.DataFrame:
    """Return one row for each image of each evaluation, except those of folds."""
    with store.read() as connection:
        stored = frames.prediction_columns(connection, scope)
    parts = list(_predictions(store, stored))
    if not parts:
        return frame_of_rows([], PREDICTION_TYPES)
    found = pd.concat(parts, ignore_index=True)
    return found.astype(PREDICTION_TYPES)[list(PREDICTION_TYPES)]


def _predictions(store: Store, stored: frames.Columns) -> Iterator[pd.DataFrame]:
    rows = [dict(zip(stored, values, strict=True)) for values in zip(*stored.values(), strict=True)]
    for row in rows:
        classes = np.array(row["classes"], object)
        predicted = get_array(store, row["predictions"]).astype(np.int64)
        yield pd.DataFrame(
            {
                **{name: row[name] for name in ("experiment", "evaluation", "trial", "split")},
                "image": np.arange(len(predicted)),
                "true_class": classes[get_array(store, row["labels"]).astype(np.int64)],
                "predicted_class": classes[predicted],
                "probability": _probability(store, row["probabilities"], predicted),
            }
        )


def _probability(store: Store, name: str | None, predicted: Any) -> Any:
    """Return the probability of the predicted class; earlier versions did not store it."""
    if name is None:
        return np.nan
    return get_array(store, name)[np.arange(len(predicted)), predicted].astype(np.float64)


def _datasets(configurations: dict[int, Any]) -> dict[int, dict[str, str]]:
    found = {number: Configuration(each).dataset for number, each in configurations.items()}
    return {
        number: {"dataset": dataset.title, "data_fingerprint": dataset.fingerprint}
        for number, dataset in found.items()
    }
