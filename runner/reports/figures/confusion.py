"""Heat maps of a confusion matrix, and of the difference between two confusion matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import figure as drawings
from numpy.typing import NDArray

from runner.reports.figures.canvas import new_figure, to_png
from runner.reports.model import Figure, titled
from runner.reports.records import Named

# Rows are true classes, columns are predicted classes.
Confusion = Sequence[Sequence[int]]

# With more classes, cells have no numbers and axes have no class names.
MOST_NUMBERED = 20


@dataclass(frozen=True, slots=True)
class Colours:
    """The label, colour map and range of a heat map's colour scale."""

    label: str
    palette: str
    ends: tuple[float, float]


def draw_confusion(
    dataset: Named, trial: int, split: str, classes: Sequence[str], confusion: Confusion
) -> Figure:
    """Return the heat map of a confusion matrix.

    Colours are shares of the images of the true class, numbers are counts of images.
    """
    images = np.array(confusion)
    title = titled(dataset, f"Confusion matrix of trial {trial} on the {split} split")
    colours = Colours("share of the images of the true class", "Blues", (0, 1))
    figure = _heat_map(title, classes, images, _shares(images, images), colours)
    return Figure(f"confusion-{split}.png", title, to_png(figure))


def draw_difference(
    dataset: Named,
    trials: tuple[int, int],
    split: str,
    classes: Sequence[str],
    confusions: tuple[Confusion, Confusion],
) -> Figure:
    """Return the heat map of the first confusion matrix minus the second, on the same images.

    Positive values are better on the diagonal and worse off the diagonal.
    """
    first, second = trials
    of_first, of_second = map(np.array, confusions)
    what = f"Confusion matrix of trial {first} minus trial {second} on the {split} split"
    title = titled(dataset, what)
    shares = _shares(of_first - of_second, of_first)
    most = float(np.abs(shares).max()) or 1.0
    label = f"orange: more images for trial {first}; purple: more for trial {second}"
    colours = Colours(label, "PuOr_r", (-most, most))
    figure = _heat_map(title, classes, of_first - of_second, shares, colours)
    return Figure(f"confusion-difference-{split}.png", title, to_png(figure))


def _shares(cells: NDArray[Any], confusion: NDArray[Any]) -> NDArray[Any]:
    """Return the cells divided by the number of images of their true class."""
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
    axes.set(xlabel="predicted class", ylabel="true class")
    if len(classes) > MOST_NUMBERED:
        return figure
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    sign = "+d" if low < 0 else "d"
    for (true, predicted), images in np.ndenumerate(cells):
        if images:
            # Black text is not readable on a dark cell.
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
