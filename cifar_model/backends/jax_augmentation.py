"""The augmentation of images on a device, in operations of JAX.

`cifar_model.batches.augmentation` draws what is done to each image; here it is done.
"""

from typing import Any

import jax.numpy as jnp

from cifar_model.batches.augmentation import GREY, HOLE, ROTATION, SHIFT, ZOOM

# Arrays of JAX, also those that it traces.
Array = Any


def augmented(kind: str, images: Array, labels: Array, draws: tuple[Array, ...]) -> Any:
    """Return changed images (n, height, width, channels) and their labels (n, classes)."""
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


def _cropped(images: Array, down: Array, right: Array, flip: Array) -> Array:
    _, height, width, _ = images.shape
    rows, columns = jnp.arange(height) + down, jnp.arange(width) + right
    columns = jnp.where(flip, columns[:, ::-1], columns)
    rows, columns = _mirrored(rows, height), _mirrored(columns, width)
    return _pixels(images, rows[:, :, None], columns[:, None, :])


def _mirrored(places: Array, size: int) -> Array:
    return (size - 1) - jnp.abs((size - 1) - jnp.abs(places))


def _pixels(images: Array, rows: Array, columns: Array) -> Array:
    """Return the pixels (n, height, width) of each image in these rows and columns."""
    return images[jnp.arange(len(images))[:, None, None], rows, columns]


def _with_hole(images: Array, down: Array, right: Array) -> Array:
    _, height, width, _ = images.shape
    hole = _near(down, height)[:, :, None] & _near(right, width)[:, None, :]
    return jnp.where(hole[..., None], GREY, images)


def _near(middles: Array, size: int) -> Array:
    half = int(size * HOLE / 2)
    places = jnp.arange(size)
    return (places >= middles - half) & (places < middles + half)


def _blended(rows: Array, others: Array, share: Array) -> Array:
    share = share.reshape(-1, *[1] * (rows.ndim - 1))
    return rows + share * (rows[others] - rows)


def _moved(images: Array, angle: Array, zoom_by: Array, *moves: Array) -> Array:
    _, height, width, _ = images.shape
    down, right, flip = (each[..., None] for each in moves)
    angle, zoom = ROTATION * angle[..., None], 1 + ZOOM * zoom_by[..., None]
    cosine, sine = jnp.cos(angle) / zoom, jnp.sin(angle) / zoom
    rows = jnp.arange(height).reshape(1, -1, 1) - (height - 1) / 2
    columns = jnp.arange(width).reshape(1, 1, -1) - (width - 1) / 2
    from_row = cosine * rows - sine * columns + (height - 1) / 2 + SHIFT * height * down
    from_column = jnp.where(flip, -1, 1) * (sine * rows + cosine * columns)
    from_column += (width - 1) / 2 + SHIFT * width * right
    return _sample(images, from_row, from_column)


def _sample(images: Array, rows: Array, columns: Array) -> Array:
    """Read images between their pixels, each weighted by its nearness."""
    _, height, width, _ = images.shape
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    top, left = rows.astype(int), columns.astype(int)
    down, over = (rows - top)[..., None], (columns - left)[..., None]
    bottom, right = jnp.minimum(top + 1, height - 1), jnp.minimum(left + 1, width - 1)
    upper = _pixels(images, top, left) * (1 - over) + _pixels(images, top, right) * over
    lower = _pixels(images, bottom, left) * (1 - over) + _pixels(images, bottom, right) * over
    return upper * (1 - down) + lower * down
