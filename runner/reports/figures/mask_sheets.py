"""Mean masks side by side: where explanations of a class, or of a confusion, point on the whole."""

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

# Cells of a mask: between tiles, and above each for its name.
GAP, HEAD = 2, 5

# More of them nobody looks at: those with the most masks are drawn.
MOST_TILES = 36

COLOURS = LinearSegmentedColormap.from_list("against to for", [AGAINST, "#FFFFFF", FOR])


class Masks(Protocol):
    """How many masks a class or a cell of the confusion has, and what they are on average."""

    @property
    def name(self) -> str:
        """Return what stands above the mean mask."""

    @property
    def masks(self) -> int:
        """Return how many there are."""

    @property
    def mean_mask(self) -> list[list[float]] | None:
        """Return their mean; None without one."""


def draw_mask_sheets(
    datasets: Sequence[Named], classes: Sequence[Masks], cells: Sequence[Masks]
) -> list[Figure]:
    """Return a sheet of classes and one of the cells of the confusion, of what has masks."""
    sheets = (
        ("mean-masks-by-class.png", "Mean mask of each explained class", classes),
        ("mean-masks-by-cell.png", "Mean mask for the predicted class (true as predicted)", cells),
    )
    data = "; ".join(map(dataset_name, datasets))
    return [
        _sheet(name, f"{title} - {data}", tiles)
        for name, title, rows in sheets
        if (tiles := _with_masks(rows))
    ]


def _with_masks(rows: Sequence[Masks]) -> list[Masks]:
    """Return those that have masks, those with the most first."""
    return sorted((row for row in rows if row.masks), key=lambda row: -row.masks)


def _sheet(name: str, title: str, found: Sequence[Masks]) -> Figure:
    shown = found[:MOST_TILES]
    rows = ceil(len(shown) / COLUMNS)
    words = f"green: speaks for it, red: against it; {len(shown)} of {len(found)} are drawn"
    figure = new_figure(f"{title}\n{words}", 11, 1.2 + 1.75 * rows)
    axes = figure.subplots()
    axes.set_axis_off()
    # One figure for all tiles: axes for each of them take seconds to lay out.
    sheet = np.full((rows * (HEAD + GRID) + 1, COLUMNS * (GAP + GRID)), np.nan)
    for place, tile in enumerate(shown):
        top, left = HEAD + place // COLUMNS * (HEAD + GRID), place % COLUMNS * (GAP + GRID)
        sheet[top : top + GRID, left : left + GRID] = tile.mean_mask
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), GRID, GRID, fill=False, lw=0.5))
        axes.text(left, top - 1, f"{tile.name}\n{tile.masks:,}", fontsize=8, va="bottom")
    # One scale for all tiles: what no explanation points at is white in each.
    largest = float(np.nanmax(np.abs(sheet))) or 1
    drawn = axes.imshow(sheet, cmap=COLOURS, vmin=-largest, vmax=largest)
    figure.colorbar(drawn, ax=axes, shrink=0.8)
    return Figure(name, title, to_png(figure))
