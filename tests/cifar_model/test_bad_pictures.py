"""What cannot be explained is refused in words, or void with its reason, by every method."""

import numpy as np
import pytest

from cifar_model.errors import InputError
from cifar_model.explanation.picture import explain
from cifar_model.explanation.settings import METHODS, SEGMENTATIONS, Settings
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from tests.cifar_model.untrained import PICTURES, TINY, explain_small, make_predictor


@pytest.mark.parametrize("shape", [(28, 28, 3), (32, 32, 1), (32, 64, 3)])
def test_a_picture_of_another_size_than_the_network_takes_is_refused(
    predictor: Predictor, shape: tuple[int, ...]
) -> None:
    words = f"the image is {'x'.join(map(str, shape))}, and the network takes 32x32x3"
    with pytest.raises(InputError, match=words):
        explain_small(predictor, np.zeros(shape, np.uint8))


def test_weights_of_a_network_for_another_size_are_refused() -> None:
    params = Params.from_json(TINY)
    content = building.weights_bytes(building.build(params, (32, 32, 3), 10))
    with pytest.raises(InputError, match="do not fit the network"):
        building.restore(params, (16, 16, 3), 10, content)


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_that_the_network_does_not_have_is_refused(
    predictor: Predictor, label: int
) -> None:
    with pytest.raises(InputError, match=rf"label {label}: the network has no such class"):
        explain_small(predictor, PICTURES[0], 3, label)


def test_fewer_samples_than_superpixels_are_refused_with_how_many_it_takes(
    predictor: Predictor,
) -> None:
    with pytest.raises(InputError, match="12 samples are too few for") as refused:
        explain(predictor, PICTURES[0], [0], Settings("small", 12, 0))
    assert "--samples" in refused.value.fix


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("segmentation", SEGMENTATIONS)
def test_a_picture_of_one_colour_is_void_whatever_explains_it(
    predictor: Predictor, method: str, segmentation: str
) -> None:
    one_colour = np.full((32, 32, 3), (200, 10, 60), np.uint8)
    settings = Settings(segmentation, 60, 0, method)
    (found,) = explain(predictor, one_colour, [3], settings).explanations
    assert (found.verdict, found.curves, found.checks.removed) == ("void", None, None)
    assert "one colour" in found.reason


@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_predicts_one_class_for_sure_is_void(method: str) -> None:
    certain = make_predictor()
    weights = [0 * weight for weight in certain.model.get_weights()]
    weights[-1][3] = 100
    certain.model.set_weights(weights)
    settings = Settings("small", 60, 0, method)
    (found,) = explain(certain, PICTURES[0], [], settings).explanations
    assert (found.label, found.verdict) == (3, "void")
    # A softmax of one certain class is 1 to the last bit on some processors only.
    assert found.probability == pytest.approx(1, abs=1e-6)
    assert "whichever regions are hidden" in found.reason
