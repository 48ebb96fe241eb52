"""A figure of measured accuracies with their intervals, beside the ones they are compared with."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.lines import Line2D

from runner.reports.figures.canvas import COLOURS, GREY, new_figure, to_png
from runner.reports.model import Figure
from runner.reports.records import Interval

WIDTH, ROW_HEIGHT, MARGIN = 8.0, 0.22, 1.3
INSIDE, OUTSIDE = COLOURS[0], COLOURS[1]


@dataclass(frozen=True, slots=True)
class Compared:
    """A measured value with its interval, and the other value."""

    label: str
    value: float
    interval: Interval
    other: float
    inside: bool


def draw_intervals(title: str, other: str, found: Sequence[Compared]) -> Figure:
    """Return a figure with a row for each value; `other` says whose the other values are."""
    figure = new_figure(title, WIDTH, MARGIN + ROW_HEIGHT * len(found))
    axes = figure.subplots()
    for row, one in enumerate(found):
        colour = INSIDE if one.inside else OUTSIDE
        axes.plot([one.value, one.other], [row, row], color=GREY, linewidth=1, zorder=1)
        (drawn,) = axes.plot(one.interval, [row, row], color=colour, linewidth=5, zorder=2)
        # Other ends would make it look wider than the interval.
        drawn.set_solid_capstyle("butt")
        axes.plot(one.value, row, "|", color="black", markersize=7, zorder=3)
        axes.plot(one.other, row, "D", color="black", fillstyle="none", markersize=5, zorder=4)
    axes.set_yticks(range(len(found)), [one.label for one in found], fontsize=8)
    axes.set(xlim=(0, 1), xlabel="accuracy", ylim=(len(found) - 0.5, -0.5))
    axes.grid(axis="x", linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(handles=_legend(other), loc="outside lower center", ncols=3, fontsize=8)
    return Figure("intervals.png", title, to_png(figure))


def _legend(other: str) -> list[Line2D]:
    of_ours = {f"ours, {other} is inside": INSIDE, f"ours, {other} is outside": OUTSIDE}
    return [
        *(
            Line2D([], [], color=colour, marker="|", mec="black", linewidth=5, label=label)
            for label, colour in of_ours.items()
        ),
        Line2D([], [], color="black", marker="D", fillstyle="none", linewidth=0, label=other),
    ]
