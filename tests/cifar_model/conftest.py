"""One untrained network for all tests of explanations."""

import pytest

from cifar_model.prediction import Predictor
from tests.cifar_model.untrained import make_predictor


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    """Offer a network whose outputs differ enough to be explained."""
    return make_predictor()
