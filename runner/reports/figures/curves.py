"""Learning curves: accuracy and loss by epoch, for training and validation."""

from collections.abc import Sequence
from functools import partial
from math import nan

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cifar_model.objective import reported, score
from runner.reports.figures.canvas import COLOURS, GREY, new_figure, to_png
from runner.reports.model import Figure, titled
from runner.reports.records import Named, RankedTrial, Trial
from runner.reports.stats.ranking import loss_of

MOST_TRIALS = 20


def draw_curves(dataset: Named, trials: Sequence[Trial]) -> list[Figure]:
    """Return the learning curves of the best trials; an empty list if there are no epochs."""
    trained = [trial for trial in trials if trial.epochs]
    if not trained:
        return []
    shown = trained[:MOST_TRIALS]
    title = "Learning curves"
    if len(shown) < len(trained):
        title += f" of the best {len(shown)} of {len(trained)} trials"
    title = titled(dataset, title)
    # Values of different loss functions are not comparable: each has its own panel.
    losses = sorted({loss_of(trial) for trial in shown})
    wanted: list[tuple[str, str, list[Trial | None]]] = [("accuracy", "accuracy", [*shown])]
    for name in losses:
        of_loss = [trial if loss_of(trial) == name else None for trial in shown]
        wanted.append(("loss", f"loss ({name})" if name else "loss", of_loss))
    # A trainer reports what it likes.
    drawn = [each for each in wanted if _has(each[2], each[0])]
    if not drawn:
        return []
    figure = new_figure(title, 5 * len(drawn), 4.4)
    panels = figure.subplots(1, len(drawn), squeeze=False)[0]
    for panel, (metric, label, of_panel) in zip(panels, drawn, strict=True):
        _panel(panel, of_panel, metric, label)
    figure.legend(handles=_legend(shown), loc="outside lower center", ncols=4, fontsize=8)
    return [Figure("curves.png", title, to_png(figure))]


def _has(trials: Sequence[Trial | None], metric: str) -> bool:
    """Return whether an epoch of a trial has a metric, of training or of validation."""
    epochs = [epoch for trial in trials if trial is not None for epoch in trial.epochs]
    known = reported(epochs)
    return metric in known or f"val_{metric}" in known


def _panel(axes: Axes, trials: Sequence[Trial | None], metric: str, label: str) -> None:
    """Draw one metric. A trial that is None is skipped, but its colour is not reused."""
    # Drawn from last to first, so that the best trial is on top.
    for place, trial in reversed(list(enumerate(trials))):
        if trial is None:
            continue
        epochs = [row.epoch for row in trial.epochs]
        draw = partial(axes.plot, epochs, color=_colour(place), marker="o", markersize=2.5)
        draw([_number(score(row, f"val_{metric}")) for row in trial.epochs])
        draw([_number(score(row, metric)) for row in trial.epochs], linestyle="--")
    axes.set(xlabel="epoch", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)


def _number(value: float | None) -> float:
    return nan if value is None else value


def _colour(place: int) -> str:
    return COLOURS[place] if place < len(COLOURS) else GREY


def _legend(trials: Sequence[Trial]) -> list[Line2D]:
    lines = [
        Line2D([], [], color="black", label="validation"),
        Line2D([], [], color="black", linestyle="--", label="training"),
    ]
    for place, trial in enumerate(trials[: len(COLOURS)]):
        lines.append(Line2D([], [], color=_colour(place), linewidth=3, label=_name(trial)))
    if len(trials) > len(COLOURS):
        lines.append(Line2D([], [], color=GREY, linewidth=3, label="other trials"))
    return lines


def _name(trial: Trial) -> str:
    if not isinstance(trial, RankedTrial) or trial.rank is None:
        return f"job {trial.job} ({trial.state})"
    return f"trial {trial.trial} (rank {trial.rank})"
