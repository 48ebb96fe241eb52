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

from runner.states import FINAL, AttemptState, JobState, Kind
from runner.store.schema.base import Base, Column, column, now, one_of, only_where, quoted

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

    id: Column[int] = column(primary_key=True)
    kind: Column[str]
    seed: Column[int] = column(type_=BigInteger)
    configuration: Column[dict[str, Any]]
    provenance: Column[dict[str, Any]]
    # The same key again is the same experiment, so a submit can be repeated safely.
    submission_key: Column[str | None] = column(unique=True)
    created_at: Column[datetime] = column(default=now())
    paused_at: Column[datetime | None]
    # Jobs of a higher one start first.
    priority: Column[int] = column(server_default="0", index=True)
    # For people, who may use it in place of the number.
    name: Column[str | None]
    note: Column[str | None]
    # Lists leave out what is archived.
    archived_at: Column[datetime | None]


class ExperimentTag(Base):
    """A word that groups experiments; one may have several."""

    __tablename__ = "experiment_tags"

    experiment_id: Column[int] = column(ForeignKey("experiments.id"), primary_key=True)
    tag: Column[str] = column(primary_key=True, index=True)


class Submission(Base):
    """What a later `submit tune --into` added to an experiment: a run of numbers of its jobs."""

    __tablename__ = "submissions"
    # A submission that finds everything there adds nothing, and is not stored.
    __table_args__ = (CheckConstraint("jobs >= 1", name="jobs"),)

    experiment_id: Column[int] = column(ForeignKey("experiments.id"), primary_key=True)
    number: Column[int] = column(primary_key=True)
    configuration: Column[dict[str, Any]]
    provenance: Column[dict[str, Any]]
    first_job: Column[int]
    jobs: Column[int]
    created_at: Column[datetime] = column(default=now())


class ExperimentInit(Base):
    """The weights that an experiment's trials start from."""

    __tablename__ = "experiment_init"

    experiment_id: Column[int] = column(ForeignKey("experiments.id"), primary_key=True)
    artifact: Column[str] = column(ForeignKey("artifacts.sha256"), index=True)


class ExperimentCode(Base):
    """The file of a user's own code that an experiment's jobs run: of a network or a trainer."""

    __tablename__ = "experiment_code"

    experiment_id: Column[int] = column(ForeignKey("experiments.id"), primary_key=True)
    artifact: Column[str] = column(ForeignKey("artifacts.sha256"), index=True)


class DeletedExperiment(Base):
    """An experiment that was deleted; its number and those of its jobs and trials stay used.

    A worker that was presumed dead may still name a deleted job: a new job of the same number
    would take its result for its own.
    """

    __tablename__ = "deleted_experiments"

    id: Column[int] = column(primary_key=True, autoincrement=False)
    # The highest numbers that jobs and trials had when it was deleted.
    last_job: Column[int] = column(index=True)
    last_trial: Column[int] = column(index=True)
    deleted_at: Column[datetime] = column(default=now())


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
        Index("ix_jobs_message_of", "message_of", **only_where("message_of IS NOT NULL")),
        # An experiment trains a point with a seed once; other jobs have no point.
        Index("uq_jobs_point", "experiment_id", "point", unique=True),
    )

    id: Column[int] = column(primary_key=True)
    experiment_id: Column[int] = column(ForeignKey("experiments.id"))
    number: Column[int]
    configuration: Column[dict[str, Any]]
    # The digest of the params that are trained, defaults included, and of the seed.
    point: Column[str | None]
    state: Column[str] = column(default=JobState.PENDING)
    reason: Column[str | None]
    attempts: Column[int] = column(default=0)
    # In a row, since an epoch was last finished.
    lost: Column[int] = column(default=0)
    created_at: Column[datetime] = column(default=now())
    enqueued_at: Column[datetime | None]
    # Whose message is this one's, if not its own: that job was done in this one's place.
    message_of: Column[int | None]
    cancel_requested_at: Column[datetime | None]
    # What two attempts on one machine reported differently, in words.
    not_reproducible: Column[str | None]
    # Asked for by a person: go on from a checkpoint that another machine made.
    any_machine: Column[bool] = column(default=False)
    ended_at: Column[datetime | None]


class Worker(Base):
    """One process that executes jobs, with the device it is pinned to."""

    __tablename__ = "workers"
    # What lists the living need not read the dead.
    __table_args__ = (Index("ix_workers_going", "seen_at", **only_where("stopped_at IS NULL")),)

    # No two processes ever have the same name, so that a lost attempt names the one that had it.
    name: Column[str] = column(primary_key=True)
    host: Column[str]
    pid: Column[int]
    # Tells the process apart from a later one that was given the same pid.
    process_started: Column[str]
    device: Column[str]
    version: Column[str]
    # Which jobs it takes; None in workers of versions that took all.
    offers: Column[dict[str, Any] | None] = column(type_=JSON(none_as_null=True))
    started_at: Column[datetime] = column(default=now())
    seen_at: Column[datetime] = column(default=now())
    stopped_at: Column[datetime | None]


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

    job_id: Column[int] = column(ForeignKey("jobs.id"), primary_key=True)
    number: Column[int] = column(primary_key=True)
    state: Column[str] = column(default=AttemptState.RUNNING)
    worker: Column[str] = column(ForeignKey("workers.name"))
    # Counts up while the worker lives; whoever watches it needs no common clock.
    heartbeats: Column[int] = column(default=0)
    heartbeat_at: Column[datetime] = column(default=now())
    started_at: Column[datetime] = column(default=now())
    ended_at: Column[datetime | None]
    error: Column[str | None]


class Event(Base):
    """A dated fact about a job; never changed."""

    __tablename__ = "events"

    id: Column[int] = column(primary_key=True)
    job_id: Column[int] = column(ForeignKey("jobs.id"), index=True)
    attempt: Column[int | None]
    name: Column[str]
    detail: Column[str | None]
    at: Column[datetime] = column(default=now())


class Checkpoint(Base):
    """The training state after one epoch of a job that has no result yet.

    It holds its own bytes: as an artifact it could be shared with another job and deleted
    under it.
    """

    __tablename__ = "checkpoints"
    __table_args__ = (
        ForeignKeyConstraint(["job_id", "attempt"], ["attempts.job_id", "attempts.number"]),
    )

    job_id: Column[int] = column(primary_key=True)
    epoch: Column[int] = column(primary_key=True)
    attempt: Column[int]
    fingerprint: Column[str]
    sha256: Column[str]
    content: Column[bytes]


class OptunaLog(Base):
    """A change of a study that was made with Optuna itself; experiments are not here.

    The entries are those of Optuna's journal storage, which keeps a study as the list of its
    changes. They are text because they may contain NaN, which is not JSON.
    """

    __tablename__ = "optuna_log"

    number: Column[int] = column(primary_key=True, autoincrement=False)
    entry: Column[str]
