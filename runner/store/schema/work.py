"""The tables of the work: what should be done, who does it and how it went."""

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

from runner.states import FINAL, AttemptState, JobState, Kind
from runner.store.schema.base import Base, now, one_of, only_where, quoted

# Which jobs have no message on a queue, and which have one.
UNSENT = "state = 'pending' AND enqueued_at IS NULL"
SENT = "state = 'pending' AND enqueued_at IS NOT NULL"
NUMBERED = ("experiment_id", "number")


class Experiment(Base):
    """What one `runner submit` created."""

    __tablename__ = "experiments"
    __table_args__ = (
        one_of("kind", Kind),
        # An index and not a constraint: SQLite cannot add one to a table that is there.
        Index("uq_experiments_name", "name", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    configuration: Mapped[dict[str, Any]]
    provenance: Mapped[dict[str, Any]]
    # The same key again is the same experiment, so a submit can be repeated safely.
    submission_key: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now())
    paused_at: Mapped[datetime | None]
    # Jobs of a higher one start first.
    priority: Mapped[int] = mapped_column(server_default="0", index=True)
    # For people, who may use it in place of the number.
    name: Mapped[str | None]
    note: Mapped[str | None]
    # Lists leave out what is archived.
    archived_at: Mapped[datetime | None]


class ExperimentTag(Base):
    """A word that groups experiments; one may have several."""

    __tablename__ = "experiment_tags"

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)


class Submission(Base):
    """What a later `submit tune --into` added to an experiment: a run of numbers of its jobs."""

    __tablename__ = "submissions"
    # A submission that finds everything there adds nothing, and is not stored.
    __table_args__ = (CheckConstraint("jobs >= 1", name="jobs"),)

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    configuration: Mapped[dict[str, Any]]
    provenance: Mapped[dict[str, Any]]
    first_job: Mapped[int]
    jobs: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now())


class ExperimentInit(Base):
    """The weights that an experiment's trials start from."""

    __tablename__ = "experiment_init"

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id"), primary_key=True)
    artifact: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"), index=True)


class ExperimentCode(Base):
    """The file of a user's own code that an experiment's jobs run: of a network or a trainer."""

    __tablename__ = "experiment_code"

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id"), primary_key=True)
    artifact: Mapped[str] = mapped_column(ForeignKey("artifacts.sha256"), index=True)


class DeletedExperiment(Base):
    """An experiment that was deleted; its number and those of its jobs and trials stay used.

    A worker that was presumed dead may still name a deleted job: a new job of the same number
    would take its result for its own.
    """

    __tablename__ = "deleted_experiments"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # The highest numbers that jobs and trials had when it was deleted.
    last_job: Mapped[int] = mapped_column(index=True)
    last_trial: Mapped[int] = mapped_column(index=True)
    deleted_at: Mapped[datetime] = mapped_column(default=now())


class Job(Base):
    """One unit of work for one worker."""

    __tablename__ = "jobs"
    __table_args__ = (
        # An experiment numbers its jobs without repeating one.
        UniqueConstraint("experiment_id", "number"),
        one_of("state", JobState),
        # A job has an end exactly when it is in a final state.
        CheckConstraint(f"(state IN ({quoted(FINAL)})) = (ended_at IS NOT NULL)", name="ended"),
        # An attempt that was lost was counted as an attempt before.
        CheckConstraint("lost >= 0 AND lost <= attempts", name="lost"),
        Index(None, "experiment_id", "state"),
        # What recovery looks at stays small however long the history and the queue grow.
        Index("ix_jobs_new", *NUMBERED, **only_where(f"{UNSENT} AND attempts = 0")),
        Index("ix_jobs_begun", *NUMBERED, **only_where(f"{UNSENT} AND attempts > 0")),
        Index("ix_jobs_sent", "experiment_id", "attempts", "enqueued_at", **only_where(SENT)),
        # An experiment trains a point with a seed once; other jobs have no point.
        Index("uq_jobs_point", "experiment_id", "point", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id"))
    number: Mapped[int]
    configuration: Mapped[dict[str, Any]]
    # The digest of the params that are trained, defaults included, and of the seed.
    point: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=JobState.PENDING)
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    # In a row, since an epoch was last finished.
    lost: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now())
    enqueued_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    # What two attempts on one machine reported differently, in words.
    not_reproducible: Mapped[str | None]
    # Asked for by a person: go on from a checkpoint that another machine made.
    any_machine: Mapped[bool] = mapped_column(default=False)
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
    # Which jobs it takes; None in workers of versions that took all.
    offers: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
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


class OptunaLog(Base):
    """A change of a study that was made with Optuna itself; experiments are not here.

    The entries are those of Optuna's journal storage, which keeps a study as the list of its
    changes. They are text because they may contain NaN, which is not JSON.
    """

    __tablename__ = "optuna_log"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[str]
