"""The typed records that reports are made of, and the JSON that they become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from keyword import iskeyword
from typing import Any, Protocol

from cifar_model.data.description import Description
from cifar_model.params import ParamValues

# A lower and an upper end.
Interval = list[float]


class Named(Protocol):
    """A data set as titles name it: a `Description` or a `DatasetName`."""

    @property
    def title(self) -> str:
        """Return its title, for people."""

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of its images and labels."""


@dataclass(frozen=True, slots=True)
class Job:
    """How a job stands, with the trial that came of it."""

    job: int
    number: int
    state: str
    attempts: int
    reason: str | None
    trial: int | None


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training split."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    loss_rule: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class BestEpoch:
    """The epoch at which a metric was best, and its value there."""

    epoch: int
    value: float


@dataclass(frozen=True, slots=True)
class Best:
    """The best epoch of each metric on its own."""

    loss: BestEpoch
    accuracy: BestEpoch
    val_loss: BestEpoch
    val_accuracy: BestEpoch


@dataclass(frozen=True, slots=True)
class Trial:
    """A job that trains: its params, its epochs and, once it has ended, its scores.

    `trial` and the scores are None until then; scores are those of the last epoch. `noise` tells
    whether it is not significantly worse than the best.
    """

    trial: int | None
    job: int
    experiment: int
    number: int
    state: str
    params: ParamValues
    seed: int
    epochs: list[Epoch]
    trained_epochs: int
    best_epoch: int | None
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    best_val_accuracy: float | None
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
    """Where a trial stands among those it is ranked with; None without a score."""

    # Python refuses two bases that both have slots of their own.
    __slots__ = ()

    rank: int | None


@dataclass(frozen=True, slots=True)
class RankedTrial(Trial, Place):
    """A trial with its rank by val_accuracy."""


@dataclass(frozen=True, slots=True)
class KerasScores:
    """The loss and accuracy that Keras's own `evaluate` gives."""

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ClassScores:
    """The scores of one class against all others."""

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
    """The scores of a trial on a split; rows of the confusion are true classes.

    `fold` and `talos_f1` are None except for folds, `keras` unless `runner verify` computed it.
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
    """The points of deletion and insertion by the share of superpixels hidden, or shown."""

    share: list[float]
    deletion: list[float]
    insertion: list[float]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What spoke for and against a class of an image, and how far to trust it.

    `weights` are by superpixel, from 0. `picture` and `segments` name stored arrays; `picture` is
    None if the image was not kept. `file` is the path of its figure, if one was written.
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
    """The mean, the spread and the share of zeros of each channel of a layer."""

    mean: list[float]
    spread: list[float]
    zeros: list[float]


@dataclass(frozen=True, slots=True)
class Activation:
    """The output of one layer for one image; `output` names the stored array.

    `dead` is the number of channels that are 0 everywhere.
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
class DatasetName:
    """What people and programs know a data set by."""

    name: str
    title: str
    fingerprint: str


def names_of(dataset: Description) -> DatasetName:
    """Return what a data set is known by."""
    return DatasetName(dataset.name, dataset.title, dataset.fingerprint)


def values(record: object, names: Sequence[str]) -> list[Any]:
    """Return fields of a record, by their names in JSON: the cells of a row."""
    return [getattr(record, attribute(name)) for name in names]


def chosen(record: object, names: Sequence[str]) -> dict[str, Any]:
    """Return fields of a record by their names in JSON."""
    return dict(zip(names, values(record, names), strict=True))


def fields_of(record: Any) -> dict[str, Any]:
    """Return the fields of a record by their names, to make one that has more of them."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def attribute(name: str) -> str:
    """Return the name of the field that JSON has under a name, which may be a word of Python's."""
    return f"{name}_" if iskeyword(name) else name


def json_name(name: str) -> str:
    """Return the name under which JSON has a field."""
    return name.removesuffix("_")


def plain(value: Any) -> Any:
    """Return records, and what holds them, as plain JSON."""
    if hasattr(value, "to_json"):
        return plain(value.to_json())
    if is_dataclass(value):
        return {json_name(f.name): plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
