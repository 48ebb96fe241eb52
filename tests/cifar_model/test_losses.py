"""Every loss is the one that Keras's own `evaluate` gives for the exported model."""

from itertools import product
from pathlib import Path

import keras
import numpy as np
import pytest

from cifar_model import determinism
from cifar_model.data import Dataset, Split
from cifar_model.evaluation import evaluate, keras_scores
from cifar_model.networks import building
from cifar_model.params import LAST_ACTIVATIONS, Params
from cifar_model.prediction import Predictor
from cifar_model.training import Trained, train
from cifar_model.training_params import LOSSES

SPLITS = ("train", "validation", "test")
CLASSES = 4
TINY = {"blocks": 1, "filters": 4, "batch_size": 16, "batch_norm_momentum": 0.9, "lr": 0.01}
HEADS = list(product(LAST_ACTIVATIONS, LOSSES))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Offer noisy images whose brightness tells the class; no split fills its last batch."""
    determinism.configure(1)
    random = np.random.default_rng(0)

    def split(size: int) -> Split:
        labels = np.arange(size) % CLASSES
        noise = random.integers(0, 90, (size, 32, 32, 3))
        return Split((noise + 50 * labels[:, None, None, None]).astype(np.uint8), labels)

    return Dataset("noise", "noise", "0", tuple("abcd"), split(301), split(77), split(51))


def params_of(head: str, loss: str) -> Params:
    return Params.from_json(TINY | {"last_activation": head, "losses": loss})


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> dict[tuple[str, str], Trained]:
    """Offer a trained network of every head and loss."""
    return {
        (head, loss): train(params_of(head, loss), dataset, seed=3, epochs=2)
        for head, loss in HEADS
    }


@pytest.mark.parametrize(("head", "loss"), HEADS)
def test_losses_and_accuracies_are_those_of_keras_evaluate_on_the_exported_model(
    dataset: Dataset,
    trained: dict[tuple[str, str], Trained],
    tmp_path: Path,
    head: str,
    loss: str,
) -> None:
    found = trained[head, loss]
    params = params_of(head, loss)
    model = building.restore(params, (32, 32, 3), CLASSES, found.weights)
    model.save(tmp_path / "model.keras")
    exported = keras.saving.load_model(tmp_path / "model.keras")
    predictor = Predictor(model)
    for name in SPLITS:
        split: Split = getattr(dataset, name)
        theirs = exported.evaluate(
            split.images / 255.0, np.eye(CLASSES)[split.labels], verbose=0, return_dict=True
        )
        ours = evaluate(predictor, split, CLASSES)
        assert ours.loss == pytest.approx(theirs["loss"], rel=1e-5), name
        assert ours.accuracy == pytest.approx(theirs["accuracy"], rel=1e-6), name
        assert keras_scores(model, split, CLASSES) == pytest.approx(
            (theirs["loss"], theirs["accuracy"]), rel=1e-5
        )
    validated = evaluate(predictor, dataset.validation, CLASSES)
    last = found.epochs[-1]
    assert (last.val_loss, last.val_accuracy) == (validated.loss, validated.accuracy)


def test_the_first_rule_differs_where_a_sigmoid_was_trained_with_cross_entropy(
    dataset: Dataset, trained: dict[tuple[str, str], Trained]
) -> None:
    changed = {}
    for head, loss in HEADS:
        params = params_of(head, loss)
        model = building.restore(params, (32, 32, 3), CLASSES, trained[head, loss].weights)
        first, second = (evaluate(Predictor(model), dataset.test, CLASSES, rule) for rule in (1, 2))
        assert (first.loss_rule, second.loss_rule) == (1, 2)
        changed[head, loss] = abs(first.loss / second.loss - 1) > 1e-3
    assert changed == {pair: pair == ("sigmoid", "categorical_crossentropy") for pair in HEADS}


@pytest.mark.parametrize("head", LAST_ACTIVATIONS)
def test_the_normalised_cross_entropy_is_that_of_the_outputs_divided_by_their_sum(
    dataset: Dataset, trained: dict[tuple[str, str], Trained], head: str
) -> None:
    found = trained[head, "normalised_crossentropy"]
    params = params_of(head, "normalised_crossentropy")
    predictor = Predictor(building.restore(params, (32, 32, 3), CLASSES, found.weights))
    evaluation = evaluate(predictor, dataset.test, CLASSES)
    # What the evaluation calls log loss is computed by scikit-learn.
    assert evaluation.loss == pytest.approx(evaluation.log_loss, rel=1e-5)
    # The other cross-entropy of the same network takes what stands before a sigmoid as logits.
    other = building.restore(
        params_of(head, "categorical_crossentropy"), (32, 32, 3), CLASSES, found.weights
    )
    of_logits = evaluate(Predictor(other), dataset.test, CLASSES).loss
    assert (of_logits == pytest.approx(evaluation.loss, rel=1e-5)) == (head == "softmax")
