"""The confusion of an evaluation as a heat map, and how those of two trials differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import figure as drawings
from numpy.typing import NDArray

from runner.reports.figures.canvas import new_figure, to_png
from runner.reports.model import Figure, titled
from runner.reports.records import Named

# Rows are true classes, columns predicted ones.
Confusion = Sequence[Sequence[int]]

# More cells than this squared leave no room for numbers and names.
MOST_NUMBERED = 20


@dataclass(frozen=True, slots=True)
class Colours:
    """Say what the colours of a heat map mean, and which shares are their ends."""

    label: str
    palette: str
    ends: tuple[float, float]


def draw_confusion(
    dataset: Named, trial: int, split: str, classes: Sequence[str], confusion: Confusion
) -> Figure:
    """Return the heat map; colours are shares of the true class, numbers are images."""
    images = np.array(confusion)
    title = titled(dataset, f"Confusion of trial {trial} on {split}")
    colours = Colours("share of the true class", "Blues", (0, 1))
    figure = _heat_map(title, classes, images, _shares(images, images), colours)
    return Figure(f"confusion-{split}.png", title, to_png(figure))


def draw_difference(
    dataset: Named,
    trials: tuple[int, int],
    split: str,
    classes: Sequence[str],
    confusions: tuple[Confusion, Confusion],
) -> Figure:
    """Return the first's confusion less the second's, on the same images.

    On the diagonal more is better, beside it less.
    """
    first, second = trials
    of_first, of_second = map(np.array, confusions)
    title = titled(dataset, f"Confusion of trial {first} less trial {second} on {split}")
    shares = _shares(of_first - of_second, of_first)
    most = float(np.abs(shares).max()) or 1.0
    label = f"orange: more with trial {first}; purple: with {second}"
    colours = Colours(label, "PuOr_r", (-most, most))
    figure = _heat_map(title, classes, of_first - of_second, shares, colours)
    return Figure(f"confusion-difference-{split}.png", title, to_png(figure))


def _shares(cells: NDArray[Any], confusion: NDArray[Any]) -> NDArray[Any]:
    """Return cells as shares of the images of their true class."""
    shares: NDArray[Any] = cells / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    return shares


def _heat_map(
    title: str,
    classes: Sequence[str],
    cells: NDArray[Any],
    shares: NDArray[Any],
    colours: Colours,
) -> drawings.Figure:
    size = 4 + 0.45 * min(len(classes), MOST_NUMBERED)
    figure = new_figure(title, size + 1, size)
    axes = figure.subplots()
    low, high = colours.ends
    drawn = axes.imshow(shares, cmap=colours.palette, vmin=low, vmax=high)
    figure.colorbar(drawn, ax=axes, label=colours.label, shrink=0.8)
    axes.set(xlabel="predicted", ylabel="true")
    if len(classes) > MOST_NUMBERED:
        return figure
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    sign = "+d" if low < 0 else "d"
    for (true, predicted), images in np.ndenumerate(cells):
        if images:
            # Where the colour is deep, black cannot be read.
            deep = abs(shares[true, predicted]) > 0.55 * high
            axes.text(
                predicted,
                true,
                f"{images:{sign}}",
                ha="center",
                va="center",
                color="white" if deep else "black",
                fontsize=8,
            )
    return figure
