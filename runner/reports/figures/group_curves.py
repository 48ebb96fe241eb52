"""Learning curves of groups of trials: a line for the mean of each group, with a band."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from runner.reports.figures.canvas import COLOURS, GREY, new_figure, to_png
from runner.reports.model import Figure, titled
from runner.reports.records import Named, Trial
from runner.reports.stats.epoch_means import epoch_means
from runner.reports.stats.ranking import loss_of

MOST_GROUPS = 20


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """The trials of a group, all with epochs, and the name of the group in the legend."""

    name: str
    trials: Sequence[Trial]

    @property
    def losses(self) -> set[str]:
        """Return the loss functions; means over several are not meaningful."""
        return {loss_of(trial) for trial in self.trials}


def draw_group_curves(dataset: Named, groups: Sequence[NamedGroup]) -> list[Figure]:
    """Return the learning curves of the best groups; an empty list if there are none."""
    if not groups:
        return []
    shown = groups[:MOST_GROUPS]
    title = "Learning curves of groups of trials"
    if len(shown) < len(groups):
        title += f", the best {len(shown)} of {len(groups)}"
    title = titled(dataset, title)
    # Values of different loss functions are not comparable: each has its own panel.
    losses = sorted({name for group in shown if len(group.losses) == 1 for name in group.losses})
    figure = new_figure(title, 5 * (1 + len(losses)), 4.4 + 0.1 * min(len(shown), len(COLOURS)))
    accuracy, *panels = figure.subplots(1, 1 + len(losses), squeeze=False)[0]
    _panel(accuracy, shown, "accuracy", "accuracy")
    for panel, name in zip(panels, losses, strict=True):
        of_loss = [group if group.losses == {name} else None for group in shown]
        _panel(panel, of_loss, "loss", f"loss ({name})")
    figure.legend(
        handles=_legend(shown), loc="outside lower center", ncols=1 + len(losses), fontsize=8
    )
    return [Figure("curves.png", title, to_png(figure))]


def _panel(axes: Axes, groups: Sequence[NamedGroup | None], metric: str, label: str) -> None:
    """Draw one metric. A group that is None is skipped, but its colour is not reused."""
    # Drawn from last to first, so that the best group is on top.
    for place, group in reversed(list(enumerate(groups))):
        if group is None:
            continue
        colour = _colour(place)
        found, training = (epoch_means(group.trials, name) for name in (f"val_{metric}", metric))
        axes.plot(found.epochs, found.means, color=colour, marker="o", markersize=2.5)
        axes.plot(training.epochs, training.means, color=colour, linestyle="--", linewidth=1)
        # Bands of many groups would hide one another.
        if found.band and place < len(COLOURS):
            # The interval of a mean can go beyond the values that there can be.
            most = 1.0 if metric == "accuracy" else inf
            lows, highs = (
                [min(max(0.0, end), most) for end in of] for of in (found.lows, found.highs)
            )
            axes.fill_between(found.epochs, lows, highs, color=colour, alpha=0.18, linewidth=0)
            # A band of one epoch has no width.
            if len(found.epochs) == 1:
                axes.vlines(found.epochs, lows, highs, color=colour, alpha=0.4)
    axes.set(xlabel="epoch", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)


def _colour(place: int) -> str:
    return COLOURS[place] if place < len(COLOURS) else GREY


def _legend(groups: Sequence[NamedGroup]) -> list[Line2D]:
    lines = [
        Line2D([], [], color="black", label="validation: mean of the group, with a band"),
        Line2D([], [], color="black", linestyle="--", label="training: mean of the group"),
    ]
    for place, group in enumerate(groups[: len(COLOURS)]):
        label = legend_text(group)
        lines.append(Line2D([], [], color=_colour(place), linewidth=3, label=label))
    if len(groups) > len(COLOURS):
        lines.append(Line2D([], [], color=GREY, linewidth=3, label="other groups, without bands"))
    return lines


def legend_text(group: NamedGroup) -> str:
    """Return the name of a group with its seeds, what its band is, and where its line ends."""
    found = epoch_means(group.trials, "val_accuracy")
    seeds = len({trial.seed for trial in group.trials})
    said = [f"{seeds} seed{'s' * (seeds != 1)}"]
    if len(group.trials) != seeds:
        said.append(f"{len(group.trials)} trials")
    if found.band:
        said.append(f"band: {found.band}")
    longest = max(len(trial.epochs) for trial in group.trials)
    if len(found.epochs) < longest:
        said.append(f"to epoch {found.epochs[-1]}, the last of its shortest trial")
    if len(group.losses) > 1:
        said.append("no loss: several loss functions")
    return f"{group.name} ({'; '.join(said)})"
