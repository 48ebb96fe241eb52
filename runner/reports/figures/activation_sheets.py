"""The activations of an image: one figure of all layers, and a larger figure for each layer.

They are drawn with Pillow as palette PNGs, which are small files, because there are many of them.
"""

from collections.abc import Sequence
from io import BytesIO
from math import ceil
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.font_manager import findfont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from runner.reports.figures.montage import BLACK, SHADES, WHITE, montage, to_shades
from runner.reports.model import Figure, as_text, dataset_name, titled
from runner.reports.records import Activation, Named

COLUMNS = 6
# In pixels. In the overview each layer has a cell, with its name above it.
CELL, CELL_WIDTH, CELL_HEIGHT = 216, 232, 250
SHEET = 720
LINE, MARGIN = 17, 8

Written = tuple[int, int, str]


def draw_overview(
    dataset: Named, layers: Sequence[Activation], outputs: Sequence[NDArray[Any]]
) -> Figure:
    """Return the figure of all layers; each layer has its own colour scale, from min to max."""
    what = f"Activations of image {layers[0].image} in trial {layers[0].trial}, all layers"
    title = titled(dataset, what)
    rows = ceil(len(layers) / COLUMNS)
    head = 2 * LINE
    sheet = np.full((head + rows * CELL_HEIGHT, COLUMNS * CELL_WIDTH), WHITE, np.uint8)
    words: list[Written] = [(MARGIN, 4, title)]
    for place, (layer, output) in enumerate(zip(layers, outputs, strict=True)):
        top, left = head + place // COLUMNS * CELL_HEIGHT, place % COLUMNS * CELL_WIDTH + MARGIN
        words.append((left, top, f"{layer.layer} {layer.name}"))
        _paste(sheet, to_shades(output, CELL), top + LINE, left)
    name = f"activations-image-{layers[0].image}.png"
    return Figure(name, title, _to_png(sheet, words))


def draw_layer_sheet(dataset: Named, layer: Activation, output: NDArray[Any]) -> Figure:
    """Return the figure of one layer; all its channels have the same colour scale."""
    what = (
        f"Activations of image {layer.image} in trial {layer.trial},"
        f" layer {layer.layer} {layer.name} {as_text(layer.shape)}"
    )
    scale = f"darkest: {output.min():.3g}, brightest: {output.max():.3g}"
    # Every pixel is shown, even if the layer is very wide.
    size = max(SHEET, *montage(output).shape)
    shades = to_shades(output, size)
    head = 4 * LINE
    sheet = np.full((head + len(shades) + MARGIN, size + 2 * MARGIN), WHITE, np.uint8)
    _paste(sheet, shades, head, MARGIN)
    lines = (what, dataset_name(dataset), scale)
    words = [(MARGIN, 4 + LINE * place, line) for place, line in enumerate(lines)]
    name = f"activations-image-{layer.image}-layer-{layer.layer:02}.png"
    return Figure(name, titled(dataset, what), _to_png(sheet, words), detail=True)


def _paste(sheet: NDArray[np.uint8], shades: NDArray[np.uint8], top: int, left: int) -> None:
    height, width = shades.shape
    sheet[top : top + height, left : left + width] = shades


def _to_png(sheet: NDArray[np.uint8], words: Sequence[Written]) -> bytes:
    figure = Image.fromarray(sheet)
    figure.putpalette(_palette())
    draw = ImageDraw.Draw(figure)
    font = ImageFont.truetype(findfont("DejaVu Sans"), 12)
    for left, top, text in words:
        draw.text((left, top), text, fill=BLACK, font=font)
    content = BytesIO()
    figure.save(content, "PNG")
    return content.getvalue()


def _palette() -> list[int]:
    colours = colormaps["viridis"](np.linspace(0, 1, SHADES))[:, :3] * 255
    return [*colours.astype(int).ravel().tolist(), *(255, 255, 255), *(0, 0, 0)]
