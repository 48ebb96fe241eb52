"""The few images that a check trains on, drawn by code."""

import numpy as np
from PIL import Image

from cifar_model.checking.plan import Drawn
from cifar_model.data.dataset import Dataset, Images, Split
from cifar_model.data.shapes import REGIONS, draw
from cifar_model.data.sizes import resize

TRAIN_IMAGES, OTHER_IMAGES = 96, 32
BATCH_SIZE = 32


def drawn_images(drawn: Drawn) -> Dataset:
    """Return a data set of the built-in shapes that takes no time to draw or to train on."""
    splits = []
    for seed, count in enumerate((TRAIN_IMAGES, OTHER_IMAGES, OTHER_IMAGES), start=1):
        drawing = draw(count, seed)
        images = _gray(drawing.images) if drawn.grayscale else drawing.images
        splits.append(Split(resize(images, drawn.size), drawing.labels))
    train, validation, test = splits
    return Dataset("shapes", "shapes (a few)", "", tuple(REGIONS), train, validation, test)


def _gray(images: Images) -> Images:
    return np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in images])[
        ..., None
    ]
