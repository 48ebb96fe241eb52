"""Flip, shift, rotate and zoom pictures; what happens depends on the key alone."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

SHIFT = 0.1  # of the width and height, either way
ROTATION = np.deg2rad(15)
ZOOM = 0.1


def augment(images: NDArray[np.float32], key: Sequence[int]) -> tf.Tensor:
    """Return changed copies of pictures (n, height, width, channels).

    Every picture is flipped left to right or not, and moved, turned and zoomed by random amounts
    that only the key decides, so no state has to be saved. Outside, the edge goes on.
    """
    random = np.random.default_rng(np.random.SeedSequence(key))
    count, height, width, _ = images.shape
    turn, zoom, down, right = random.uniform(-1, 1, (4, count))
    flip = np.where(random.random(count) < 0.5, -1, 1)
    scale = 1 / (1 + ZOOM * zoom)
    cosine, sine = scale * np.cos(ROTATION * turn), scale * np.sin(ROTATION * turn)
    # Where each pixel (x, y) of the result comes from, about the middle of the picture:
    # (a x + b y + c, d x + e y + f).
    a, b, d, e = flip * cosine, -flip * sine, sine, cosine
    x, y = (width - 1) / 2, (height - 1) / 2
    c = x + SHIFT * width * right - a * x - b * y
    f = y + SHIFT * height * down - d * x - e * y
    nothing = np.zeros(count)  # no perspective
    transform = np.stack([a, b, c, d, e, f, nothing, nothing], axis=1).astype(np.float32)
    return keras.ops.image.affine_transform(images, transform, fill_mode="nearest")
