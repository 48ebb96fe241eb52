"""Fill a hidden region from the pixels around it, as ROAD does (Rong and others, 2022).

Every hidden pixel becomes the weighted mean of its neighbours, hidden ones included, and a little
noise is added, so that neither the colour nor the outline of the filled region says what was there.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve

from cifar_model.explanation.regions import Picture

# Neighbours across an edge count twice as much as those across a corner.
NEIGHBOURS = tuple(
    (row, column, 1 / 6 if row == 0 or column == 0 else 1 / 12)
    for row in (-1, 0, 1)
    for column in (-1, 0, 1)
    if (row, column) != (0, 0)
)
NOISE = 0.01


def imputed(scaled: Picture, hidden: NDArray[np.bool_], random: np.random.Generator) -> Picture:
    """Return an image in [0, 1] with a region filled; of a wholly hidden one its mean colour."""
    if not hidden.any():
        return scaled
    filled = scaled.copy()
    known = scaled.mean(axis=(0, 1)) if hidden.all() else _solved(scaled, hidden)
    noise = random.normal(0, NOISE, (int(hidden.sum()), scaled.shape[-1]))
    filled[hidden] = np.clip(known + noise, 0, 1)
    return filled


def _solved(scaled: Picture, hidden: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the colours of the hidden pixels, each the weighted mean of its neighbours."""
    rows, columns = np.nonzero(hidden)
    number = np.full(hidden.shape, -1)
    number[rows, columns] = np.arange(len(rows))
    totals = np.zeros(len(rows))
    sums = np.zeros((len(rows), scaled.shape[-1]))
    weights, places = [], []
    for down, right, weight in NEIGHBOURS:
        near_row, near_column = rows + down, columns + right
        inside = (near_row >= 0) & (near_row < hidden.shape[0])
        inside &= (near_column >= 0) & (near_column < hidden.shape[1])
        pixel = np.flatnonzero(inside)
        near = near_row[pixel], near_column[pixel]
        totals[pixel] += weight
        unknown = hidden[near]
        sums[pixel[~unknown]] += weight * scaled[near][~unknown]
        places.append((pixel[unknown], number[near][unknown]))
        weights.append(np.full(int(unknown.sum()), -weight))
    of, neighbour = (np.concatenate(each) for each in zip(*places, strict=True))
    diagonal = np.arange(len(rows))
    system = csr_matrix(
        (
            np.concatenate([*weights, totals]),
            (np.concatenate([of, diagonal]), np.concatenate([neighbour, diagonal])),
        )
    )
    solved: NDArray[np.float64] = np.reshape(spsolve(system, sums), sums.shape)
    return solved
