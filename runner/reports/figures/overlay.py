"""The figure of an explanation: the image, the regions that support or oppose a class, curves."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from numpy.typing import NDArray

from cifar_model.explanation.regions import mask
from runner.reports.figures.canvas import COLOURS, new_figure, show_image, to_png
from runner.reports.figures.names import name_of, overlay_name
from runner.reports.model import Figure, titled
from runner.reports.records import Curves, Explanation, Named

SIDE = 384  # pixels of the longer side of an image, which is enlarged to about as many
FOR, AGAINST, BORDER = "#009640", "#D2281E", "#FFFFFF"
VERDICT_COLOURS = {"sound": "black", "weak": "#B35900", "void": "#B00020"}


def draw_overlay(
    dataset: Named, explanation: Explanation, arrays: Mapping[str, NDArray[Any]]
) -> Figure:
    """Return the figure of an explanation; `arrays` has the image and its superpixels."""
    title = titled(dataset, f"Explanation of {name_of(explanation)}, trial {explanation.trial}")
    image, segments = arrays["image"], arrays["segments"]
    curves = explanation.curves
    figure = new_figure(title, 13.5 if curves else 9, 5.4)
    original, regions, *others = figure.subplots(1, 3 if curves else 2)
    show_image(original, image)
    original.set_title(
        f"true class: {explanation.true_class}, predicted: {explanation.predicted_class}",
        fontsize=10,
    )
    if explanation.verdict == "void":
        _say_void(regions)
    else:
        _draw_regions(regions, explanation, image, segments)
    if curves:
        _draw_curves(others[0], explanation, curves)
    for axes in (original, regions):
        axes.set(xticks=[], yticks=[])
    colour = VERDICT_COLOURS[explanation.verdict]
    figure.supxlabel(_caption(explanation), fontsize=9, color=colour)
    return Figure(overlay_name(explanation), title, to_png(figure))


def _caption(explanation: Explanation) -> str:
    fit = ""
    if explanation.r2 is not None:
        fit = f", R2 {explanation.r2:.2f}, stability {explanation.stability:.2f}"
    numbers = (
        f"label {explanation.label} ({explanation.class_}),"
        f" probability {explanation.probability:.3f}, {explanation.superpixels} superpixels,"
        f" method {explanation.method}{fit}"
    )
    verdict = f"{explanation.verdict}: {explanation.reason}"
    return f"{numbers}\n{fill(verdict, 110)}{_removed(explanation)}"


def _removed(explanation: Explanation) -> str:
    if explanation.removed is None:
        return ""
    return (
        f"\nprobability with the supporting regions hidden: {explanation.removed:.3f},"
        f" with random regions of the same area hidden: {explanation.removed_random:.3f}"
    )


def _say_void(axes: Axes) -> None:
    axes.set_facecolor("#EEEEEE")
    axes.set_aspect("equal")
    text = "VOID\n\nThis explanation\nsays nothing about\nwhat the model uses."
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=14, color=VERDICT_COLOURS["void"])


def _draw_regions(
    axes: Axes, explanation: Explanation, image: NDArray[Any], segments: NDArray[Any]
) -> None:
    shown = mask(segments, explanation.weights)
    axes.imshow(regions_image(image, segments, shown))
    _write_signs(axes, segments, shown)
    name = explanation.class_
    handles = [
        Patch(color=FOR, label=f"+ supports {name}"),
        Patch(color=AGAINST, label=f"\N{MINUS SIGN} opposes {name}"),
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, fontsize=9)
    axes.set_title("regions with the largest weights", fontsize=10)


def _draw_curves(axes: Axes, explanation: Explanation, curves: Curves) -> None:
    """Draw the deletion and insertion curves."""
    drawn = (
        ("deletion", curves.deletion, explanation.deletion_area, "v"),
        ("insertion", curves.insertion, explanation.insertion_area, "^"),
    )
    for (name, points, area, marker), colour in zip(drawn, COLOURS, strict=False):
        label = f"{name}, area {area:.3f}"
        axes.plot(curves.share, points, color=colour, marker=marker, label=label)
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1.02),
        xlabel="share of superpixels hidden (deletion) or shown (insertion)",
        ylabel=f"probability of {explanation.class_}",
    )
    axes.set_box_aspect(1)
    axes.set_title("superpixels in descending order of weight", fontsize=10)
    axes.legend(fontsize=9)


def regions_image(
    image: NDArray[Any], segments: NDArray[Any], shown: NDArray[Any]
) -> NDArray[np.uint8]:
    """Return the image in grey, enlarged, with regions tinted and superpixels outlined."""
    times = enlargement(image)
    grey = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    tinted = 0.75 * grey + 40
    for sign, colour in ((1, FOR), (-1, AGAINST)):
        tinted[shown == sign] = 0.5 * grey[shown == sign] + 0.5 * _rgb(colour)
    large = _enlarge(tinted, times)
    large[_borders(_enlarge(segments, times))] = _rgb(BORDER)
    return large.astype(np.uint8)


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array(to_rgb(colour)) * 255


def enlargement(image: NDArray[Any]) -> int:
    """Return how many pixels of the figure a pixel of an image takes on each side: 12 at 32x32."""
    side: int = max(image.shape[:2])
    return max(1, SIDE // side)


def _enlarge(array: NDArray[Any], times: int) -> NDArray[Any]:
    return array.repeat(times, axis=0).repeat(times, axis=1)


def _borders(segments: NDArray[Any]) -> NDArray[np.bool_]:
    borders = np.zeros(segments.shape, np.bool_)
    borders[:-1] |= segments[:-1] != segments[1:]
    borders[:, :-1] |= segments[:, :-1] != segments[:, 1:]
    return borders


def _write_signs(axes: Axes, segments: NDArray[Any], shown: NDArray[Any]) -> None:
    """Mark regions with signs too, for readers who cannot distinguish green and red."""
    times = enlargement(segments)
    for number in np.unique(segments[shown != 0]):
        rows, columns = np.nonzero(segments == number)
        middle = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        sign = "+" if shown[rows[middle], columns[middle]] > 0 else "\N{MINUS SIGN}"
        across, down = (columns[middle] + 0.5) * times, (rows[middle] + 0.5) * times
        axes.text(across, down, sign, ha="center", va="center", color="white", weight="bold")
