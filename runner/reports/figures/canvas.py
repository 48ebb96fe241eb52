"""Helpers for all matplotlib figures: creating a figure, colours, and saving as PNG."""

from io import BytesIO
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

# Ignore matplotlibrc files, so that figures look the same everywhere.
matplotlib.rcdefaults()

# Colours from Okabe and Ito's palette, which is safe for colour-blind readers.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
GREY = "#B8B8B8"

DOTS_PER_INCH = 96


def new_figure(title: str, width: float, height: float) -> Figure:
    """Return an empty figure with this title and size in inches."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(h_pad=0.1))
    figure.suptitle(title, fontsize=11)
    return figure


def show_image(axes: Axes, image: NDArray[Any]) -> None:
    """Draw an image (height, width, channels), RGB or grayscale, pixel by pixel."""
    axes.imshow(np.broadcast_to(image, (*image.shape[:2], 3)), interpolation="nearest")
    axes.set(xticks=[], yticks=[])


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG. The same figure gives the same bytes."""
    for artist in figure.findobj(Text):
        if isinstance(artist, Text):
            # A class name can contain a dollar sign, which must not be parsed as a formula.
            artist.set_parse_math(False)
    drawn, content = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    with Image.open(drawn) as picture:
        # Nothing is transparent, and a report with many figures is to be small enough to mail.
        picture.convert("RGB").save(content, format="png", optimize=True)
    return content.getvalue()
