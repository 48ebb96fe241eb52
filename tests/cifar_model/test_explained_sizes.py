"""Explanations fit the size and the channels of the images."""

import keras
import numpy as np
import pytest
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray
from PIL import Image

from cifar_model import determinism
from cifar_model.explanation.lime import Neighbourhood
from cifar_model.explanation.picture import explain
from cifar_model.explanation.segmentation import divide, segment
from cifar_model.explanation.settings import METHODS, SEGMENTATIONS, Settings
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.prediction import BATCH, Predictor, batch_of
from tests.cifar_model.untrained import PICTURES, TINY, scaled

GRAY = PICTURES.mean(axis=-1, keepdims=True).astype(np.uint8)


@pytest.fixture(scope="module")
def gray_predictor() -> Predictor:
    """Offer a network of grayscale images whose outputs differ enough to be explained."""
    return made_for((32, 32, 1), 4)


def made_for(shape: tuple[int, int, int], scale: float) -> Predictor:
    """Return a network that nobody trained; the larger the images, the smaller its weights."""
    determinism.configure(1)
    keras.utils.set_random_seed(0)
    model = building.build(Params.from_json(TINY), shape, 10)
    model.set_weights([scale * weight for weight in model.get_weights()])
    return Predictor(model)


def resized(number: int, width: int, height: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(PICTURES[number]).resize((width, height)))


@pytest.mark.parametrize(
    "size", [(16, 16), (28, 28), (32, 32), (64, 64), (128, 128), (96, 64), (64, 128), (224, 224)]
)
def test_there_are_20_to_40_superpixels_at_any_size(size: tuple[int, int]) -> None:
    for number in range(len(PICTURES)):
        superpixels = int(segment(scaled(resized(number, *size)), "small").max()) + 1
        assert 18 <= superpixels <= 40


def test_the_superpixels_of_the_smallest_images_have_more_than_one_pixel() -> None:
    assert int(segment(scaled(resized(0, 8, 8)), "small").max()) + 1 == 16


@pytest.mark.parametrize("segmentation", SEGMENTATIONS)
def test_a_grayscale_image_is_divided_as_the_same_image_in_rgb(segmentation: str) -> None:
    for image in GRAY:
        expected = segment(scaled(image.repeat(3, axis=-1)), segmentation)
        assert np.array_equal(segment(scaled(image), segmentation), expected)


@pytest.mark.parametrize("segmentation", SEGMENTATIONS)
def test_every_number_of_a_grayscale_image_is_that_of_stock_lime(
    gray_predictor: Predictor, segmentation: str
) -> None:
    divided = divide(scaled(GRAY[0]), segmentation)
    # The package makes three equal channels of an image with one.
    stock = LimeImageExplainer(random_state=0).explain_instance(
        scaled(GRAY[0])[..., 0],
        lambda images: gray_predictor.model.predict(images[..., :1], verbose=0),
        labels=(3,),
        top_labels=None,
        num_samples=100,
        segmentation_fn=lambda _: divided.segments,
        hide_color=None if segmentation == "stock" else divided.filled.repeat(3, axis=-1),
    )
    ours = Neighbourhood(gray_predictor, divided, samples=100, seed=0).fit(3)
    assert ours.weights == [weight for _, weight in sorted(stock.local_exp[3])]
    assert (ours.intercept, ours.r2) == (stock.intercept[3], stock.score)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_explains_grayscale_images(gray_predictor: Predictor, method: str) -> None:
    found = explain(gray_predictor, GRAY[0], [], Settings("small", 100, 0, method))
    assert found.segments.shape == (32, 32)
    assert found.explanations[0].verdict != "void"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_explains_large_images_that_are_not_square(method: str) -> None:
    predictor = made_for((96, 64, 3), 1.5)
    found = explain(predictor, resized(0, 64, 96), [], Settings("small", 60, 0, method))
    assert found.segments.shape == (96, 64)
    assert len(set(found.explanations[0].weights)) > 10


def test_fewer_large_images_are_predicted_at_once_and_never_one() -> None:
    sizes = [(8, 8), (32, 32), (64, 64), (128, 128), (512, 512)]
    assert [batch_of(*size) for size in sizes] == [BATCH, BATCH, 62, 15, 2]
