"""A network that nobody trained and images to explain, for the tests of explanations."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cifar_model import determinism
from cifar_model.data import shapes
from cifar_model.explanation.picture import explain
from cifar_model.explanation.settings import Settings
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.results import Explained

PICTURES = shapes.draw(4, 0).images
TINY = {"blocks": 1, "filters": 4}


def make_predictor(**params: Any) -> Predictor:
    """Return a network that nobody trained, whose outputs differ enough to be explained."""
    determinism.configure(1)
    keras.utils.set_random_seed(0)
    model = building.build(Params.from_json(TINY | params), (32, 32, 3), 10)
    model.set_weights([4 * weight for weight in model.get_weights()])
    return Predictor(model)


def scaled(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.divide(image, 255, dtype=np.float32)


def explain_small(predictor: Predictor, image: NDArray[np.uint8], *labels: int) -> Explained:
    return explain(predictor, image, labels, Settings("small", 200, 0))
