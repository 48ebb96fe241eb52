"""Every number is that of the stock package, found with fewer predictions."""

import numpy as np
import pytest
from lime.lime_image import LimeImageExplainer
from lime.wrappers.scikit_image import SegmentationAlgorithm
from numpy.typing import NDArray

from cifar_model.errors import InputError
from cifar_model.explanation.lime import Neighbourhood
from cifar_model.explanation.picture import explain
from cifar_model.explanation.regions import Divided
from cifar_model.explanation.segmentation import divide, segment
from cifar_model.explanation.settings import SEGMENTATIONS, Settings
from cifar_model.prediction import BATCH, Predictor
from tests.cifar_model.untrained import PICTURES, explain_small, scaled


@pytest.mark.parametrize("number", range(len(PICTURES)))
@pytest.mark.parametrize("segmentation", SEGMENTATIONS)
@pytest.mark.parametrize("seed", [0, 12345])
def test_every_number_is_that_of_stock_lime_to_the_last_bit(
    predictor: Predictor, number: int, segmentation: str, seed: int
) -> None:
    picture = scaled(PICTURES[number])
    divided = divide(picture, segmentation)
    stock = LimeImageExplainer(random_state=seed).explain_instance(
        picture,
        lambda images: predictor.model.predict(images, verbose=0),
        labels=(3,),
        top_labels=None,
        num_samples=100,
        segmentation_fn=lambda _: divided.segments,
        hide_color=None if segmentation == "stock" else divided.filled,
    )
    ours = Neighbourhood(predictor, divided, samples=100, seed=seed).fit(3)
    assert ours.weights == [weight for _, weight in sorted(stock.local_exp[3])]
    assert (ours.intercept, ours.r2) == (stock.intercept[3], stock.score)


def test_the_stock_segmentation_is_that_of_the_package() -> None:
    algorithm = SegmentationAlgorithm(
        "quickshift", kernel_size=4, max_dist=200, ratio=0.2, random_seed=7
    )
    for image in PICTURES:
        np.testing.assert_array_equal(segment(scaled(image), "stock"), algorithm(scaled(image)))


def test_stock_lime_without_any_setting_gives_our_stock_explanation(predictor: Predictor) -> None:
    stock = LimeImageExplainer(random_state=5).explain_instance(
        scaled(PICTURES[0]),
        lambda images: predictor.model.predict(images, verbose=0),
        labels=(3,),
        top_labels=None,
        num_samples=50,
    )
    (ours,) = explain(predictor, PICTURES[0], [3], Settings("stock", 50, 5)).explanations
    assert ours.weights == [weight for _, weight in sorted(stock.local_exp[3])]
    assert (ours.intercept, ours.integrity.r2) == (stock.intercept[3], stock.score)


def test_equal_perturbations_are_predicted_once(predictor: Predictor) -> None:
    halves = np.repeat(np.arange(2, dtype=np.int32), 512).reshape(32, 32)
    seen = []

    class Counting(Predictor):
        def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.floating]:
            seen.append(len(images))
            return super().probabilities(images)

    counting, image = Counting(predictor.model), scaled(PICTURES[0])
    Neighbourhood(counting, Divided(image, halves, 0 * image), samples=2 * BATCH, seed=0)
    assert seen == [4]


def test_labels_share_their_predictions_and_have_the_same_numbers_alone(
    predictor: Predictor,
) -> None:
    both = explain_small(predictor, PICTURES[0], 1, 2).explanations
    alone = explain_small(predictor, PICTURES[0], 2).explanations
    assert both[1].weights == alone[0].weights
    assert both[1].integrity == alone[0].integrity


def test_without_labels_the_predicted_one_is_explained(predictor: Predictor) -> None:
    explained = explain_small(predictor, PICTURES[0])
    assert [found.label for found in explained.explanations] == [explained.predicted]


def test_too_few_samples_are_refused(predictor: Predictor) -> None:
    with pytest.raises(InputError, match="too few"):
        explain(predictor, PICTURES[0], [0], Settings("small", 2, 0))
