"""What stands for a hidden superpixel really hides it."""

import numpy as np

from cifar_model.explanation.segmentation import colour_around, divide, own_colour
from tests.cifar_model.untrained import PICTURES, scaled

# A white bar, divided into two superpixels, on black.
BAR = np.zeros((4, 6, 3), np.float32)
BAR[:, 2:4] = 1
PARTS = np.repeat(np.array([[0, 1, 2]], np.int32), 4, axis=0).repeat(2, axis=1)


def test_the_colour_around_a_superpixel_hides_an_object_that_its_own_would_leave() -> None:
    assert (own_colour(BAR, PARTS) == BAR).all()
    filled = colour_around(BAR, PARTS)
    assert (filled[:, 2:4] == 0).all()
    assert (filled[:, :2] == 1).all()


def test_superpixels_around_count_by_their_size() -> None:
    parts = np.array([[0, 1, 2, 2, 2]], np.int32)
    picture = np.array([0.5, 0.0, 1, 1, 1], np.float32).reshape(1, 5, 1).repeat(3, axis=2)
    assert colour_around(picture, parts)[0, 1].tolist() == [(0.5 + 3 * 1) / 4] * 3


def test_a_picture_of_one_superpixel_has_nothing_around_it() -> None:
    whole = np.zeros((4, 6), np.int32)
    assert np.array_equal(colour_around(BAR, whole), own_colour(BAR, whole))


def test_only_the_stock_segmentation_hides_as_the_package_does() -> None:
    picture = scaled(PICTURES[0])
    for segmentation, hide in (("stock", own_colour), ("small", colour_around)):
        divided = divide(picture, segmentation)
        assert np.array_equal(divided.filled, hide(picture, divided.segments))
