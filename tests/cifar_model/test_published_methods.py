"""Methods give what published implementations give for the same network and image.

The numbers were computed once with shap 0.51.0 (KernelExplainer, all coalitions), saliency 0.2.1
(SmoothGrad with the noise of this seed, Grad-CAM) and the masks and the formula of RISE's authors
(20,000 masks; the network less its mean output), from this network written in NumPy.
"""

import keras
import numpy as np
import pytest

from cifar_model import determinism
from cifar_model.explanation.methods import gradcam, smoothgrad
from cifar_model.explanation.regions import Divided
from cifar_model.explanation.sampling import kernel_shap, rise
from cifar_model.prediction import Predictor

LABEL = 2
# Blocks of 4 by 8 pixels.
SEGMENTS = np.arange(16)[:, None] // 4 * 2 + np.arange(16)[None] // 8


@pytest.fixture(scope="module")
def network() -> Predictor:
    """Return a network of one convolution."""
    determinism.configure(1)
    random = np.random.default_rng(0)
    random.random((16, 16, 3))
    kernel = random.normal(0, 0.5, (3, 3, 3, 2)).astype(np.float32)
    dense = random.normal(0, 0.05, (512, 3)).astype(np.float32)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(2, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    nothing = [np.zeros(count, np.float32) for count in (2, 3)]
    model.set_weights([kernel, nothing[0], dense, nothing[1]])
    return Predictor(model)


def divided(filled: float = 0.5) -> Divided:
    """Return an image in blocks, with what fills hidden ones."""
    image = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)
    return Divided(image, SEGMENTS, np.full_like(image, filled))


def test_the_network_is_the_one_that_the_numbers_are_of(network: Predictor) -> None:
    found = network.probabilities(divided().scaled[None])[0]
    np.testing.assert_allclose(found, [0.04000595, 0.01699735, 0.9429967], atol=1e-5)


def test_kernel_shap_is_that_of_shap(network: Predictor) -> None:
    found = kernel_shap(network, divided(), samples=300, seed=0)[:, LABEL]
    published = [0.0161067, 0.024658, -0.0047795, 0.0263123]
    published += [-0.0029407, -0.0216544, 0.0090154, 0.0130108]
    np.testing.assert_allclose(found, published, atol=1e-5)


def test_smoothgrad_is_that_of_saliency(network: Predictor) -> None:
    found = smoothgrad(network, divided(), LABEL)
    published = [0.0269777, 0.0163697, 0.0039578, 0.0185691]
    published += [-0.0014705, -0.0033836, 0.0125589, 0.0150071]
    np.testing.assert_allclose(found, published, atol=1e-5)


def test_gradcam_is_that_of_saliency_which_has_no_negative_values(network: Predictor) -> None:
    pixels = Divided(
        divided().scaled, np.arange(256, dtype=np.int32).reshape(16, 16), divided().filled
    )
    positive = np.maximum(gradcam(network, pixels, LABEL), 0)
    found = np.bincount(SEGMENTS.ravel(), positive)
    published = [0.0169915, 0.0227188, 0.0244214, 0.0229041]
    published += [0.023523, 0.0199649, 0.022037, 0.0210792]
    np.testing.assert_allclose(found, published, atol=1e-5)


def test_rise_is_that_of_its_authors_but_for_the_noise_of_its_masks(network: Predictor) -> None:
    found = rise(network, divided(filled=0), samples=4000, seed=0)[:, LABEL]
    published = [0.0097092, 0.0106846, 0.0000005, 0.0067771]
    published += [0.0017164, -0.0017593, 0.0052665, 0.0092372]
    np.testing.assert_allclose(found, published, atol=0.0025)
