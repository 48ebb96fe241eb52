"""A mask of any size becomes a few bytes, and very many of them a mean."""

import numpy as np
import pytest

from cifar_model.explanation import coarse


def quarters(size: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int8]]":
    """Return a mask that is for on the upper left, against on the lower right."""
    half = size // 2
    found = np.zeros((size, size), np.int8)
    found[:half, :half], found[half:, half:] = 1, -1
    return found


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_a_mask_of_any_size_comes_back_coarse(size: int) -> None:
    packed = coarse.pack(quarters(size))
    assert len(packed) == coarse.BYTES == 64
    assert np.array_equal(coarse.mean([packed]), quarters(coarse.GRID))


def test_the_mean_counts_what_is_for_against_and_neither() -> None:
    masks = [quarters(32), quarters(32), -quarters(32), 0 * quarters(32)]
    mean = coarse.mean([coarse.pack(mask) for mask in masks])
    assert (mean[0, 0], mean[-1, -1], mean[0, -1]) == (0.25, -0.25, 0)


def test_a_picture_that_is_not_square_is_stretched() -> None:
    wide = np.zeros((10, 40), np.int8)
    wide[:, :20] = 1
    mean = coarse.mean([coarse.pack(wide)])
    assert (mean[:, :8] == 1).all()
    assert (mean[:, 8:] == 0).all()
