"""The output of a layer as one sheet of tiles, and as the numbers of colours."""

from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Outputs have these many colours; two more are for what is no output.
SHADES = 254
WHITE, BLACK = SHADES, SHADES + 1


def montage(output: NDArray[Any]) -> NDArray[np.float64]:
    """Return a sheet with a tile for each channel, or a pixel for each unit.

    Takes (height, width, channels) or (units,). What no tile covers is NaN.
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
    """Return a layer's montage as numbers of colours, enlarged or thinned to fit `size` pixels."""
    sheet = montage(output)
    low, high = np.nanmin(sheet), np.nanmax(sheet)
    share = (sheet - low) / (high - low) if high > low else sheet - sheet
    shades = np.where(np.isnan(share), WHITE, np.nan_to_num(share) * (SHADES - 1))
    enlarged, thinned = max(size // max(sheet.shape), 1), ceil(max(sheet.shape) / size)
    shades = shades[::thinned, ::thinned]
    return shades.astype(np.uint8).repeat(enlarged, axis=0).repeat(enlarged, axis=1)
