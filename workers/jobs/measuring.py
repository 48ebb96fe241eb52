"""Measure what objectives ask of a trained network and no epoch records."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from cifar_model.data import Dataset
from cifar_model.evaluation import split_scores
from cifar_model.networks.building import count_weights, restore
from cifar_model.objective import PARAMETERS, RECALL
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from runner.errors import InputError


def is_measured(name: str) -> bool:
    """Return whether a metric is measured of the trained network."""
    return name == PARAMETERS or name.startswith(RECALL)


def measure(
    names: Collection[str], params: Params, dataset: Dataset, weights: bytes
) -> dict[str, float]:
    """Return the number of parameters, and the recall of classes on the validation split."""
    recalls = [name for name in names if name.startswith(RECALL)]
    shape, classes = dataset.train.images.shape[1:], len(dataset.classes)
    found = {}
    if PARAMETERS in names:
        found[PARAMETERS] = float(count_weights(params, shape, classes))
    if recalls:
        predictor = Predictor(restore(params, shape, classes, weights))
        outputs, _ = split_scores(predictor, dataset.validation, classes)
        predicted = outputs.argmax(axis=1)
        found |= {name: _recall(name, predicted, dataset) for name in recalls}
    return found


def _recall(name: str, predicted: NDArray[np.int64], dataset: Dataset) -> float:
    label = dataset.classes.index(name.removeprefix(RECALL))
    of_class = dataset.validation.labels == label
    if not of_class.any():
        raise InputError(
            f"the objective {name} has no value: no validation image is of this class",
            "a class with validation images",
            "choose another --objective",
        )
    return float(np.mean(predicted[of_class] == label))
