"""Queries of the predicted and true classes of every image of a split."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from cifar_model.data import Description
from runner.store.artifacts import get_array
from runner.store.engine import Store
from runner.store.schema import Evaluation, Probabilities, Trial


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predicted and true classes of an evaluation, in the order of the split."""

    evaluation: int
    trial: int
    accuracy: float
    data_fingerprint: str
    predictions: NDArray[Any]
    labels: NDArray[Any]
    # A row for each image; None for evaluations of versions that did not store probabilities.
    probabilities: NDArray[np.float16] | None


@dataclass(frozen=True, slots=True)
class StoredPredictions:
    """The names under which the arrays of an evaluation are stored, which are their SHA-256."""

    evaluation: int
    accuracy: float
    data_fingerprint: str
    predictions: str
    labels: str
    probabilities: str | None


def newest_stored(store: Store, trial: int, split: str) -> StoredPredictions | None:
    """Return what is stored of a trial's newest evaluation on a split; None if there is none."""
    query = (
        select(
            Evaluation.id,
            Evaluation.accuracy,
            Evaluation.predictions,
            Evaluation.labels,
            Trial.dataset,
            Probabilities.artifact,
        )
        .join(Trial, Trial.id == Evaluation.trial_id)
        .outerjoin(Probabilities, Probabilities.evaluation_id == Evaluation.id)
        .where(Evaluation.trial_id == trial, Evaluation.split == split, Evaluation.fold.is_(None))
        .order_by(Evaluation.id.desc())
        .limit(1)
    )
    with store.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    return StoredPredictions(
        evaluation=row.id,
        accuracy=row.accuracy,
        data_fingerprint=Description.from_json(row.dataset).fingerprint,
        predictions=row.predictions,
        labels=row.labels,
        probabilities=row.artifact,
    )


def newest_predictions(store: Store, trial: int, split: str) -> Predictions | None:
    """Return the predictions of a trial's newest evaluation on a split; None if there is none."""
    found = newest_stored(store, trial, split)
    if found is None:
        return None
    return Predictions(
        evaluation=found.evaluation,
        trial=trial,
        accuracy=found.accuracy,
        data_fingerprint=found.data_fingerprint,
        predictions=get_array(store, found.predictions),
        labels=get_array(store, found.labels),
        probabilities=get_array(store, found.probabilities) if found.probabilities else None,
    )
