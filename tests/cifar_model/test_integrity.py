"""An explanation is measured, and one that says nothing is void and says why."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cifar_model.explanation.integrity import judge, stability
from cifar_model.prediction import Predictor
from cifar_model.results import Integrity
from tests.cifar_model.untrained import PICTURES, explain_small, make_predictor

SOUND = Integrity(
    superpixels=20,
    largest_share=0.1,
    weight_range=0.3,
    r2=0.9,
    stability=0.8,
    spread=0.5,
    strongest=0.2,
    one_colour=False,
)


def test_superpixels_are_measured(predictor: Predictor) -> None:
    explained = explain_small(predictor, PICTURES[0], 1)
    (found,) = explained.explanations
    sizes = np.bincount(explained.segments.ravel())
    assert found.integrity.superpixels == len(sizes) == len(found.weights)
    assert found.integrity.largest_share == sizes.max() / 1024
    assert found.integrity.weight_range == max(found.weights) - min(found.weights)
    assert 0 <= found.integrity.stability <= 1


def test_stability_is_the_overlap_of_the_strongest_superpixels() -> None:
    first = [9.0, 8, 7, 6, 5, 0, 0, 0, 0, 0]
    second = [9.0, 8, 7, 0, 0, 0, 0, 0, -5, -6]
    assert stability([first, first]) == 1
    assert stability([first, second]) == 3 / 5
    assert stability([first, first, second]) == pytest.approx((1 + 3 / 5 + 3 / 5) / 3)
    # All of three would overlap whatever they weigh: only the strongest counts.
    assert stability([[3, 2, 1], [1, 2, 3]]) == 0


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({}, "sound", "20 superpixels, R2 0.90"),
        ({"one_colour": True}, "void", "one colour"),
        ({"superpixels": 1, "largest_share": 1.0}, "void", "one superpixel"),
        ({"superpixels": 4}, "void", "too few to locate a region"),
        ({"largest_share": 0.95}, "void", "covers 95%"),
        ({"spread": 0.0}, "void", "probability is the same whichever regions are hidden"),
        ({"strongest": 0.0005}, "void", "no superpixel changes the probability"),
        ({"r2": 0.05}, "void", "does not fit"),
        ({"r2": 0.2}, "weak", "only in part"),
        ({"superpixels": 5}, "weak", "coarse segmentation"),
        ({"largest_share": 0.6}, "weak", "covers 60%"),
        ({"stability": 0.2}, "weak", "another seed"),
    ],
)
def test_a_verdict_has_its_reason(change: dict[str, Any], verdict: str, reason: str) -> None:
    found = judge(replace(SOUND, **change))
    assert found[0] == verdict
    assert reason in found[1]


def test_a_picture_of_one_colour_is_void(predictor: Predictor) -> None:
    (found,) = explain_small(predictor, np.full((32, 32, 3), 90, np.uint8)).explanations
    assert (found.verdict, found.checks.removed) == ("void", None)
    assert "one colour" in found.reason


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_a_network_that_says_the_same_of_everything_is_void(head: str) -> None:
    constant = make_predictor(last_activation=head)
    constant.model.set_weights([0 * weight for weight in constant.model.get_weights()])
    (found,) = explain_small(constant, PICTURES[0]).explanations
    assert found.verdict == "void"
    assert "whichever regions are hidden" in found.reason
    assert found.probability == pytest.approx(0.1)


def test_a_sigmoid_head_is_normalised_and_that_is_said(predictor: Predictor) -> None:
    sigmoid = make_predictor(last_activation="sigmoid")
    explained = explain_small(sigmoid, PICTURES[0], *range(10))
    assert explained.normalised
    assert sum(found.probability for found in explained.explanations) == pytest.approx(1)
    assert not explain_small(predictor, PICTURES[0]).normalised
