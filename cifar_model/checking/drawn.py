"""The few images that a check trains on, drawn by code."""

from cifar_model.data.dataset import Dataset, Split
from cifar_model.data.shapes import REGIONS, draw

TRAIN_IMAGES, OTHER_IMAGES = 96, 32
BATCH_SIZE = 32


def drawn_images() -> Dataset:
    """Return a data set of the built-in shapes that takes no time to draw or to train on."""
    splits = []
    for seed, count in enumerate((TRAIN_IMAGES, OTHER_IMAGES, OTHER_IMAGES), start=1):
        drawing = draw(count, seed)
        splits.append(Split(drawing.images, drawing.labels))
    train, validation, test = splits
    return Dataset("shapes", "shapes (a few)", "", tuple(REGIONS), train, validation, test)
