"""Score a network on a split: loss, accuracy, log loss and confusion."""

from collections.abc import Iterator

import keras
import numpy as np
from numpy.typing import NDArray

from cifar_model.data import Split
from cifar_model.metrics import accuracy
from cifar_model.prediction import AnyPredictor, batch_of
from cifar_model.results import LOSS_RULE, Evaluation


def evaluate(
    predictor: AnyPredictor, split: Split, classes: int, loss_rule: int = LOSS_RULE
) -> Evaluation:
    """Score a network on a split.

    `loss` is the one it was trained with, by the newest rule unless told otherwise; `log_loss` is
    the cross-entropy of its normalised outputs, clipped as scikit-learn does, so that losses and
    heads can be compared.
    """
    # To train needs no scikit-learn, which takes a second to import.
    from sklearn.metrics import confusion_matrix, log_loss

    outputs, losses = split_scores(predictor, split, classes)
    if loss_rule == 1:
        losses = np.asarray(predictor.model.loss.call(split.one_hot(classes), outputs))
    probabilities = predictor.distribution(outputs)
    predictions = outputs.argmax(axis=1)
    confusion = confusion_matrix(split.labels, predictions, labels=range(classes))
    return Evaluation(
        images=len(split),
        loss=mean(losses),
        loss_rule=loss_rule,
        accuracy=accuracy(confusion),
        log_loss=float(log_loss(split.labels, probabilities, labels=range(classes))),
        confusion=confusion,
        predictions=predictions,
        labels=split.labels,
        probabilities=probabilities,
    )


def split_scores(
    predictor: AnyPredictor, split: Split, classes: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a network's raw outputs for a split and the loss of each image.

    The images are scaled a batch at a time.
    """
    size = predictor.batch
    batches = [slice(start, start + size) for start in range(0, len(split), size)]
    found = [predictor.scored(split.scaled(rows), split.one_hot(classes, rows)) for rows in batches]
    outputs, losses = zip(*found, strict=True)
    return np.concatenate(outputs), np.concatenate(losses)


def mean(losses: NDArray[np.float32]) -> float:
    """Return the loss of a split from those of its images."""
    return float(np.mean(losses, dtype=np.float64))


def keras_scores(model: keras.Model, split: Split, classes: int) -> tuple[float, float]:
    """Return the loss and the accuracy that Keras's own `evaluate` gives on a split.

    It shares no code with `evaluate`, so that one can check the other.
    """
    scores = model.evaluate(_batches(split, classes), verbose=0, return_dict=True)
    return float(scores["loss"]), float(scores["accuracy"])


def _batches(
    split: Split, classes: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Yield the images and labels of a split as Keras reads them."""
    size = batch_of(*split.images.shape[1:3])
    for start in range(0, len(split), size):
        rows = slice(start, start + size)
        images = split.images[rows].astype(np.float32) / np.float32(255)
        yield images, keras.utils.to_categorical(split.labels[rows], classes)
