"""Score a network on a split: loss, accuracy, log loss and confusion."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss

from cifar_model.data import Split
from cifar_model.metrics import accuracy
from cifar_model.prediction import BATCH, Predictor, normalised


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The scores of one network on one split; rows of the confusion are true classes."""

    images: int
    loss: float
    accuracy: float
    log_loss: float
    confusion: NDArray[np.int64]


def evaluate(
    predictor: Predictor,
    split: Split,
    classes: int,
    after_batch: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Score a network on a split; `after_batch` may raise to stop.

    `loss` is the one it was trained with, on its raw outputs; `log_loss` is the cross-entropy of
    its normalised ones, clipped as scikit-learn does, so that losses and heads can be compared.
    Raises DivergedError if an output is not a finite number.
    """
    outputs, loss = split_outputs(predictor, split, after_batch)
    probabilities = normalised(outputs)
    confusion = confusion_matrix(split.labels, outputs.argmax(axis=1), labels=range(classes))
    return Evaluation(
        images=len(split),
        loss=loss,
        accuracy=accuracy(confusion),
        log_loss=float(log_loss(split.labels, probabilities, labels=range(classes))),
        confusion=confusion,
    )


def split_outputs(
    predictor: Predictor, split: Split, after_batch: Callable[[], None]
) -> tuple[NDArray[np.float32], float]:
    """Return the raw outputs (n, classes) and the mean loss; pictures are scaled by the batch."""
    outputs, losses = [], []
    for start in range(0, len(split), BATCH):
        rows = slice(start, start + BATCH)
        batch = predictor.scored(split.scaled(rows), split.one_hot(predictor.classes, rows))
        outputs.append(batch[0])
        losses.append(batch[1])
        after_batch()
    return np.concatenate(outputs), float(np.concatenate(losses).mean(dtype=np.float64))
