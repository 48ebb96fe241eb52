"""Flip, shift, rotate and zoom images; what happens depends on the key alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SHIFT = 0.1  # of the width and height, either way
ROTATION = np.deg2rad(15)
ZOOM = 0.1


def augment(images: NDArray[np.float32], key: Sequence[int]) -> NDArray[np.float32]:
    """Return changed copies of images (n, height, width, channels).

    Every image is flipped left to right or not, and moved, turned and zoomed by random amounts
    that only the key decides, so no state has to be saved. Outside, the edge goes on.
    """
    random = np.random.default_rng(np.random.SeedSequence(key))
    count, height, width, _ = images.shape
    angle, zoom_by, down, right = random.uniform(-1, 1, (4, count, 1, 1))
    flip = np.where(random.random((count, 1, 1)) < 0.5, -1, 1)
    zoom = 1 + ZOOM * zoom_by
    cosine, sine = np.cos(ROTATION * angle) / zoom, np.sin(ROTATION * angle) / zoom
    rows = np.arange(height).reshape(1, -1, 1) - (height - 1) / 2
    columns = np.arange(width).reshape(1, 1, -1) - (width - 1) / 2
    # For every pixel of the result, where in the image it comes from.
    from_row = cosine * rows - sine * columns + (height - 1) / 2 + SHIFT * height * down
    from_column = flip * (sine * rows + cosine * columns) + (width - 1) / 2 + SHIFT * width * right
    return _sample(images, from_row, from_column)


def _sample(
    images: NDArray[np.float32], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Read images between their pixels, each weighted by its nearness."""
    count, height, width, channels = images.shape
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    top, left = rows.astype(np.int64), columns.astype(np.int64)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down = (rows - top).astype(np.float32)[..., None]
    over = (columns - left).astype(np.float32)[..., None]
    flat = images.reshape(-1, channels)
    first = np.arange(count).reshape(-1, 1, 1) * (height * width)

    def pixel(row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = flat[first + row * width + column]
        return found

    upper = pixel(top, left) * (1 - over) + pixel(top, right) * over
    lower = pixel(bottom, left) * (1 - over) + pixel(bottom, right) * over
    return np.asarray(upper * (1 - down) + lower * down, np.float32)
