"""Masks on a coarse grid in a few bytes, so that those of very many images can be added up."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# A mask of any size becomes one of 16x16; superpixels of small images are larger than that.
GRID = 16
BYTES = 2 * GRID * GRID // 8


def pack(mask: NDArray[np.int8]) -> bytes:
    """Return a mask of 1, 0 and -1 as bits of what is for, then of what is against."""
    rows, columns = ((np.arange(GRID) + 0.5) * size // GRID for size in mask.shape)
    coarse = mask[np.ix_(rows.astype(int), columns.astype(int))]
    return np.packbits(coarse > 0).tobytes() + np.packbits(coarse < 0).tobytes()


def counts(packed: Sequence[bytes]) -> NDArray[np.int64]:
    """Return how many masks speak for, and how many against, at each cell (2, GRID, GRID)."""
    rows = np.frombuffer(b"".join(packed), np.uint8).reshape(len(packed), BYTES)
    # Bit by bit, so that very many of them are never unpacked at once.
    sums = [np.count_nonzero(rows & (128 >> bit), axis=0) for bit in range(8)]
    return np.transpose(sums).reshape(2, GRID, GRID)


def mean(packed: Sequence[bytes]) -> NDArray[np.float64]:
    """Return the mean of masks: from -1, where all speak against, to 1, where all speak for."""
    speaking, against = counts(packed)
    difference: NDArray[np.float64] = (speaking - against) / len(packed)
    return difference
