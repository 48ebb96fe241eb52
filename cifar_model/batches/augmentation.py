"""Change images as training goes on; what happens depends on the key alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Draw = NDArray[Any]
Draws = tuple[Draw, ...]

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
    draws = draw(kind, images.shape[:3], key)
    match kind:
        case "none":
            return images, labels
        case "paper":
            return _moved(images, *draws), labels
        case "crop_flip":
            return _cropped(images, *draws), labels
        case "cutout":
            *crop, down, right = draws
            return _with_hole(_cropped(images, *crop), down, right), labels
        case _:
            *crop, others, share = draws
            images = _cropped(images, *crop)
            return _blended(images, others, share), _blended(labels, others, share)


def draw(kind: str, shape: tuple[int, ...], key: Sequence[int]) -> Draws:
    """Return what is drawn for each of some images: arrays of (count, 1), or of (count,) to mix.

    The shape is (count, height, width). A backend that changes images itself draws here too.
    """
    if kind == "none":
        return ()
    random = np.random.default_rng(np.random.SeedSequence(key))
    count, height, width = shape
    if kind == "paper":
        angle, zoom, down, right = random.uniform(-1, 1, (4, count, 1))
        return angle, zoom, down, right, random.random((count, 1)) < 0.5
    most_down, most_right = int(height * CROP), int(width * CROP)
    down = random.integers(-most_down, most_down + 1, (count, 1))
    right = random.integers(-most_right, most_right + 1, (count, 1))
    crop = down, right, random.random((count, 1)) < 0.5
    match kind:
        case "crop_flip":
            return crop
        case "cutout":
            middle = random.integers(0, height, (count, 1))
            return *crop, middle, random.integers(0, width, (count, 1))
        case "mixup":
            others = random.permutation(count)
            return *crop, others, random.beta(MIXED, MIXED, count).astype(np.float32)
        case _:
            raise ValueError(f"no augmentation {kind}")


def _cropped(images: Array, down: Draw, right: Draw, flip: Draw) -> Array:
    """Flip images left to right or not, and move them by whole pixels, mirrored at the edges."""
    count, height, width, channels = images.shape
    rows = np.arange(height) + down
    columns = np.arange(width) + right
    columns = np.where(flip, columns[:, ::-1], columns)
    rows, columns = _mirrored(rows, height), _mirrored(columns, width)
    first = np.arange(count)[:, None, None] * (height * width)
    pixels = first + rows[:, :, None] * width + columns[:, None, :]
    cropped: Array = images.reshape(-1, channels)[pixels]
    return cropped


def _mirrored(places: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return places within 0 to size - 1; those outside are counted back from the edge."""
    inside: NDArray[np.int64] = (size - 1) - np.abs((size - 1) - np.abs(places))
    return inside


def _with_hole(images: Array, down: Draw, right: Draw) -> Array:
    """Make a square grey around a place of each image; near an edge only a part of it is inside."""
    _, height, width, _ = images.shape
    in_rows, in_columns = _near(down, height), _near(right, width)
    images[in_rows[:, :, None] & in_columns[:, None, :]] = GREY
    return images


def _near(middles: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    """Return which of the places are within the half of a hole around each middle."""
    half = int(size * HOLE / 2)
    places = np.arange(size)
    near: NDArray[np.bool_] = (places >= middles - half) & (places < middles + half)
    return near


def _blended(rows: Array, others: Draw, share: Draw) -> Array:
    """Blend each row with another one, of which it gets a share."""
    blended = rows[others]
    blended -= rows
    blended *= share.reshape(-1, *[1] * (rows.ndim - 1))
    blended += rows
    return blended


def _moved(images: Array, angle: Draw, zoom_by: Draw, *moves: Draw) -> Array:
    """Flip images left to right or not; move, turn and zoom them. Outside, the edge goes on."""
    count, height, width, _ = images.shape
    down, right, flip = (each[..., None] for each in moves)
    mirror = np.where(flip, -1, 1)
    angle, zoom = ROTATION * angle[..., None], 1 + ZOOM * zoom_by[..., None]
    cosine, sine = np.cos(angle) / zoom, np.sin(angle) / zoom
    rows = np.arange(height).reshape(1, -1, 1) - (height - 1) / 2
    columns = np.arange(width).reshape(1, 1, -1) - (width - 1) / 2
    moved = np.empty_like(images)
    for start in range(0, count, AT_ONCE):
        some = slice(start, start + AT_ONCE)
        # For every pixel of the result, where in the image it comes from.
        from_row = cosine[some] * rows - sine[some] * columns
        from_row += (height - 1) / 2
        from_row += SHIFT * height * down[some]
        from_column = mirror[some] * (sine[some] * rows + cosine[some] * columns)
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
