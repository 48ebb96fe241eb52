"""Figures of the mean masks by explained class and by cell of the confusion matrix."""

from collections.abc import Sequence
from math import ceil
from typing import Protocol

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from cifar_model.explanation.coarse import GRID
from runner.reports.figures.canvas import new_figure, to_png
from runner.reports.figures.overlay import AGAINST, FOR
from runner.reports.model import Figure, dataset_name
from runner.reports.records import Named

COLUMNS = 6

# The gap between tiles and the space above each for its name, in cells of a mask.
GAP, HEAD = 2, 5

# The largest number of tiles; those with the most masks are drawn.
MOST_TILES = 36

COLOURS = LinearSegmentedColormap.from_list("against to for", [AGAINST, "#FFFFFF", FOR])


class Masks(Protocol):
    """The number of masks of a class or of a cell of the confusion matrix, and their mean."""

    @property
    def name(self) -> str:
        """Return the label of the tile."""

    @property
    def masks(self) -> int:
        """Return the number of masks."""

    @property
    def mean_mask(self) -> list[list[float]] | None:
        """Return the mean of the masks; None if there are no masks."""


def draw_mask_sheets(
    datasets: Sequence[Named], classes: Sequence[Masks], cells: Sequence[Masks]
) -> list[Figure]:
    """Return a figure of the classes and one of the cells of the confusion matrix.

    Classes and cells without masks are omitted; a figure without tiles is not drawn.
    """
    sheets = (
        ("mean-masks-by-class.png", "Mean mask by explained class", classes),
        ("mean-masks-by-cell.png", "Mean mask of the predicted class (true as predicted)", cells),
    )
    data = "; ".join(map(dataset_name, datasets))
    return [
        _sheet(name, f"{title} - {data}", tiles)
        for name, title, rows in sheets
        if (tiles := _with_masks(rows))
    ]


def _with_masks(rows: Sequence[Masks]) -> list[Masks]:
    """Return the rows that have masks, ordered by descending number of masks."""
    return sorted((row for row in rows if row.masks), key=lambda row: -row.masks)


def _sheet(name: str, title: str, found: Sequence[Masks]) -> Figure:
    shown = found[:MOST_TILES]
    rows = ceil(len(shown) / COLUMNS)
    words = (
        "green: supports the class, red: opposes it; below each name: number of masks;"
        f" {len(shown)} of {len(found)} shown"
    )
    figure = new_figure(f"{title}\n{words}", 11, 1.2 + 1.75 * rows)
    axes = figure.subplots()
    axes.set_axis_off()
    # One pair of axes for all tiles: laying out axes for each of them would take seconds.
    sheet = np.full((rows * (HEAD + GRID) + 1, COLUMNS * (GAP + GRID)), np.nan)
    for place, tile in enumerate(shown):
        top, left = HEAD + place // COLUMNS * (HEAD + GRID), place % COLUMNS * (GAP + GRID)
        sheet[top : top + GRID, left : left + GRID] = tile.mean_mask
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), GRID, GRID, fill=False, lw=0.5))
        axes.text(left, top - 1, f"{tile.name}\n{tile.masks:,}", fontsize=8, va="bottom")
    # One scale for all tiles, in which 0 is white.
    largest = float(np.nanmax(np.abs(sheet))) or 1
    drawn = axes.imshow(sheet, cmap=COLOURS, vmin=-largest, vmax=largest)
    figure.colorbar(drawn, ax=axes, shrink=0.8)
    return Figure(name, title, to_png(figure))
