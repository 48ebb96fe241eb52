"""Score a network on a split: loss, accuracy, log loss and confusion."""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss

from cifar_model.data import Split
from cifar_model.metrics import accuracy
from cifar_model.prediction import BATCH, Predictor, normalised


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The scores of one network on one split; rows of the confusion are true classes.

    `predictions` and `labels` hold the predicted and the true class of every picture,
    `probabilities` a row for each, which sums to 1.
    """

    images: int
    loss: float
    accuracy: float
    log_loss: float
    confusion: NDArray[np.int64]
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def evaluate(predictor: Predictor, split: Split, classes: int) -> Evaluation:
    """Score a network on a split.

    `loss` is the one it was trained with, on its raw outputs; `log_loss` is the cross-entropy of
    its normalised ones, clipped as scikit-learn does, so that losses and heads can be compared.
    """
    outputs = split_outputs(predictor, split)
    probabilities = normalised(outputs)
    predictions = outputs.argmax(axis=1)
    confusion = confusion_matrix(split.labels, predictions, labels=range(classes))
    return Evaluation(
        images=len(split),
        loss=mean_loss(predictor.model, outputs, split.one_hot(classes)),
        accuracy=accuracy(confusion),
        log_loss=float(log_loss(split.labels, probabilities, labels=range(classes))),
        confusion=confusion,
        predictions=predictions,
        labels=split.labels,
        probabilities=probabilities,
    )


def split_outputs(predictor: Predictor, split: Split) -> NDArray[np.float32]:
    """Return a network's raw outputs for a split, whose pictures are scaled a batch at a time."""
    starts = range(0, len(split), BATCH)
    parts = [predictor.outputs(split.scaled(slice(start, start + BATCH))) for start in starts]
    return np.concatenate(parts)


def mean_loss(
    model: keras.Model, outputs: NDArray[np.float32], expected: NDArray[np.float32]
) -> float:
    """Return the mean over the pictures of the loss that the network is compiled with."""
    return float(np.mean(model.loss.call(expected, outputs), dtype=np.float64))
