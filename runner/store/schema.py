"""The tables: what is stored, and what the database itself makes impossible."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    TypeDecorator,
    UniqueConstraint,
    literal,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from runner.states import FINAL, AttemptState, JobState, Kind


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Return the stored moment as an aware one, in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class now(FunctionElement[datetime]):  # noqa: N801 (a SQL function)
    """The database's clock, in UTC: hosts may disagree, the database is one."""

    type = UtcDateTime()
    inherit_cache = True


class ago(FunctionElement[datetime]):  # noqa: N801 (a SQL function)
    """The database's clock, so many seconds ago."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, seconds: float) -> None:
        super().__init__(literal(seconds, Double()))


@compiles(now, "sqlite")
def _now_sqlite(element: now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001 (SQLAlchemy's form)
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(now, "postgresql")
def _now_postgresql(element: now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001 (SQLAlchemy's form)
    return "clock_timestamp()"


@compiles(ago, "sqlite")
def _ago_sqlite(element: ago, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || {seconds} || ' seconds')"


@compiles(ago, "postgresql")
def _ago_postgresql(element: ago, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(clock_timestamp() - make_interval(secs => {seconds}))"


class Base(DeclarativeBase):
    """The parent of every table; it fixes how types and constraints are written."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own form)
        datetime: UtcDateTime(),
        float: Double(),
        bytes: LargeBinary(),
        # JSON and not JSONB: the order of keys is part of a grid.
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Allow only these values in a column."""
    return CheckConstraint(f"{column} IN ({_quoted(values)})", name=column)


def finite(*columns: str) -> CheckConstraint:
    """Refuse infinity and NaN; SQLite turns NaN into NULL, which NOT NULL refuses."""
    largest = "1.7976931348623157e308"
    return CheckConstraint(
        " AND ".join(f"abs({column}) <= {largest}" for column in columns), name="finite"
    )


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def only_where(condition: str) -> dict[str, Any]:
    """Keep only some rows in an index; queries must write the condition out to use it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Experiment(Base):
    """What one `runner submit` created."""

    __tablename__ = "experiments"
    __table_args__ = (one_of("kind", Kind),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    configuration: Mapped[dict[str, Any]]
    provenance: Mapped[dict[str, Any]]
    # The same key again is the same experiment, so a submit can be repeated safely.
    submission_key: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now())
    paused_at: Mapped[datetime | None]


class Job(Base):
    """One unit of work for one worker."""

    __tablename__ = "jobs"
    __table_args__ = (
        # An experiment numbers its jobs without repeating one.
        UniqueConstraint("experiment_id", "number"),
        one_of("state", JobState),
        # A job has an end exactly when it is in a final state.
        CheckConstraint(f"(state IN ({_quoted(FINAL)})) = (ended_at IS NOT NULL)", name="ended"),
        # An attempt that was lost was counted as an attempt before.
        CheckConstraint("lost >= 0 AND lost <= attempts", name="lost"),
        Index(None, "experiment_id", "state"),
        # What recovery looks at stays small however long the history grows.
        Index("ix_jobs_pending", "enqueued_at", "id", **only_where("state = 'pending'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id"))
    number: Mapped[int]
    configuration: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default=JobState.PENDING)
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lost: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now())
    enqueued_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Worker(Base):
    """One process that executes jobs, with the device it is pinned to."""

    __tablename__ = "workers"
    # What lists the living need not read the dead.
    __table_args__ = (Index("ix_workers_going", "seen_at", **only_where("stopped_at IS NULL")),)

    # No two processes ever have the same name, so that a lost attempt names the one that had it.
    name: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    # Tells the process apart from a later one that was given the same pid.
    process_started: Mapped[str]
    device: Mapped[str]
    version: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(default=now())
    seen_at: Mapped[datetime] = mapped_column(default=now())
    stopped_at: Mapped[datetime | None]


