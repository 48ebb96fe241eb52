"""The sizes of images: all those of a data set have one, their own or the one they are resized to.

What would not fit into memory is refused before an array is made for it.
"""

from collections.abc import Sequence
from math import prod

import numpy as np
from PIL import Image

from cifar_model.data.dataset import Images, Pictures, Split
from cifar_model.data.description import LARGEST, SMALLEST
from cifar_model.data.reading import has_read
from cifar_model.errors import InputError

# Of all images of a data set, which has a byte for each pixel and channel.
MOST_BYTES = 8 * 2**30
RESIZE_FIX = "give --image-size N to have all of them resized to NxN pixels, as in --image-size 64"


def check_image_size(size: int | None) -> None:
    """Raise InputError for a size that images are not resized to."""
    if size is not None and not SMALLEST <= size <= LARGEST:
        raise InputError(
            f"--image-size {size} is out of range",
            f"a whole number of pixels from {SMALLEST} to {LARGEST}",
            "choose another size",
        )


def check_sides(what: str, shape: Sequence[int]) -> None:
    """Raise InputError for images of a shape (height, width, channels) that no network gets."""
    if not all(SMALLEST <= side <= LARGEST for side in shape[:2]):
        raise InputError(
            f"{what} {as_text(shape)}",
            f"images of {SMALLEST} to {LARGEST} pixels on each side",
            RESIZE_FIX,
        )


def check_bytes(title: str, count: int, shape: Sequence[int]) -> None:
    """Raise InputError if so many images of a shape would take too much memory."""
    needed = count * prod(shape)
    if needed > MOST_BYTES:
        raise InputError(
            f"the {count:,} images of {title} would take {needed / 2**30:.1f} GB of memory at"
            f" {as_text(shape)}",
            f"images that take at most {MOST_BYTES >> 30} GB, a byte per pixel and channel",
            "give a smaller --image-size, or use fewer images",
        )


def as_text(shape: Sequence[int]) -> str:
    """Return the size of images as people write it: the width first."""
    return f"{shape[1]}x{shape[0]}"


def colours(shape: Sequence[int]) -> str:
    """Return what images with so many channels are called."""
    return "grayscale" if shape[2] == 1 else "RGB"


def shape_text(shape: Sequence[int]) -> str:
    """Return the size of images and what they are, as in 32x32 RGB."""
    return f"{as_text(shape)} {colours(shape)}"


def fitted(pictures: Pictures, size: int | None) -> Pictures:
    """Return a data set whose images all have one size; raise InputError if they do not fit."""
    parts = {"train": pictures.train, "validation": pictures.validation, "test": pictures.test}
    given = {name: part for name, part in parts.items() if part is not None}
    own = pictures.train.images.shape[1:]
    for name, part in given.items():
        _check_alike(f"{pictures.title}: the images of the {name} split", part, own, size)
    if size is None:
        check_sides(f"the images of {pictures.title} are", own)
        return pictures
    if all(part.images.shape[1:3] == (size, size) for part in given.values()):
        return pictures
    check_bytes(pictures.title, sum(map(len, given.values())), (size, size, own[2]))
    title = f"{pictures.title}, resized to {size}x{size}"
    resized = {name: Split(resize(part.images, size), part.labels) for name, part in given.items()}
    return Pictures(title, pictures.classes, **resized)


def _check_alike(what: str, split: Split, own: Sequence[int], size: int | None) -> None:
    """Raise InputError if a split cannot go with the train split, whose images have `own` shape."""
    shape = split.images.shape[1:]
    if shape[2] != own[2]:
        raise InputError(
            f"{what} are {colours(shape)}, and those of the train split are {colours(own)}",
            "only RGB images or only grayscale images",
            "convert the images of one of the splits",
        )
    if size is None and shape != own:
        raise InputError(
            f"{what} are {as_text(shape)}, and those of the train split are {as_text(own)}",
            "images that all have the same size",
            RESIZE_FIX,
        )


def resize(images: Images, size: int) -> Images:
    """Return all images resized to a square; they are the same array if they have that size."""
    count, height, width, channels = images.shape
    if (height, width) == (size, size):
        return images
    found = np.empty((count, size, size, channels), np.uint8)
    for row, image in enumerate(images):
        plain = Image.fromarray(image[..., 0] if channels == 1 else image)
        found[row] = np.asarray(resized_image(plain, size)).reshape(found.shape[1:])
        if row % 1000 == 999:
            has_read(row + 1, count)
    return found


def resized_image(image: Image.Image, size: int) -> Image.Image:
    """Return an image as a square, whatever its proportions were."""
    if image.size == (size, size):
        return image
    return image.resize((size, size), Image.Resampling.LANCZOS)
