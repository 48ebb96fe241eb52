"""The confusion of an evaluation as a heat map, and how those of two trials differ."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import figure as drawings
from numpy.typing import NDArray

from runner.reports.figures.canvas import new_figure, to_png
from runner.reports.model import Figure, titled

Row = Mapping[str, Any]

# More cells than this squared leave no room for numbers and names.
MOST_NUMBERED = 20


def draw_confusion(document: Row, evaluation: Row) -> Figure:
    """Return the heat map; colours are shares of the true class, numbers are images."""
    confusion = np.array(evaluation["confusion"])
    title = titled(document, f"Confusion of trial {evaluation['trial']} on {evaluation['split']}")
    figure = _heat_map(
        title,
        evaluation["classes"],
        confusion,
        shares=_shares(confusion, confusion),
        colours={"cmap": "Blues", "vmin": 0, "vmax": 1, "label": "share of the true class"},
    )
    return Figure(f"confusion-{evaluation['split']}.png", title, to_png(figure))


def draw_difference(document: Row, first: Row, second: Row) -> Figure:
    """Return the first's confusion less the second's, on the same images.

    On the diagonal more is better, beside it less.
    """
    of_first, of_second = np.array(first["confusion"]), np.array(second["confusion"])
    title = titled(
        document,
        f"Confusion of trial {first['trial']} less trial {second['trial']} on {first['split']}",
    )
    shares = _shares(of_first - of_second, of_first)
    most = float(np.abs(shares).max()) or 1.0
    label = f"orange: more with trial {first['trial']}; purple: with {second['trial']}"
    figure = _heat_map(
        title,
        first["classes"],
        of_first - of_second,
        shares=shares,
        colours={"cmap": "PuOr_r", "vmin": -most, "vmax": most, "label": label},
    )
    return Figure(f"confusion-difference-{first['split']}.png", title, to_png(figure))


def _shares(cells: NDArray[Any], confusion: NDArray[Any]) -> NDArray[Any]:
    """Return cells as shares of the images of their true class."""
    shares: NDArray[Any] = cells / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    return shares


def _heat_map(
    title: str,
    classes: list[str],
    cells: NDArray[Any],
    *,
    shares: NDArray[Any],
    colours: dict[str, Any],
) -> drawings.Figure:
    size = 4 + 0.45 * min(len(classes), MOST_NUMBERED)
    figure = new_figure(title, size + 1, size)
    axes = figure.subplots()
    label = colours.pop("label")
    drawn = axes.imshow(shares, **colours)
    figure.colorbar(drawn, ax=axes, label=label, shrink=0.8)
    axes.set(xlabel="predicted", ylabel="true")
    if len(classes) > MOST_NUMBERED:
        return figure
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    sign = "+d" if colours["vmin"] < 0 else "d"
    for (true, predicted), images in np.ndenumerate(cells):
        if images:
            # Where the colour is deep, black cannot be read.
            deep = abs(shares[true, predicted]) > 0.55 * colours["vmax"]
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
