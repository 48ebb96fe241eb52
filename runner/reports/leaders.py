"""The trials of a leaderboard, and their rows in CSV and Parquet."""

from dataclasses import dataclass, fields
from operator import attrgetter

from runner.reports.formats.csv_file import Cell, share_of
from runner.reports.records import Interval, chosen, of_metrics
from runner.reports.stats.ranking import PARAMS, effective_of
from runner.reports.stats.uncertainty import known_interval
from runner.store.queries.leaderboard import METRICS
from runner.store.queries.rows import LeaderRow, RankableTrial

INTERVAL = ("val_accuracy_low", "val_accuracy_high")
ORIGIN = (
    *("experiment", "trial", "job", "number", "seed", "dataset", "data_fingerprint"),
    *("network", "code"),
)
# Of every trial of a long leaderboard, and therefore found out once.
SHARED = tuple(field.name for field in fields(RankableTrial))
of_shared = attrgetter(*SHARED)
COLUMNS = ("rank", *ORIGIN, *METRICS, *INTERVAL, "loss_rule", "reused", "noise", *PARAMS)


@dataclass(frozen=True, slots=True)
class Leader(RankableTrial):
    """A trial of a leaderboard; `noise` is whether it is not significantly worse than the first.

    `dataset` is the title of the data set. The fingerprint is a separate field, as in the CSV.
    """

    dataset: str
    data_fingerprint: str
    train_images: int
    val_images: int
    val_accuracy_interval: Interval | None
    rank: int
    noise: bool | None


def leader(row: LeaderRow, rank: int, behind: bool | None) -> Leader:
    """Return a trial with its rank and its `noise` field."""
    dataset = row.dataset
    shared = dict(zip(SHARED, of_shared(row), strict=True))
    return Leader(
        **shared | {"params": effective_of(row)},
        dataset=dataset.title,
        data_fingerprint=dataset.fingerprint,
        train_images=dataset.images.train,
        val_images=dataset.images.validation,
        val_accuracy_interval=known_interval(row.val_accuracy, dataset.images.validation),
        rank=rank,
        noise=behind,
    )


def sheet_row(trial: Leader) -> dict[str, Cell]:
    """Return the cells of a trial by column name."""
    cells = {
        **chosen(trial, ("rank", *ORIGIN, *METRICS, "loss_rule", "reused", "noise")),
        "accuracy": share_of(trial.accuracy, trial.train_images),
        **dict(zip(INTERVAL, trial.val_accuracy_interval or (None, None), strict=True)),
        **of_metrics(trial.metrics),
        **trial.params,
    }
    return {name: cells.get(name) for name in dict.fromkeys((*COLUMNS, *cells))}
