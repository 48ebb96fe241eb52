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
from sqlalchemy.orm import Mapped, mapped_column

from cifar_model.explanation.settings import METHODS
from cifar_model.objective import PREFERRED
from runner.store.schema.base import Base, finite, now, one_of, only_where


def loss_rule() -> Mapped[int]:
    """Return the column that says by which rule a loss was computed; see cifar_model.results.

    Rows that are older than the column were by the first.
    """
    return mapped_column(server_default="1")


class Artifact(Base):
    """Immutable bytes named by the SHA-256 of what they are uncompressed.

    They are deleted when nothing refers to them any more; every column that does has an index.
    """

    __tablename__ = "artifacts"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    content: Mapped[bytes]


class Epoch(Base):
    """One pass over the training split; a job has each epoch once, as last reported."""

    __tablename__ = "epochs"
    __table_args__ = (
        ForeignKeyConstraint(["job_id", "attempt"], ["attempts.job_id", "attempts.number"]),
        CheckConstraint("epoch >= 1", name="epoch"),
        finite("loss", "accuracy", "val_loss", "val_accuracy", "seconds"),
    )

    job_id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int]
    # The machine that trained it: a trial may have gone on elsewhere.
    fingerprint: Mapped[str]
    # A trainer need not report all of these.
    loss: Mapped[float | None]
    accuracy: Mapped[float | None]
    val_loss: Mapped[float | None]
    val_accuracy: Mapped[float | None]
    seconds: Mapped[float]
    # Of val_loss: the loss while training is always what was trained.
    loss_rule: Mapped[int] = loss_rule()
    # All other metrics that a trainer reported, by name.
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


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

    id: Mapped[int] = mapped_column(primary_key=True)
    # A job makes one trial at most, whatever was delivered or executed twice.
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), unique=True)
    params: Mapped[dict[str, Any]]
    seed: Mapped[int] = mapped_column(BigInteger)
    # JSON's null: a trainer that was given none.
    dataset: Mapped[dict[str, Any] | None] = mapped_column(JSON(), nullable=False)
    epochs: Mapped[int]
    best_epoch: Mapped[int]
    loss: Mapped[float | None]
    accuracy: Mapped[float | None]
    val_loss: Mapped[float | None]
    val_accuracy: Mapped[float | None]
    best_val_accuracy: Mapped[float | None]
    seconds: Mapped[float]
    loss_rule: Mapped[int] = loss_rule()
    fingerprint: Mapped[str]
    model: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"), index=True)
    # None: the paper's.
    network: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # None: TensorFlow.
    backend: Mapped[str | None]
    # The reason for its last epoch: all of `epochs`, or `patience`.
    ended_by: Mapped[str] = mapped_column(server_default="epochs")
    # The metric that ranks it; those of its last epoch that have no column.
    objective: Mapped[str] = mapped_column(server_default=PREFERRED[0])
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Of a trainer's trial: in which form its model was kept, or why it was not.
    predictor: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # The digest of all that decides its results; None: they are not reused.
    identity: Mapped[str | None]
    # The trial whose results these are, if it was not trained itself. No foreign key: that trial
    # may be deleted, and its number is not given again.
    reused: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now())


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

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    trial_id: Mapped[int] = mapped_column(ForeignKey("trials.id"), index=True)
    split: Mapped[str]
    images: Mapped[int]
    loss: Mapped[float]
    accuracy: Mapped[float]
    log_loss: Mapped[float]
    loss_rule: Mapped[int] = loss_rule()
    # What Keras's own `evaluate` gave for the same model and split, when a trial was verified.
    keras_loss: Mapped[float | None]
    keras_accuracy: Mapped[float | None]
    classes: Mapped[list[Any]]
    # The predicted and the true class of every image, in the order of the split: what it takes
    # to say whether two trials differ. The second is the same artifact for all of a data set.
    predictions: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"), index=True)
    labels: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"), index=True)
    # For a fold the scores are those of the trial's params trained again without it; beside them
    # stands what Talos calls the score of a fold: the macro F1 of the trial's own model on it.
    fold: Mapped[int | None]
    talos_f1: Mapped[float | None]


