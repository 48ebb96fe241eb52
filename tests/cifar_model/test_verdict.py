"""A verdict asks whether an explanation is about what the network has learned."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from cifar_model.explanation.evidence import COMPLETE
from cifar_model.explanation.imputation import imputed
from cifar_model.explanation.picture import explain
from cifar_model.explanation.randomisation import IMAGES, correlation, randomise
from cifar_model.explanation.settings import METHODS, Settings
from cifar_model.explanation.verdict import NOT_COMPARED, NOT_HELD_OUT, RULES, judge
from cifar_model.results import Checks, Evidence
from tests.cifar_model.test_methods import edges_on_the_left, picture
from tests.cifar_model.untrained import PICTURES, make_predictor

FIT = ("sound", "20 superpixels")
CHECKS = Checks(removed=0.2, removed_random=0.6)
EVIDENCE = Evidence(
    removed_random_low=0.3,
    removed_imputed=0.25,
    input_correlation=0.8,
    other_correlation=-0.2,
    untrained_correlation=0.1,
    untrained_fall=0.05,
    similar_images=50,
    similar_right=0.6,
    similar_chance=1e-6,
)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"removed_random_low": 0.15}, "random regions of the same area"),
        ({"untrained_fall": 0.95}, "in untrained networks by up to 95%"),
        ({"untrained_correlation": 0.6}, "an untrained network gives the same explanation"),
        ({"other_correlation": 0.95}, "another class has the same explanation"),
        (
            {"similar_right": 0.12, "similar_chance": 0.4},
            "of the 50 held-out images with the most similar outputs, 12% have the predicted class",
        ),
        ({"input_correlation": 0.1}, "a little noise in the image changes the explanation"),
    ],
)
def test_what_the_network_did_not_learn_is_not_sound(change: dict[str, Any], reason: str) -> None:
    found = judge(FIT, 0.8, CHECKS, replace(EVIDENCE, **change))
    assert found[0] == "weak"
    assert reason in found[1]


def test_what_nothing_speaks_against_keeps_the_verdict_of_the_fit() -> None:
    assert judge(FIT, 0.8, CHECKS, EVIDENCE) == FIT
    assert judge(FIT, 0.8, CHECKS, Evidence()) == (
        FIT[0],
        f"{FIT[1]}{NOT_COMPARED}{NOT_HELD_OUT}",
    )
    for verdict in ("weak", "void"):
        assert judge((verdict, "why"), 0.8, CHECKS, EVIDENCE) == (verdict, "why")


def test_regions_that_hardly_matter_are_not_sound() -> None:
    found = judge(FIT, 0.5, replace(CHECKS, removed=0.45), Evidence())
    assert found == (
        "weak",
        "hiding the shown regions lowers the probability only from 50.0% to 45.0%",
    )
    risen = judge(FIT, 0.5, replace(CHECKS, removed=0.55), Evidence())
    assert risen[1].endswith("does not lower the probability: from 50.0% to 55.0%")
    assert "no shown region" in judge(FIT, 0.8, Checks(), Evidence())[1]


def test_a_fall_of_a_certain_prediction_counts_in_odds() -> None:
    measured = replace(EVIDENCE, removed_random_low=0.989)
    assert judge(FIT, 0.94, replace(CHECKS, removed=0.88), measured)[0] == "sound"
    assert judge(FIT, 0.12, replace(CHECKS, removed=0.1), measured)[0] == "weak"
    # The odds fall from thousands to 49, but the network is as good as certain of both.
    assert judge(FIT, 0.9999, replace(CHECKS, removed=0.98), measured)[0] == "weak"
    assert judge(FIT, 0.9999, replace(CHECKS, removed=0.92), measured)[0] == "sound"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_the_same_evidence(method: str) -> None:
    settings = Settings("small", 200, 0, method)
    (found,) = explain(edges_on_the_left(), picture(), [1], settings).explanations
    assert found.rules == RULES
    assert found.evidence is not None
    assert found.checks.removed is not None
    assert found.evidence.removed_imputed is not None
    assert found.evidence.removed_random_low is not None
    assert found.evidence.removed_random_low <= (found.checks.removed_random or 0)
    assert found.evidence.input_correlation is not None
    assert found.evidence.input_correlation > 0.5
    # Of two classes one is what the other is not.
    assert found.evidence.other_correlation == pytest.approx(-1, abs=0.05)
    assert (found.evidence.completeness is None) == (method not in COMPLETE)


def test_an_untrained_network_is_not_sound_by_any_method() -> None:
    keras.utils.set_random_seed(3)
    untrained = make_predictor()
    untrained.model.set_weights([weight / 4 for weight in untrained.model.get_weights()])
    for method in ("lime", "occlusion", "gradcam", "integrated_gradients"):
        settings = Settings("small", 200, 0, method)
        known = randomise(untrained.model, PICTURES, settings)
        for image in PICTURES:
            (found,) = explain(untrained, image, [], settings, known).explanations
            assert found.verdict != "sound"


def test_the_weights_of_a_network_are_drawn_anew_for_an_untrained_one() -> None:
    trained = edges_on_the_left()
    before = trained.model.get_weights()
    seen: list[int] = []
    settings = Settings("small", 200, 0, "occlusion")
    images = np.stack([picture(), *PICTURES[:2]])
    found = randomise(trained.model, images, settings, seen.append)
    assert found is not None
    assert found == randomise(trained.model, images, settings)
    assert seen == [0, 1, 2]
    assert found.images == 3 <= IMAGES
    assert [name.rstrip("_0123456789") for name in found.layers] == ["dense", "conv2d"]
    assert len(found.curve) == 2
    assert found.correlation is not None
    assert abs(found.correlation) < 0.5
    for old, new in zip(before, trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_without_images_there_is_no_randomisation() -> None:
    settings = Settings("small", 200, 0, "occlusion")
    assert randomise(make_predictor().model, PICTURES[:0], settings) is None


def test_the_rank_correlation_of_equal_weights_is_unknown() -> None:
    assert correlation([1, 2, 3], [2, 4, 9]) == pytest.approx(1)
    assert correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert correlation([1, 2, 3], [0, 0, 0]) is None


def test_a_hidden_region_is_filled_from_what_is_around_it() -> None:
    image = np.repeat(np.linspace(0.2, 0.8, 32, dtype=np.float32)[None, :, None], 32, axis=0)
    image = np.repeat(image, 3, axis=-1)
    hidden = np.zeros((32, 32), np.bool_)
    hidden[10:20, 10:20] = True
    marked = np.where(hidden[..., None], 1, image).astype(np.float32)
    filled = imputed(marked, hidden, np.random.default_rng(0))
    np.testing.assert_array_equal(filled[~hidden], image[~hidden])
    # A slope is what is linear between its ends: only the noise is left.
    np.testing.assert_allclose(filled[hidden], image[hidden], atol=0.06)
    assert filled[hidden].std(axis=0).max() > 0
    assert imputed(image, np.zeros_like(hidden), np.random.default_rng(0)) is image
    whole = imputed(image, np.ones_like(hidden), np.random.default_rng(0))
    assert abs(float(whole.mean()) - 0.5) < 0.01
