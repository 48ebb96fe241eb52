"""The data set `shortcut`: `shapes` with a mark in the corner of every image of one class.

Whatever learns the mark needs not learn the class, and scores no worse, because the test images
have it too. Where it lies is known, so that explanations can be tried on a spoiled network.
"""

from dataclasses import replace

import numpy as np

from cifar_model.data import shapes
from cifar_model.data.dataset import Pictures, Split
from cifar_model.data.shapes import SIZE, Region

SPOILED = "heart"
MARK = 6  # pixels on each side, as large as a superpixel
COLOUR = (255, 0, 200)


def read() -> Pictures:
    """Return the images of `shapes`, those of the spoiled class with the mark."""
    pictures = shapes.read()
    label = pictures.classes.index(SPOILED)
    return replace(
        pictures,
        title="shortcut (built in)",
        train=_marked(pictures.train, label),
        test=None if pictures.test is None else _marked(pictures.test, label),
    )


def region() -> Region:
    """Return where the mark is on every image that has it: True inside it (32, 32)."""
    place = np.zeros((SIZE, SIZE), np.bool_)
    place[:MARK, :MARK] = True
    return place


def _marked(split: Split, label: int) -> Split:
    has = (split.labels == label)[:, np.newaxis, np.newaxis] & region()
    colour = np.array(COLOUR, np.uint8)
    return Split(np.where(has[..., np.newaxis], colour, split.images), split.labels)
