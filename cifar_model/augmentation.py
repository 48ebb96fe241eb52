"""Change images as training goes on; what happens depends on the key alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SHIFT = 0.1  # of the width and height, either way
ROTATION = np.deg2rad(15)
ZOOM = 0.1
CROP = 1 / 8  # of the width and height, either way: 4 pixels of 32
HOLE = 1 / 2  # of the width and height
GREY = 0.5
# The share of the second image is drawn from Beta(MIXED, MIXED): mostly little or nearly all.
MIXED = 0.2
# Images that are moved together: their coordinates fit into the processor's cache.
AT_ONCE = 8


def augment(kind: str, images: Array, labels: Array, key: Sequence[int]) -> tuple[Array, Array]:
    """Return changed copies of images (n, height, width, channels) and their labels (n, classes).

    Only the key decides what is done to each image, so no state has to be saved.
    """
    random = np.random.default_rng(np.random.SeedSequence(key))
    match kind:
        case "none":
            return images, labels
        case "paper":
            return _moved(images, random), labels
        case "crop_flip":
            return _cropped(images, random), labels
        case "cutout":
            return _with_hole(_cropped(images, random), random), labels
        case "mixup":
            return _mixed(_cropped(images, random), labels, random)
        case _:
            raise ValueError(f"no augmentation {kind}")


def _cropped(images: Array, random: np.random.Generator) -> Array:
    """Flip images left to right or not, and move them by whole pixels, mirrored at the edges."""
    count, height, width, channels = images.shape
    most_down, most_right = int(height * CROP), int(width * CROP)
    rows = np.arange(height) + random.integers(-most_down, most_down + 1, (count, 1))
    columns = np.arange(width) + random.integers(-most_right, most_right + 1, (count, 1))
    columns = np.where(random.random((count, 1)) < 0.5, columns[:, ::-1], columns)
    rows, columns = _mirrored(rows, height), _mirrored(columns, width)
    first = np.arange(count)[:, None, None] * (height * width)
    pixels = first + rows[:, :, None] * width + columns[:, None, :]
    cropped: Array = images.reshape(-1, channels)[pixels]
    return cropped


def _mirrored(places: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return places within 0 to size - 1; those outside are counted back from the edge."""
    inside: NDArray[np.int64] = (size - 1) - np.abs((size - 1) - np.abs(places))
    return inside


def _with_hole(images: Array, random: np.random.Generator) -> Array:
    """Make a square grey somewhere in each image; near an edge only a part of it is inside."""
    count, height, width, _ = images.shape
    in_rows = _near(random.integers(0, height, (count, 1)), height)
    in_columns = _near(random.integers(0, width, (count, 1)), width)
    images[in_rows[:, :, None] & in_columns[:, None, :]] = GREY
    return images


def _near(middles: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    """Return which of the places are within the half of a hole around each middle."""
    half = int(size * HOLE / 2)
    places = np.arange(size)
    near: NDArray[np.bool_] = (places >= middles - half) & (places < middles + half)
    return near


def _mixed(images: Array, labels: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """Blend each image, and its label, with another of the batch."""
    count = len(images)
    others = random.permutation(count)
    share = random.beta(MIXED, MIXED, count).astype(np.float32)
    return _blended(images, others, share), _blended(labels, others, share)


def _blended(rows: Array, others: NDArray[np.int64], share: Array) -> Array:
    blended = rows[others]
    blended -= rows
    blended *= share.reshape(-1, *[1] * (rows.ndim - 1))
    blended += rows
    return blended


def _moved(images: Array, random: np.random.Generator) -> Array:
    """Flip images left to right or not; move, turn and zoom them. Outside, the edge goes on."""
    count, height, width, _ = images.shape
    angle, zoom_by, down, right = random.uniform(-1, 1, (4, count, 1, 1))
    flip = np.where(random.random((count, 1, 1)) < 0.5, -1, 1)
    zoom = 1 + ZOOM * zoom_by
    cosine, sine = np.cos(ROTATION * angle) / zoom, np.sin(ROTATION * angle) / zoom
    rows = np.arange(height).reshape(1, -1, 1) - (height - 1) / 2
    columns = np.arange(width).reshape(1, 1, -1) - (width - 1) / 2
    moved = np.empty_like(images)
    for start in range(0, count, AT_ONCE):
        some = slice(start, start + AT_ONCE)
        # For every pixel of the result, where in the image it comes from.
        from_row = cosine[some] * rows - sine[some] * columns
        from_row += (height - 1) / 2
        from_row += SHIFT * height * down[some]
        from_column = flip[some] * (sine[some] * rows + cosine[some] * columns)
        from_column += (width - 1) / 2
        from_column += SHIFT * width * right[some]
        moved[some] = _sample(images[some], from_row, from_column)
    return moved


def _sample(images: Array, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Array:
    """Read images between their pixels, each weighted by its nearness.

    A channel at a time: to gather single numbers is several times faster than rows of three.
    """
    count, height, width, channels = images.shape
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    top, left = rows.astype(np.int64), columns.astype(np.int64)
    down, over = (rows - top).astype(np.float32), (columns - left).astype(np.float32)
    up, back = 1 - down, 1 - over
    top_left = np.arange(count).reshape(-1, 1, 1) * (height * width) + top * width + left
    top_right = top_left + (left < width - 1)
    below = np.where(top < height - 1, width, 0)
    bottom_left, bottom_right = top_left + below, top_right + below
    sampled = np.empty_like(images)
    for channel in range(channels):
        pixels = images[..., channel].ravel()
        upper = pixels.take(top_left) * back + pixels.take(top_right) * over
        lower = pixels.take(bottom_left) * back + pixels.take(bottom_right) * over
        sampled[..., channel] = upper * up + lower * down
    return sampled