class Probabilities(Base):
    """Where the probabilities of every image of an evaluation are: older evaluations have none.

    The array has a row for each image and a column for each class, in numbers of two bytes.
    """

    __tablename__ = "probabilities"

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id"), primary_key=True)
    artifact: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"), index=True)


class ConfusionCell(Base):
    """How many images of one true class were predicted as another; empty cells are not stored."""

    __tablename__ = "confusion"
    __table_args__ = (CheckConstraint("images >= 1", name="images"),)

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id"), primary_key=True)
    true_label: Mapped[int] = mapped_column(primary_key=True)
    predicted_label: Mapped[int] = mapped_column(primary_key=True)
    images: Mapped[int]


class Activation(Base):
    """The output of one layer for one image."""

    __tablename__ = "activations"
    # A job looks at a layer once for an image.
    __table_args__ = (UniqueConstraint("job_id", "image", "layer"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    trial_id: Mapped[int] = mapped_column(ForeignKey("trials.id"), index=True)
    image: Mapped[int]
    layer: Mapped[int]
    name: Mapped[str]
    shape: Mapped[list[Any]]
    output: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"), index=True)
    # The mean, the spread and the share of zeros of every channel: three rows of little-endian
    # numbers of four bytes.
    channels: Mapped[bytes]


class Randomisation(Base):
    """How a trial's explanations by one method change if its weights are drawn anew.

    `dataset` is the fingerprint of the data set whose images were explained.
    """

    __tablename__ = "randomisations"
    __table_args__ = (finite("correlation", "fall"),)

    trial_id: Mapped[int] = mapped_column(ForeignKey("trials.id"), primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    segmentation: Mapped[str] = mapped_column(primary_key=True)
    samples: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    images: Mapped[int]
    # None if a network gives all superpixels of every image the same weight.
    correlation: Mapped[float | None]
    fall: Mapped[float]
    # The correlation after drawing anew all layers from the top one down to each of these.
    layers: Mapped[list[Any]]
    curve: Mapped[list[Any]]


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

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    trial_id: Mapped[int] = mapped_column(ForeignKey("trials.id"), index=True)
    image: Mapped[int]
    label: Mapped[int]
    true_label: Mapped[int]
    predicted_label: Mapped[int]
    probability: Mapped[float]
    normalised: Mapped[bool]
    method: Mapped[str]
    segmentation: Mapped[str]
    samples: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    superpixels: Mapped[int]
    # Eight bytes each, little-endian, by superpixel: as JSON they would be most of the row.
    weights: Mapped[bytes]
    # Of a linear model, which only LIME has.
    intercept: Mapped[float | None]
    r2: Mapped[float | None]
    largest_share: Mapped[float]
    weight_range: Mapped[float]
    stability: Mapped[float]
    verdict: Mapped[str]
    reason: Mapped[str]
    # The version of the rules that the verdict is by, and the measurements that they look at
    # beside those with a column; explanations by version 1 have none.
    rules: Mapped[int] = mapped_column(server_default="1")
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    removed: Mapped[float | None]
    removed_random: Mapped[float | None]
    other_label: Mapped[int | None]
    contrast: Mapped[float | None]
    contrast_other: Mapped[float | None]
    contrast_random: Mapped[float | None]
    contrast_other_random: Mapped[float | None]
    deletion_area: Mapped[float | None]
    insertion_area: Mapped[float | None]
    # The points of both curves, four bytes each, little-endian, deletion first.
    curves: Mapped[bytes | None]
    # Where something speaks for and against, as cifar_model.explanation.coarse packs it.
    coarse_mask: Mapped[bytes | None]
    segments: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"), index=True)
    picture: Mapped[str | None] = mapped_column(ForeignKey("artifacts.sha256"))
