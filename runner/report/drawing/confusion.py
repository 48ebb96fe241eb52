"""The confusion of an evaluation as a heat map."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from runner.report.drawing.canvas import new_figure, to_png
from runner.report.parts import Picture, titled

# More cells than this squared leave no room for numbers and names.
MOST_NUMBERED = 20


def draw_confusion(document: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Picture:
    """Return the heat map; colours are shares of the true class, numbers are images."""
    confusion = np.array(evaluation["confusion"])
    classes = evaluation["classes"]
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    title = titled(document, f"Confusion of trial {evaluation['trial']} on {evaluation['split']}")
    size = 4 + 0.45 * min(len(classes), MOST_NUMBERED)
    figure = new_figure(title, size + 1, size)
    axes = figure.subplots()
    drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(drawn, ax=axes, label="share of the true class", shrink=0.8)
    axes.set(xlabel="predicted", ylabel="true")
    if len(classes) <= MOST_NUMBERED:
        axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
        axes.set_yticks(range(len(classes)), classes)
        _write_numbers(axes, confusion, shares)
    return Picture(f"confusion-{evaluation['split']}.png", title, to_png(figure))


def _write_numbers(axes: Axes, confusion: Any, shares: Any) -> None:
    for (true, predicted), images in np.ndenumerate(confusion):
        if images:
            colour = "white" if shares[true, predicted] > 0.5 else "black"
            axes.text(
                predicted, true, str(images), ha="center", va="center", color=colour, fontsize=8
            )
