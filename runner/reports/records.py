"""The typed records of reports, and their conversion to JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from keyword import iskeyword
from typing import Any, Protocol

from cifar_model.data.description import Description
from cifar_model.params import ParamValues
from cifar_model.results import Evidence

# The lower and the upper bound.
Interval = list[float]


# The outcomes of a condition of --fail-if.
PASSED, FAILED, UNDECIDED = "passed", "failed", "undecided"


class Named(Protocol):
    """A data set with a title: a `Description` or a `DatasetName`."""

    @property
    def title(self) -> str:
        """Return its title."""

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of its images and labels."""


@dataclass(frozen=True, slots=True)
class Job:
    """The state of a job, and its trial if it has one."""

    job: int
    number: int
    state: str
    attempts: int
    reason: str | None
    trial: int | None
    reused: int | None


@dataclass(frozen=True, slots=True)
class Submission:
    """What `submit tune --into` added to an experiment; `first_job` is the number of a job."""

    submission: int
    command: str
    version: str
    created_at: str
    downsample: float | None
    first_job: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training split.

    A trainer may not report all of the four metrics, and may report others: these are in `metrics`.
    """

    epoch: int
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    metrics: Mapping[str, float]
    seconds: float
    loss_rule: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class BestEpoch:
    """The epoch at which a metric was best, and the value at that epoch."""

    epoch: int
    value: float


@dataclass(frozen=True, slots=True)
class Best:
    """The best epoch of each metric that was reported; these epochs can differ."""

    loss: BestEpoch | None
    accuracy: BestEpoch | None
    val_loss: BestEpoch | None
    val_accuracy: BestEpoch | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A job that trains: its params, its epochs and its scores.

    Scores are those of the last epoch. `trial` and the scores are None until training is complete.
    `noise` is whether the trial is not significantly worse than the best. `code` is the SHA-256
    of the code of its network, None for a built-in one. With a `trainer` the network is a training
    loop, which may have left no model that `predicts`. `metrics` has what a trainer reported beside
    the four usual metrics; `objective` is the metric that ranks it. With `fold`, it was trained on
    the other folds and validated on this one.
    """

    trial: int | None
    job: int
    experiment: int
    number: int
    state: str
    params: ParamValues
    network: str
    code: str | None
    trainer: bool
    predicts: bool
    seed: int
    fold: int | None
    epochs: list[Epoch]
    trained_epochs: int
    ended_by: str | None
    reused: int | None
    best_epoch: int | None
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    best_val_accuracy: float | None
    metrics: Mapping[str, float]
    objective: str | None
    seconds: float | None
    loss_rule: int | None
    val_accuracy_interval: Interval | None
    noise: bool | None
    best: Best | None
    attempts: int
    reason: str | None
    not_reproducible: str | None
    fingerprints: list[str]
    fingerprint: str | None
    model: str | None


@dataclass(frozen=True)
class Place:
    """The rank of a trial; None if it has no score."""

    # Python does not allow two base classes with non-empty slots.
    __slots__ = ()

    rank: int | None


@dataclass(frozen=True, slots=True)
class RankedTrial(Trial, Place):
    """A trial with its rank by the metric of its report."""


@dataclass(frozen=True, slots=True)
class KerasScores:
    """The loss and accuracy returned by Keras's `evaluate`."""

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ClassScores:
    """The one-vs-rest scores of a class."""

    class_: str
    support: int
    tp: int
    tn: int
    fp: int
    fn: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of a trial on a split. Rows of the confusion matrix are true classes.

    `fold` and `talos_f1` are None except for folds; `keras` is None except for `runner verify`.
    """

    evaluation: int
    job: int
    trial: int
    split: str
    fold: int | None
    talos_f1: float | None
    images: int
    loss: float
    accuracy: float
    accuracy_interval: Interval
    log_loss: float
    loss_rule: int
    keras: KerasScores | None
    classes: list[str]
    confusion: list[list[int]]
    per_class: list[ClassScores]


@dataclass(frozen=True, slots=True)
class Curves:
    """The deletion and insertion curves, by the share of superpixels hidden or shown."""

    share: list[float]
    deletion: list[float]
    insertion: list[float]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An explanation of a class of an image: its weights, verdict and checks.

    `weights` has the weight of each superpixel, in the order of their numbers from 0. `picture`
    and `segments` are the names of stored arrays: the image, or None if it was not stored, and its
    superpixels. `file` is the path of the figure, if one was written.
    """

    explanation: int
    job: int
    trial: int
    image: int
    label: int
    class_: str
    true_class: str
    predicted_class: str
    other_class: str | None
    weights: list[float]
    probability: float
    normalised: bool
    method: str
    segmentation: str
    samples: int
    seed: int
    superpixels: int
    intercept: float | None
    r2: float | None
    largest_share: float
    weight_range: float
    stability: float
    verdict: str
    reason: str
    rules: int
    evidence: Evidence | None
    removed: float | None
    removed_random: float | None
    contrast: float | None
    contrast_other: float | None
    contrast_random: float | None
    contrast_other_random: float | None
    deletion_area: float | None
    insertion_area: float | None
    picture: str | None
    segments: str
    curves: Curves | None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Channels:
    """The mean, standard deviation (`spread`) and share of zeros of each channel of a layer."""

    mean: list[float]
    spread: list[float]
    zeros: list[float]


@dataclass(frozen=True, slots=True)
class Activation:
    """The output of one layer for one image.

    `output` is the name of the stored array. `dead` is the number of channels that are 0
    everywhere.
    """

    job: int
    trial: int
    image: int
    layer: int
    name: str
    shape: list[int]
    output: str
    channels: Channels
    dead: int


@dataclass(frozen=True, slots=True)
class CheckedCondition:
    """A condition of `--fail-if`, what it was compared with, and why it has this outcome."""

    condition: str
    value: float | None
    interval: Interval | None
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class DatasetName:
    """The name, title and fingerprint of a data set."""

    name: str
    title: str
    fingerprint: str


def names_of(dataset: Description) -> DatasetName:
    """Return the name, title and fingerprint of a data set."""
    return DatasetName(dataset.name, dataset.title, dataset.fingerprint)


def of_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the cells of a row for metrics without a column of their own: `metrics.f1`.

    A param or a column of ours may have the same name as a metric.
    """
    return {f"metrics.{name}": value for name, value in metrics.items()}


def values(record: object, names: Sequence[str]) -> list[Any]:
    """Return the values of fields, given by their JSON names, such as the cells of a row."""
    return [getattr(record, attribute(name)) for name in names]


def chosen(record: object, names: Sequence[str]) -> dict[str, Any]:
    """Return the values of fields by their JSON names."""
    return dict(zip(names, values(record, names), strict=True))


def fields_of(record: Any) -> dict[str, Any]:
    """Return the values of all fields by name, to create a record with more fields."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def attribute(name: str) -> str:
    """Return the attribute for a JSON name; if it is a Python keyword, an underscore is added."""
    return f"{name}_" if iskeyword(name) else name


def json_name(name: str) -> str:
    """Return the JSON name of an attribute."""
    return name.removesuffix("_")


def plain(value: Any) -> Any:
    """Return a value as plain JSON; records become mappings."""
    if hasattr(value, "to_json"):
        return plain(value.to_json())
    if is_dataclass(value):
        return {json_name(f.name): plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
