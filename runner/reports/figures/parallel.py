"""Parallel coordinates plot as SVG: a line for each trial through its params to its metric.

It is not drawn with matplotlib, because an HTML page shows it in the page's colours and shows the
trial of a line as a tooltip.
"""

from collections.abc import Sequence
from html import escape

from matplotlib.colors import LinearSegmentedColormap, to_hex

from cifar_model.objective import score
from cifar_model.params import ParamValue
from runner.reports.figures.axes import SPREAD, Axis, Line, axes_of
from runner.reports.model import Figure, as_text

# With more lines the figure is not readable.
MOST_TRIALS = 200

# Based on Okabe and Ito's palette; distinguishable on white and on black, also if colour-blind.
COLOURS = LinearSegmentedColormap.from_list("metric", ["#3a93d1", "#9a9a8a", "#d55e00"])
STRIPES = 24

STEP, LEFT, RIGHT, TOP, HEIGHT, BOTTOM = 165, 60, 75, 40, 260, 20

STYLE = (
    "text{font:12px system-ui,sans-serif;fill:currentColor}"
    ".head{font-weight:600;text-anchor:middle}"
    ".axis,.tick{stroke:currentColor;opacity:.45}"
    ".value{paint-order:stroke;stroke:var(--paper,#fff);stroke-width:3px;stroke-linejoin:round}"
    ".trial{fill:none;stroke-width:1.8;stroke-linejoin:round;opacity:.85}"
    ".best{stroke-width:4;opacity:1}.trial:hover{stroke-width:6;opacity:1}"
)


def draw_parallel(
    title: str, trials: Sequence[Line], by: str, *, smaller_is_better: bool = False
) -> Figure | None:
    """Return the figure of trials, which are ordered best first; None if no param varies."""
    shown = [trial for trial in trials if score(trial, by) is not None][:MOST_TRIALS]
    axes = axes_of(shown, by)
    if len(axes) < 2:
        return None
    if len(shown) < len(trials):
        title += f", the first {len(shown)} of {len(trials)}"
    width = LEFT + STEP * (len(axes) - 1) + RIGHT
    # Drawn from last to first, so that the best is on top.
    lines = [
        _line(trial, axes, (place, len(shown)), smaller_is_better)
        for place, trial in reversed(list(enumerate(shown)))
    ]
    drawn = [_axis(axis, LEFT + STEP * place) for place, axis in enumerate(axes)]
    size = f'width="{width}" height="{TOP + HEIGHT + BOTTOM}"'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}'
        f' aria-label="{escape(title)}"><style>{STYLE}</style>'
        f"{''.join(lines)}{_stripe(width - RIGHT, smaller_is_better)}{''.join(drawn)}</svg>\n"
    )
    return Figure("parallel.svg", title, svg.encode())


def _aside(place: int, count: int) -> float:
    """Return the vertical offset of a trial's line on a categorical axis; the best is highest."""
    return SPREAD * (0.5 - place / (count - 1)) if count > 1 else 0.0


def _line(
    trial: Line, axes: Sequence[Axis], place: tuple[int, int], smaller_is_better: bool
) -> str:
    """Return the line of a trial; `place` is its position, from 0, and the number of trials."""
    *params, metric = axes
    found = score(trial, metric.name)
    values = [*(trial.params[axis.name] for axis in params), 0.0 if found is None else found]
    heights = [
        axis.height(value) + (0 if axis.scale else _aside(*place))
        for axis, value in zip(axes, values, strict=True)
    ]
    points = " ".join(
        f"{LEFT + STEP * number},{_down(height):.1f}" for number, height in enumerate(heights)
    )
    words = ", ".join(
        f"{axis.name} {as_text(value)}" for axis, value in zip(axes, values, strict=True)
    )
    name = f"trial {trial.trial}: {words}"
    return (
        f'<polyline class="trial{" best" * (place[0] == 0)}" points="{points}"'
        f' stroke="{_colour(heights[-1], smaller_is_better)}">'
        f"<title>{escape(name)}</title></polyline>"
    )


def _axis(axis: Axis, across: int) -> str:
    ticks = [
        f'<line class="tick" x1="{across - 4}" x2="{across}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="value" x="{across + 7}" y="{y + 4:.1f}">{escape(_short(tick))}</text>'
        for tick in axis.ticks()
        for y in [_down(axis.height(tick))]
    ]
    return (
        f'<line class="axis" x1="{across}" x2="{across}" y1="{TOP}" y2="{TOP + HEIGHT}"/>'
        f'<text class="head" x="{across}" y="{TOP - 18}">{escape(axis.name)}</text>'
        f"{''.join(ticks)}"
    )


def _stripe(across: int, smaller_is_better: bool) -> str:
    """Return the colour bar of the metric's axis."""
    height = HEIGHT / STRIPES + 0.5
    colours = [_colour((place + 0.5) / STRIPES, smaller_is_better) for place in range(STRIPES)]
    return "".join(
        f'<rect x="{across - 3}" y="{_down((place + 1) / STRIPES):.1f}" width="6"'
        f' height="{height:.1f}" fill="{colour}"/>'
        for place, colour in enumerate(colours)
    )


def _colour(height: float, smaller_is_better: bool) -> str:
    return to_hex(COLOURS(1 - height if smaller_is_better else height))


def _down(height: float) -> float:
    return TOP + HEIGHT * (1 - height)


def _short(value: ParamValue) -> str:
    text = as_text(value)
    return text if len(text) <= 24 else text[:22] + "\N{HORIZONTAL ELLIPSIS}"
