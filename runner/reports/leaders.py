"""The trials of a leaderboard, and their rows in CSV and Parquet."""

from collections.abc import Mapping
from dataclasses import dataclass

from cifar_model.params import ParamValues
from runner.reports.formats.csv_file import Cell, share_of
from runner.reports.records import Interval, chosen, of_metrics
from runner.reports.stats.ranking import PARAMS, effective_of
from runner.reports.stats.uncertainty import known_interval
from runner.store.queries.leaderboard import METRICS
from runner.store.queries.rows import LeaderRow

INTERVAL = ("val_accuracy_low", "val_accuracy_high")
ORIGIN = (
    *("experiment", "trial", "job", "number", "seed", "dataset", "data_fingerprint"),
    *("network", "code"),
)
COLUMNS = ("rank", *ORIGIN, *METRICS, *INTERVAL, "loss_rule", "noise", *PARAMS)


@dataclass(frozen=True, slots=True)
class Leader:
    """A trial of a leaderboard; `noise` is whether it is not significantly worse than the first.

    `dataset` is the title of the data set. The fingerprint is a separate field, as in the CSV.
    """

    trial: int
    job: int
    params: ParamValues
    network: str
    code: str | None
    trainer: bool
    predicts: bool
    seed: int
    trained_epochs: int
    ended_by: str
    best_epoch: int
    accuracy: float | None
    val_accuracy: float | None
    best_val_accuracy: float | None
    loss: float | None
    val_loss: float | None
    metrics: Mapping[str, float]
    seconds: float
    loss_rule: int
    fingerprint: str
    experiment: int
    name: str | None
    number: int
    not_reproducible: str | None
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
    return Leader(
        trial=row.trial,
        job=row.job,
        params=effective_of(row),
        network=row.network,
        code=row.code,
        trainer=row.trainer,
        predicts=row.predicts,
        seed=row.seed,
        trained_epochs=row.trained_epochs,
        ended_by=row.ended_by,
        best_epoch=row.best_epoch,
        accuracy=row.accuracy,
        val_accuracy=row.val_accuracy,
        best_val_accuracy=row.best_val_accuracy,
        loss=row.loss,
        val_loss=row.val_loss,
        metrics=row.metrics,
        seconds=row.seconds,
        loss_rule=row.loss_rule,
        fingerprint=row.fingerprint,
        experiment=row.experiment,
        name=row.name,
        number=row.number,
        not_reproducible=row.not_reproducible,
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
        **chosen(trial, ("rank", *ORIGIN, *METRICS, "loss_rule", "noise")),
        "accuracy": share_of(trial.accuracy, trial.train_images),
        **dict(zip(INTERVAL, trial.val_accuracy_interval or (None, None), strict=True)),
        **of_metrics(trial.metrics),
        **trial.params,
    }
    return {name: cells.get(name) for name in dict.fromkeys((*COLUMNS, *cells))}
