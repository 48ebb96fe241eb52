"""Arrange the output of a layer as one array of tiles, and map it to palette indices."""

from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The number of palette colours for outputs; white and black are added for background and text.
SHADES = 254
WHITE, BLACK = SHADES, SHADES + 1


def montage(output: NDArray[Any]) -> NDArray[np.float64]:
    """Return an array with a tile for each channel, or a pixel for each unit.

    The shape of `output` is (height, width, channels) or (units,). Cells outside tiles are NaN.
    """
    tiles = output.reshape(-1, 1, 1) if output.ndim == 1 else np.moveaxis(output, -1, 0)
    gap = 0 if output.ndim == 1 else 1
    count, height, width = tiles.shape
    columns = ceil(sqrt(count))
    rows = ceil(count / columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for place, tile in enumerate(tiles):
        top, left = place // columns * (height + gap), place % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def to_shades(output: NDArray[Any], size: int) -> NDArray[np.uint8]:
    """Return a layer's montage as palette indices, enlarged or subsampled to fit `size` pixels."""
    sheet = montage(output)
    low, high = np.nanmin(sheet), np.nanmax(sheet)
    share = (sheet - low) / (high - low) if high > low else sheet - sheet
    shades = np.where(np.isnan(share), WHITE, np.nan_to_num(share) * (SHADES - 1))
    enlarged, thinned = max(size // max(sheet.shape), 1), ceil(max(sheet.shape) / size)
    shades = shades[::thinned, ::thinned]
    return shades.astype(np.uint8).repeat(enlarged, axis=0).repeat(enlarged, axis=1)
