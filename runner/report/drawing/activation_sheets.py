"""The activations of an image: one sheet over all layers, and a sheet for each layer."""

from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from runner.report.drawing.canvas import new_figure, to_png
from runner.report.parts import Picture, as_text, titled

OVERVIEW_COLUMNS = 6

Row = Mapping[str, Any]


def draw_overview(document: Row, layers: Sequence[Row], outputs: Sequence[NDArray[Any]]) -> Picture:
    """Return the sheet of one image over all its layers."""
    image = layers[0]["image"]
    title = titled(document, f"Activations of image {image}, all layers")
    rows = ceil(len(layers) / OVERVIEW_COLUMNS)
    figure = new_figure(title, 2.2 * OVERVIEW_COLUMNS, 2.4 * rows + 0.4)
    panels = figure.subplots(rows, OVERVIEW_COLUMNS, squeeze=False).ravel()
    for panel in panels:
        panel.set_axis_off()
    for panel, layer, output in zip(panels, layers, outputs, strict=False):
        _draw_layer(panel, output)
        panel.set_title(_layer_name(layer), fontsize=7)
    return Picture(f"activations-image-{image}.png", title, to_png(figure))


def draw_layer_sheet(document: Row, layer: Row, output: NDArray[Any]) -> Picture:
    """Return the sheet of one layer: a tile for each channel, all in the same colours."""
    what = f"Activations of image {layer['image']}, layer {_layer_name(layer)}"
    title = titled(document, what)
    height, width = montage(output).shape
    figure = new_figure(title, 8, min(1.2 + 7 * height / width, 8.5))
    axes = figure.subplots()
    axes.set_axis_off()
    drawn = _draw_layer(axes, output)
    figure.colorbar(drawn, ax=axes, shrink=0.6, label="output")
    name = f"activations-image-{layer['image']}-layer-{layer['layer']:02}.png"
    return Picture(name, title, to_png(figure))


def _draw_layer(axes: Axes, output: NDArray[Any]) -> AxesImage:
    return axes.imshow(montage(output), cmap="viridis", interpolation="nearest")


def _layer_name(layer: Row) -> str:
    return f"{layer['layer']} {layer['name']} {as_text(layer['shape'])}"


def montage(output: NDArray[Any]) -> NDArray[np.float64]:
    """Return the channels of a layer side by side, a pixel apart; units as one row of tiles each.

    Takes (height, width, channels) or (units,); what is not covered is NaN, and stays white.
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