class Attempt(Base):
    """One try at a job by one worker; its number fences what it may write."""

    __tablename__ = "attempts"
    __table_args__ = (
        one_of("state", AttemptState),
        # An attempt has an end exactly when it is no longer running.
        CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended"),
        # Two workers can never both have the same job.
        Index("uq_attempts_open", "job_id", unique=True, **only_where("state = 'running'")),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default=AttemptState.RUNNING)
    worker: Mapped[str] = mapped_column(ForeignKey("workers.name"))
    # Counts up while the worker lives; whoever watches it needs no common clock.
    heartbeats: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[datetime] = mapped_column(default=now())
    started_at: Mapped[datetime] = mapped_column(default=now())
    ended_at: Mapped[datetime | None]
    error: Mapped[str | None]


class Event(Base):
    """A dated fact about a job; never changed."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), index=True)
    attempt: Mapped[int | None]
    name: Mapped[str]
    detail: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=now())


class Artifact(Base):
    """Immutable bytes named by the SHA-256 of what they are uncompressed; never deleted."""

    __tablename__ = "artifacts"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    content: Mapped[bytes]


class Checkpoint(Base):
    """The training state after one epoch of a job that has no result yet.

    It holds its own bytes: as an artifact it could be shared with another job and deleted
    under it.
    """

    __tablename__ = "checkpoints"
    __table_args__ = (
        ForeignKeyConstraint(["job_id", "attempt"], ["attempts.job_id", "attempts.number"]),
    )

    job_id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int]
    fingerprint: Mapped[str]
    sha256: Mapped[str]
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
    loss: Mapped[float]
    accuracy: Mapped[float]
    val_loss: Mapped[float]
    val_accuracy: Mapped[float]
    seconds: Mapped[float]


class Trial(Base):
    """One params trained to its end."""

    __tablename__ = "trials"
    __table_args__ = (
        CheckConstraint("best_epoch >= 1 AND best_epoch <= epochs", name="best_epoch"),
        finite("loss", "accuracy", "val_loss", "val_accuracy", "best_val_accuracy", "seconds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # A job makes one trial at most, whatever was delivered or executed twice.
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), unique=True)
    params: Mapped[dict[str, Any]]
    seed: Mapped[int] = mapped_column(BigInteger)
    dataset: Mapped[dict[str, Any]]
    epochs: Mapped[int]
    best_epoch: Mapped[int]
    loss: Mapped[float]
    accuracy: Mapped[float]
    val_loss: Mapped[float]
    val_accuracy: Mapped[float]
    best_val_accuracy: Mapped[float]
    seconds: Mapped[float]
    fingerprint: Mapped[str]
    model: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"))
    created_at: Mapped[datetime] = mapped_column(default=now())


class Evaluation(Base):
    """The scores of one trial on one split."""

    __tablename__ = "evaluations"
    __table_args__ = (
        # A job scores a split once.
        UniqueConstraint("job_id", "split"),
        one_of("split", ("train", "validation", "test")),
        finite("loss", "accuracy", "log_loss"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    trial_id: Mapped[int] = mapped_column(ForeignKey("trials.id"), index=True)
    split: Mapped[str]
    images: Mapped[int]
    loss: Mapped[float]
    accuracy: Mapped[float]
    log_loss: Mapped[float]
    classes: Mapped[list[Any]]


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
    output: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"))


class Explanation(Base):
    """What spoke for and against one label of one image, as one trial sees it."""

    __tablename__ = "explanations"
    __table_args__ = (
        # A job explains a label once for an image.
        UniqueConstraint("job_id", "image", "label"),
        one_of("verdict", ("sound", "weak", "void")),
        finite("probability", "intercept", "r2"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    trial_id: Mapped[int] = mapped_column(ForeignKey("trials.id"), index=True)
    image: Mapped[int]
    label: Mapped[int]
    true_label: Mapped[int]
    predicted_label: Mapped[int]
    probability: Mapped[float]
    samples: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    superpixels: Mapped[int]
    weights: Mapped[list[Any]]
    intercept: Mapped[float]
    r2: Mapped[float]
    verdict: Mapped[str]
    reason: Mapped[str]
    picture: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"))
    segments: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"))
    mask: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"))
