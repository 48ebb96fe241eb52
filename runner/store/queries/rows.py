"""The rows returned by the queries of reports, as typed records."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select

from cifar_model.data import Description
from cifar_model.params import ParamValues
from runner.specs import Configuration, Provenance
from runner.store import schema
from runner.store.engine import Connection

# The number of rows that are read at once.
PART = 500


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """One submission."""

    id: int
    kind: str
    seed: int
    configuration: Configuration
    provenance: Provenance
    created_at: datetime
    name: str | None
    note: str | None
    archived_at: datetime | None
    tags: list[str]


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with its params, and the fields of its trial, which are None if it has no trial.

    `params` is empty if the job does not train. A fold that was stopped has an `ended_by` all the
    same.
    """

    job: int
    experiment: int
    number: int
    state: str
    attempts: int
    reason: str | None
    not_reproducible: str | None
    ended_at: datetime | None
    trial: int | None
    seed: int
    fold: int | None
    params: ParamValues
    network: Mapping[str, Any] | None
    predictor: Mapping[str, Any] | None
    trained_epochs: int | None
    ended_by: str | None
    reused: int | None
    dataset: Description | None
    best_epoch: int | None
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    best_val_accuracy: float | None
    metrics: Mapping[str, float] | None
    objective: str | None
    seconds: float | None
    loss_rule: int | None
    fingerprint: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One epoch of a job."""

    job_id: int
    epoch: int
    fingerprint: str
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    metrics: Mapping[str, float] | None
    seconds: float
    loss_rule: int


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """The scores of a trial on a split; `labels` and `predictions` are names of stored arrays."""

    id: int
    job_id: int
    trial_id: int
    split: str
    images: int
    loss: float
    accuracy: float
    log_loss: float
    loss_rule: int
    keras_loss: float | None
    keras_accuracy: float | None
    classes: list[str]
    predictions: str
    labels: str
    fold: int | None
    talos_f1: float | None


@dataclass(frozen=True, slots=True)
class ConfusionCellRow:
    """A cell of a confusion matrix: the number of images with this true and predicted class."""

    true_label: int
    predicted_label: int
    images: int


@dataclass(frozen=True, slots=True)
class ExplanationRow:
    """An explanation with its experiment; arrays are packed bytes, as described in the schema."""

    experiment: int
    id: int
    job_id: int
    trial_id: int
    image: int
    label: int
    true_label: int
    predicted_label: int
    probability: float
    normalised: bool
    method: str
    segmentation: str
    samples: int
    seed: int
    superpixels: int
    weights: bytes
    intercept: float | None
    r2: float | None
    largest_share: float
    weight_range: float
    stability: float
    verdict: str
    reason: str
    rules: int
    evidence: Mapping[str, Any] | None
    removed: float | None
    removed_random: float | None
    other_label: int | None
    contrast: float | None
    contrast_other: float | None
    contrast_random: float | None
    contrast_other_random: float | None
    deletion_area: float | None
    insertion_area: float | None
    curves: bytes | None
    segments: str
    picture: str | None


@dataclass(frozen=True, slots=True)
class ActivationRow:
    """The output of one layer for one image; `channels` is packed, as described in the schema."""

    job_id: int
    trial_id: int
    image: int
    layer: int
    name: str
    shape: list[int]
    output: str
    channels: bytes


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt at a job, with the host and device of its worker."""

    number: int
    state: str
    worker: str
    host: str
    device: str
    started_at: datetime
    ended_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class MachineRow:
    """A host and its device, with the number of jobs that succeeded on it."""

    host: str
    device: str
    version: str
    jobs: int


@dataclass(frozen=True, slots=True)
class RankableTrial:
    """A trial with all fields that it can be ranked and filtered by, but for its data set."""

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
    reused: int | None
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


@dataclass(frozen=True, slots=True)
class LeaderRow(RankableTrial):
    """A trial of a leaderboard, as it is stored."""

    dataset: Description


@dataclass(frozen=True, slots=True)
class MetricRow:
    """The params of a trial and the value of one metric."""

    params: ParamValues
    network: str
    trainer: bool
    metric: float


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """The params, the seed and the images of a trial, and the value of one metric."""

    trial: int
    params: ParamValues
    network: str
    trainer: bool
    seed: int
    metric: float | None
    dataset: str
    data_fingerprint: str
    train_images: int
    val_images: int
    # Beside `metric` there are none.
    metrics: Mapping[str, float] = field(default_factory=dict)
    # Those of folds are in no leaderboard.
    fold: None = None


@dataclass(frozen=True, slots=True)
class CommandRow:
    """An experiment with its data set and the command that submitted it."""

    experiment: int
    kind: str
    dataset: Description
    command: str
    name: str | None
    tags: list[str]


def columns_of(table: type[schema.Base], row: type[Any]) -> list[ColumnElement[Any]]:
    """Return the columns of a table that have the name of a field of a record."""
    names = {field.name for field in fields(row)}
    return [column for column in table.__table__.columns if column.name in names]


def description_of(stored: Mapping[str, Any] | None) -> Description | None:
    """Return the data set of a trial; None for a job without a trial."""
    return None if stored is None else Description.from_json(stored)


def columns_in_parts(
    connection: Connection, query: Select[*tuple[Any, ...]]
) -> dict[str, list[Any]]:
    """Return the columns of all rows.

    They are read in parts: with all rows alive at once, Python's garbage collector would take most
    of the time.
    """
    result = connection.execute(query)
    columns: dict[str, list[Any]] = {name: [] for name in result.keys()}  # noqa: SIM118
    for rows in result.partitions(PART):
        for column, values in zip(columns.values(), zip(*rows, strict=True), strict=True):
            column.extend(values)
    return columns
