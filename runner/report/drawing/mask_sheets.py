"""Mean masks side by side: where explanations of a class, or of a confusion, point on the whole."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from runner.report.drawing.canvas import new_figure, to_png
from runner.report.drawing.overlay import AGAINST, FOR
from runner.report.parts import Picture, dataset_name

COLUMNS = 6

# More of them nobody looks at: those with the most masks are drawn.
MOST_TILES = 36

COLOURS = LinearSegmentedColormap.from_list("against to for", [AGAINST, "#FFFFFF", FOR])


def draw_mask_sheets(document: Mapping[str, Any]) -> list[Picture]:
    """Return a sheet of classes and one of the cells of the confusion, of what has masks."""
    classes = [(row["class"], row) for row in document["classes"]]
    cells = [(f"{row['true_class']} as {row['predicted_class']}", row) for row in document["cells"]]
    sheets = (
        ("mean-masks-by-class.png", "Mean mask of each explained class", classes),
        ("mean-masks-by-cell.png", "Mean mask for the predicted class (true as predicted)", cells),
    )
    data = "; ".join(dataset_name({"dataset": row}) for row in document["datasets"])
    return [
        _sheet(name, f"{title} - {data}", tiles)
        for name, title, tiles in sheets
        if _with_masks(tiles)
    ]


def _with_masks(tiles: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Any]:
    """Return the tiles that have masks, those with the most first."""
    return sorted((tile for tile in tiles if tile[1]["masks"]), key=lambda tile: -tile[1]["masks"])


def _sheet(name: str, title: str, tiles: Sequence[tuple[str, Mapping[str, Any]]]) -> Picture:
    found = _with_masks(tiles)
    shown = found[:MOST_TILES]
    rows = ceil(len(shown) / COLUMNS)
    words = f"green: speaks for it, red: against it; {len(shown)} of {len(found)} are drawn"
    figure = new_figure(f"{title}\n{words}", 11, 1 + 2.1 * rows)
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    # One scale for all tiles: what no explanation points at is white in each.
    largest = max(float(np.abs(row["mean_mask"]).max()) for _, row in shown) or 1
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    for axes, (of, row) in zip(panels, shown, strict=False):
        axes.set(xticks=[], yticks=[])
        drawn = axes.imshow(row["mean_mask"], cmap=COLOURS, vmin=-largest, vmax=largest)
        axes.set_title(f"{of}\n{row['masks']:,}", fontsize=8)
    figure.colorbar(drawn, ax=panels, shrink=0.8)
    return Picture(name, title, to_png(figure))
