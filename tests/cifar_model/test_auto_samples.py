"""With `auto`, an image gets as few samples as give a stable answer."""

from typing import Any

import pytest

from cifar_model.explanation import attributions
from cifar_model.explanation.attributions import FIRST_SAMPLES, LAST_SAMPLES, answers
from cifar_model.explanation.integrity import agreement
from cifar_model.explanation.picture import explain
from cifar_model.explanation.segmentation import divide
from cifar_model.explanation.settings import SAMPLING, Settings
from cifar_model.prediction import Predictor
from tests.cifar_model.test_methods import edges_on_the_left, picture
from tests.cifar_model.untrained import PICTURES, scaled


@pytest.mark.parametrize("method", SAMPLING)
def test_the_answer_is_that_of_the_number_of_samples_that_was_used(
    method: str, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributions, "LAST_SAMPLES", 4 * FIRST_SAMPLES)
    auto = explain(predictor, PICTURES[0], [3], Settings("small", 60, 0, method, auto=True))
    used = explain(predictor, PICTURES[0], [3], Settings("small", auto.samples, 0, method))
    assert auto.samples in {FIRST_SAMPLES, 2 * FIRST_SAMPLES, 4 * FIRST_SAMPLES}
    assert auto.explanations == used.explanations


def test_a_network_that_adds_up_its_regions_needs_the_fewest() -> None:
    settings = Settings("small", 60, 0, auto=True)
    found = explain(edges_on_the_left("linear"), picture(), [1], settings)
    assert found.samples == FIRST_SAMPLES


@pytest.mark.parametrize(
    ("agree_from", "expected"),
    [(0, FIRST_SAMPLES), (1000, 1000), (10**6, LAST_SAMPLES)],
)
def test_the_samples_are_doubled_until_the_seeds_agree(
    agree_from: int,
    expected: int,
    predictor: Predictor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drawn(*asked: Any) -> list[list[float]]:
        settings: Settings = asked[-1]
        sign = 1 if settings.samples >= agree_from else (-1) ** settings.seed
        return [[sign * 0.1, 0.2, sign * 0.3]]

    monkeypatch.setattr(attributions, "weights_of", drawn)
    divided = divide(scaled(PICTURES[0]), "small")
    settings = Settings("small", 60, 0, "rise", auto=True)
    (answer,) = answers(predictor, divided, [3], settings)
    assert answer.samples == expected


def test_only_the_labels_that_were_asked_for_decide(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(*asked: Any) -> list[list[float]]:
        settings: Settings = asked[-1]
        sign = (-1) ** settings.seed
        return [[0.1, 0.2, 0.3], [sign * 0.1, 0.2, sign * 0.3]]

    monkeypatch.setattr(attributions, "weights_of", drawn)
    divided = divide(scaled(PICTURES[0]), "small")
    settings = Settings("small", 60, 0, "rise", auto=True)
    decided = [
        answers(predictor, divided, [3, 4], settings, decisive)[0].samples for decisive in (1, 2)
    ]
    assert decided == [FIRST_SAMPLES, LAST_SAMPLES]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([[0.1, 0.2, 0.3], [0.2, 0.3, 0.4]], 1.0),
        ([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]], -1.0),
        # No superpixel matters.
        ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], 1.0),
    ],
)
def test_seeds_agree_by_the_correlation_of_their_weights(
    weights: list[list[float]], expected: float
) -> None:
    assert agreement(weights) == pytest.approx(expected)
