"""The tables of the results: what came of the work."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)

from cifar_model.explanation.settings import METHODS
from cifar_model.objective import PREFERRED
from runner.store.schema.base import Base, Column, column, finite, now, one_of, only_where


def loss_rule() -> Any:
    """Return the column that says by which rule a loss was computed; see cifar_model.results.

    Rows that are older than the column were by the first.
    """
    return column(server_default="1")


class Artifact(Base):
    """Immutable bytes named by the SHA-256 of what they are uncompressed.

    They are deleted when nothing refers to them any more; every column that does has an index.
    """

    __tablename__ = "artifacts"

    sha256: Column[str] = column(primary_key=True)
    size: Column[int]
    content: Column[bytes]


class Epoch(Base):
    """One pass over the training split; a job has each epoch once, as last reported."""

    __tablename__ = "epochs"
    __table_args__ = (
        ForeignKeyConstraint(["job_id", "attempt"], ["attempts.job_id", "attempts.number"]),
        CheckConstraint("epoch >= 1", name="epoch"),
        finite("loss", "accuracy", "val_loss", "val_accuracy", "seconds"),
    )

    job_id: Column[int] = column(primary_key=True)
    epoch: Column[int] = column(primary_key=True)
    attempt: Column[int]
    # The machine that trained it: a trial may have gone on elsewhere.
    fingerprint: Column[str]
    # A trainer need not report all of these.
    loss: Column[float | None]
    accuracy: Column[float | None]
    val_loss: Column[float | None]
    val_accuracy: Column[float | None]
    seconds: Column[float]
    # Of val_loss: the loss while training is always what was trained.
    loss_rule: Column[int] = loss_rule()
    # All other metrics that a trainer reported, by name.
    metrics: Column[dict[str, Any] | None] = column(type_=JSON(none_as_null=True))


class Trial(Base):
    """One params trained to its end."""

    __tablename__ = "trials"
    __table_args__ = (
        CheckConstraint("best_epoch >= 1 AND best_epoch <= epochs", name="best_epoch"),
        # The best trials are found without reading all of them.
        Index(None, "val_accuracy"),
        # A trial that is claimed looks for one that was trained from the same.
        Index(None, "identity", **only_where("identity IS NOT NULL")),
        finite("loss", "accuracy", "val_loss", "val_accuracy", "best_val_accuracy", "seconds"),
    )

    id: Column[int] = column(primary_key=True)
    # A job makes one trial at most, whatever was delivered or executed twice.
    job_id: Column[int] = column(ForeignKey("jobs.id"), unique=True)
    params: Column[dict[str, Any]]
    seed: Column[int] = column(type_=BigInteger)
    # JSON's null: a trainer that was given none.
    dataset: Column[dict[str, Any] | None] = column(type_=JSON(), nullable=False)
    epochs: Column[int]
    best_epoch: Column[int]
    loss: Column[float | None]
    accuracy: Column[float | None]
    val_loss: Column[float | None]
    val_accuracy: Column[float | None]
    best_val_accuracy: Column[float | None]
    seconds: Column[float]
    loss_rule: Column[int] = loss_rule()
    fingerprint: Column[str]
    model: Column[str] = column(ForeignKey("artifacts.sha256"), index=True)
    # None: the paper's.
    network: Column[dict[str, Any] | None] = column(type_=JSON(none_as_null=True))
    # None: TensorFlow.
    backend: Column[str | None]
    # The reason for its last epoch: all of `epochs`, or `patience`.
    ended_by: Column[str] = column(server_default="epochs")
    # The metric that ranks it; those of its last epoch that have no column.
    objective: Column[str] = column(server_default=PREFERRED[0])
    metrics: Column[dict[str, Any] | None] = column(type_=JSON(none_as_null=True))
    # Of a trainer's trial: in which form its model was kept, or why it was not.
    predictor: Column[dict[str, Any] | None] = column(type_=JSON(none_as_null=True))
    # The digest of all that decides its results; None: they are not reused.
    identity: Column[str | None]
    # The trial whose results these are, if it was not trained itself. No foreign key: that trial
    # may be deleted, and its number is not given again.
    reused: Column[int | None]
    created_at: Column[datetime] = column(default=now())


class Evaluation(Base):
    """The scores of one trial on one split."""

    __tablename__ = "evaluations"
    __table_args__ = (
        # A job scores a split once.
        UniqueConstraint("job_id", "split"),
        one_of("split", ("train", "validation", "test")),
        finite("loss", "accuracy", "log_loss"),
        # A fold has both scores.
        CheckConstraint("(fold IS NULL) = (talos_f1 IS NULL)", name="fold"),
    )

    id: Column[int] = column(primary_key=True)
    job_id: Column[int] = column(ForeignKey("jobs.id"))
    trial_id: Column[int] = column(ForeignKey("trials.id"), index=True)
    split: Column[str]
    images: Column[int]
    loss: Column[float]
    accuracy: Column[float]
    log_loss: Column[float]
    loss_rule: Column[int] = loss_rule()
    # What Keras's own `evaluate` gave for the same model and split, when a trial was verified.
    keras_loss: Column[float | None]
    keras_accuracy: Column[float | None]
    classes: Column[list[Any]]
    # The predicted and the true class of every image, in the order of the split: what it takes
    # to say whether two trials differ. The second is the same artifact for all of a data set.
    predictions: Column[str] = column(ForeignKey("artifacts.sha256"), index=True)
    labels: Column[str] = column(ForeignKey("artifacts.sha256"), index=True)
    # For a fold the scores are those of the trial's params trained again without it; beside them
    # stands what Talos calls the score of a fold: the macro F1 of the trial's own model on it.
    fold: Column[int | None]
    talos_f1: Column[float | None]


class Probabilities(Base):
    """Where the probabilities of every image of an evaluation are: older evaluations have none.

    The array has a row for each image and a column for each class, in numbers of two bytes.
    """

    __tablename__ = "probabilities"

    evaluation_id: Column[int] = column(ForeignKey("evaluations.id"), primary_key=True)
    artifact: Column[str] = column(ForeignKey("artifacts.sha256"), index=True)


class ConfusionCell(Base):
    """How many images of one true class were predicted as another; empty cells are not stored."""

    __tablename__ = "confusion"
    __table_args__ = (CheckConstraint("images >= 1", name="images"),)

    evaluation_id: Column[int] = column(ForeignKey("evaluations.id"), primary_key=True)
    true_label: Column[int] = column(primary_key=True)
    predicted_label: Column[int] = column(primary_key=True)
    images: Column[int]


class Activation(Base):
    """The output of one layer for one image."""

    __tablename__ = "activations"
    # A job looks at a layer once for an image.
    __table_args__ = (UniqueConstraint("job_id", "image", "layer"),)

    id: Column[int] = column(primary_key=True)
    job_id: Column[int] = column(ForeignKey("jobs.id"))
    trial_id: Column[int] = column(ForeignKey("trials.id"), index=True)
    image: Column[int]
    layer: Column[int]
    name: Column[str]
    shape: Column[list[Any]]
    output: Column[str] = column(ForeignKey("artifacts.sha256"), index=True)
    # The mean, the spread and the share of zeros of every channel: three rows of little-endian
    # numbers of four bytes.
    channels: Column[bytes]


class Randomisation(Base):
    """How a trial's explanations by one method change if its weights are drawn anew.

    `dataset` is the fingerprint of the data set whose images were explained.
    """

    __tablename__ = "randomisations"
    __table_args__ = (finite("correlation", "fall"),)

    trial_id: Column[int] = column(ForeignKey("trials.id"), primary_key=True)
    method: Column[str] = column(primary_key=True)
    segmentation: Column[str] = column(primary_key=True)
    samples: Column[int] = column(primary_key=True)
    dataset: Column[str] = column(primary_key=True)
    images: Column[int]
    # None if a network gives all superpixels of every image the same weight.
    correlation: Column[float | None]
    fall: Column[float]
    # The correlation after drawing anew all layers from the top one down to each of these.
    layers: Column[list[Any]]
    curve: Column[list[Any]]


class Explanation(Base):
    """What spoke for and against one label of one image, as one trial sees it, and its checks."""

    __tablename__ = "explanations"
    __table_args__ = (
        # A job explains a label once for an image.
        UniqueConstraint("job_id", "image", "label"),
        one_of("method", METHODS),
        one_of("segmentation", ("small", "stock")),
        one_of("verdict", ("sound", "weak", "void")),
        finite(
            *("probability", "intercept", "r2", "largest_share", "weight_range", "stability"),
            # What does not exist is NULL, and a CHECK lets NULL pass.
            *("removed", "removed_random", "contrast", "contrast_other"),
            *("contrast_random", "contrast_other_random", "deletion_area", "insertion_area"),
        ),
        Index("ix_explanations_picture", "picture", **only_where("picture IS NOT NULL")),
        # What says nothing has no checks and no mask to show.
        CheckConstraint(
            "verdict <> 'void' OR (removed IS NULL AND contrast IS NULL AND curves IS NULL"
            " AND coarse_mask IS NULL)",
            name="void",
        ),
    )

    id: Column[int] = column(primary_key=True)
    job_id: Column[int] = column(ForeignKey("jobs.id"))
    trial_id: Column[int] = column(ForeignKey("trials.id"), index=True)
    image: Column[int]
    label: Column[int]
    true_label: Column[int]
    predicted_label: Column[int]
    probability: Column[float]
    normalised: Column[bool]
    method: Column[str]
    segmentation: Column[str]
    samples: Column[int]
    seed: Column[int] = column(type_=BigInteger)
    superpixels: Column[int]
    # Eight bytes each, little-endian, by superpixel: as JSON they would be most of the row.
    weights: Column[bytes]
    # Of a linear model, which only LIME has.
    intercept: Column[float | None]
    r2: Column[float | None]
    largest_share: Column[float]
    weight_range: Column[float]
    stability: Column[float]
    verdict: Column[str]
    reason: Column[str]
    # The version of the rules that the verdict is by, and the measurements that they look at
    # beside those with a column; explanations by version 1 have none.
    rules: Column[int] = column(server_default="1")
    evidence: Column[dict[str, Any] | None] = column(type_=JSON(none_as_null=True))
    removed: Column[float | None]
    removed_random: Column[float | None]
    other_label: Column[int | None]
    contrast: Column[float | None]
    contrast_other: Column[float | None]
    contrast_random: Column[float | None]
    contrast_other_random: Column[float | None]
    deletion_area: Column[float | None]
    insertion_area: Column[float | None]
    # The points of both curves, four bytes each, little-endian, deletion first.
    curves: Column[bytes | None]
    # Where something speaks for and against, as cifar_model.explanation.coarse packs it.
    coarse_mask: Column[bytes | None]
    segments: Column[str] = column(ForeignKey("artifacts.sha256"), index=True)
    picture: Column[str | None] = column(ForeignKey("artifacts.sha256"))
