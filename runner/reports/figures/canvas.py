"""What all figures share: a figure that belongs to nobody else, its colours and its PNG."""

from io import BytesIO

import matplotlib
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

# A matplotlibrc of the user's, or one in the working directory, changes no figure.
matplotlib.rcdefaults()

# Okabe and Ito's colours, told apart by people who confuse red and green.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
GREY = "#B8B8B8"

DOTS_PER_INCH = 120


def new_figure(title: str, width: float, height: float) -> Figure:
    """Return an empty figure; its size is in inches."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(h_pad=0.1))
    figure.suptitle(title, fontsize=11)
    return figure


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG whose bytes depend on nothing but what it shows."""
    for artist in figure.findobj(Text):
        if isinstance(artist, Text):
            # The name of a class may hold a dollar sign and is no formula.
            artist.set_parse_math(False)
    content = BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return content.getvalue()
