"""Figures of a data set's images: sample images of every class, or one image."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from runner.reports.figures.canvas import new_figure, show_image, to_png
from runner.reports.model import Figure, titled
from runner.reports.records import Named

# With more rows the images would be too small.
MOST_CLASSES = 20


def draw_samples(dataset: Named, shown: Mapping[str, NDArray[np.uint8]]) -> Figure:
    """Return a figure with a row of images (n, height, width, channels) for each class."""
    rows = dict(list(shown.items())[:MOST_CLASSES])
    title = titled(dataset, f"Sample images of {len(rows)} of {len(shown)} classes")
    figure = new_figure(title, 9, 1 + 0.7 * len(rows))
    for axes, (name, images) in zip(
        figure.subplots(len(rows), squeeze=False)[:, 0], rows.items(), strict=True
    ):
        show_image(axes, np.concatenate(list(images), axis=1))
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    return Figure("samples.png", title, to_png(figure))


def draw_image(dataset: Named, what: str, image: NDArray[np.uint8]) -> Figure:
    """Return a figure of one enlarged image."""
    title = titled(dataset, what)
    figure = new_figure(title, 9, 4)
    axes = figure.subplots()
    show_image(axes, image)
    return Figure("picture.png", title, to_png(figure))
