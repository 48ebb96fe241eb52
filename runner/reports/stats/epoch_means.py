"""The mean of a group of trials at each epoch, with a band: its interval, or the range."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from cifar_model.objective import score
from runner.reports.records import Trial
from runner.reports.stats.repeats import by_params, interval_over_seeds, within

# With fewer seeds an interval of the mean is too wide to be drawn: Student's t is 12.7 for two.
FEWEST_SEEDS = 3

INTERVAL, RANGE = "95 % interval", "min to max"


@dataclass(frozen=True, slots=True)
class EpochMeans:
    """The mean of a metric at the epochs that all trials have, and the ends of the band.

    `band` says what the band is. It is None, and the ends are empty, for a single trial.
    """

    epochs: list[int]
    means: list[float]
    band: str | None
    lows: list[float]
    highs: list[float]


def epoch_means(trials: Sequence[Trial], metric: str) -> EpochMeans:
    """Return the means of trials of a group, at the epochs at which all reported the metric.

    After the last epoch that all trials have, the mean would be that of other trials, so it ends
    there.
    """
    shared = min(len(trial.epochs) for trial in trials)
    rows = [[score(trial.epochs[at], metric) for trial in trials] for at in range(shared)]
    known = [(at, [value for value in row if value is not None]) for at, row in enumerate(rows)]
    known = [(at, column) for at, column in known if len(column) == len(trials)]
    epochs = [trials[0].epochs[at].epoch for at, _ in known]
    columns = [column for _, column in known]
    means = [fmean(column) for column in columns]
    if len(trials) < 2:
        return EpochMeans(epochs, means, None, [], [])
    over_seeds = [interval_over_seeds(by_params(trials, column)) for column in columns]
    intervals = [within(metric, interval) for interval in over_seeds]
    found = [interval for interval in intervals if interval is not None]
    if len({trial.seed for trial in trials}) < FEWEST_SEEDS or len(found) < len(columns):
        lows, highs = [min(column) for column in columns], [max(column) for column in columns]
        return EpochMeans(epochs, means, RANGE, lows, highs)
    return EpochMeans(
        epochs, means, INTERVAL, [low for low, _ in found], [high for _, high in found]
    )
