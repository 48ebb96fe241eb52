"""Queries of experiments, jobs, trials and workers, for `status`, `watch` and `submit`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from cifar_model.objective import STOPPED
from runner.errors import InputError
from runner.needs import Needs, needs_of
from runner.specs import job_configuration, trained_params
from runner.states import JobState
from runner.store import schema
from runner.store.engine import Store
from runner.store.lifecycle.outbox import PENDING
from runner.store.queries.names import has_tag, tags_of
from runner.store.queries.rows import columns_of
from runner.store.submitted import submitted

# What a person looks for first.
OF_INTEREST = (
    *(JobState.FAILED, JobState.RUNNING, JobState.CANCELLED),
    *(JobState.PENDING, JobState.SUCCEEDED),
)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One submission; `states` has the number of its jobs in each state, including zeros."""

    id: int
    kind: str
    seed: int
    configuration: dict[str, Any]
    provenance: dict[str, Any]
    created_at: datetime
    paused_at: datetime | None
    priority: int
    name: str | None
    note: str | None
    archived_at: datetime | None
    states: dict[str, int]
    tags: list[str]

    @property
    def jobs(self) -> int:
        """Return the number of jobs."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Job:
    """One unit of work; `epoch` is the last recorded epoch, `trial` the trial that it trained."""

    id: int
    experiment_id: int
    number: int
    configuration: dict[str, Any]
    state: str
    reason: str | None
    attempts: int
    lost: int
    created_at: datetime
    enqueued_at: datetime | None
    ended_at: datetime | None
    epoch: int | None
    trial: int | None
    reused: int | None


@dataclass(frozen=True, slots=True)
class JobToSend:
    """The content of a job's message.

    The configuration is the job's, merged over its experiment's; the seed is the experiment's.
    """

    id: int
    experiment_id: int
    kind: str
    seed: int
    number: int
    attempts: int
    configuration: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """A trained trial, with the fields needed to evaluate and explain it."""

    id: int
    job_id: int
    params: dict[str, Any]
    seed: int
    dataset: dict[str, Any] | None
    epochs: int
    ended_by: str
    loss_rule: int
    fingerprint: str
    model: str
    network: dict[str, Any] | None
    backend: str | None
    predictor: dict[str, Any] | None
    threads: int
    init: dict[str, Any] | None
    freeze: str | None


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that executes jobs."""

    name: str
    host: str
    pid: int
    process_started: str
    device: str
    version: str
    offers: dict[str, Any] | None
    started_at: datetime
    seen_at: datetime


def experiments(
    store: Store, limit: int, *, archived: bool = True, tags: Sequence[str] = ()
) -> list[Experiment]:
    """Return the newest experiments with all of these tags, the newest first."""
    newest = select(*columns_of(schema.Experiment, Experiment)).order_by(
        schema.Experiment.id.desc()
    )
    if not archived:
        newest = newest.where(schema.Experiment.archived_at.is_(None))
    for tag in tags:
        newest = newest.where(has_tag(tag))
    with store.read() as connection:
        return _with_states(connection, newest.limit(limit))


def experiment(store: Store, experiment_id: int) -> Experiment:
    """Return one experiment; raise InputError if there is none with this id."""
    statement = select(*columns_of(schema.Experiment, Experiment))
    with store.read() as connection:
        found = _with_states(connection, statement.where(schema.Experiment.id == experiment_id))
    if not found:
        raise InputError(
            f"there is no experiment {experiment_id} in the {store.name}",
            "the number of an experiment",
            "`runner status` lists the experiments",
        )
    return found[0]


def jobs(store: Store, experiment_id: int, states: Sequence[JobState] | None = None) -> list[Job]:
    """Return the jobs of an experiment, of all states or some, in the order of their numbers."""
    statement = _jobs(experiment_id).order_by(schema.Job.number)
    if states is not None:
        statement = statement.where(schema.Job.state.in_(states))
    with store.read() as connection:
        return [Job(**row) for row in connection.execute(statement).mappings()]


def jobs_of_interest(store: Store, experiment_id: int, limit: int) -> list[Job]:
    """Return so many jobs of an experiment, in the order of `OF_INTEREST`, the oldest first."""
    found: list[Job] = []
    with store.read() as connection:
        # State by state, so that the index finds them and no other job is read.
        for state in OF_INTEREST:
            in_state = _jobs(experiment_id).where(schema.Job.state == state)
            statement = in_state.order_by(schema.Job.id).limit(limit - len(found))
            found += [Job(**row) for row in connection.execute(statement).mappings()]
    return found


def _jobs(experiment_id: int) -> Select[Any]:
    newest_epoch = (
        select(func.max(schema.Epoch.epoch))
        .where(schema.Epoch.job_id == schema.Job.id)
        .scalar_subquery()
    )
    return (
        select(
            *columns_of(schema.Job, Job),
            newest_epoch.label("epoch"),
            schema.Trial.id.label("trial"),
            schema.Trial.reused,
        )
        .outerjoin(schema.Trial, schema.Trial.job_id == schema.Job.id)
        .where(schema.Job.experiment_id == experiment_id)
    )


def jobs_to_send(store: Store, job_ids: Sequence[int]) -> list[JobToSend]:
    """Return the message contents of these jobs, in the order of their ids."""
    statement = (
        select(*columns_of(schema.Job, JobToSend), schema.Experiment.created_at)
        .join(schema.Experiment, schema.Experiment.id == schema.Job.experiment_id)
        .where(schema.Job.id.in_(job_ids))
        .order_by(schema.Job.id)
    )
    with store.read() as connection:
        return [_to_send(connection, row) for row in connection.execute(statement).all()]


def _to_send(connection: Connection, row: Any) -> JobToSend:
    shared = submitted(connection, row.experiment_id, row.created_at)
    return JobToSend(
        id=row.id,
        experiment_id=row.experiment_id,
        kind=shared.kind,
        seed=shared.seed,
        number=row.number,
        attempts=row.attempts,
        configuration=job_configuration(shared.configuration, row.configuration),
    )


def trial(store: Store, trial_id: int) -> Trial:
    """Return one trial; raise InputError if there is none with this id."""
    configuration = schema.Experiment.configuration
    threads = configuration["threads"].as_integer()
    statement = (
        select(
            *columns_of(schema.Trial, Trial),
            threads.label("threads"),
            configuration["init"].label("init"),
            configuration["freeze"].as_string().label("freeze"),
        )
        .join(schema.Job, schema.Job.id == schema.Trial.job_id)
        .join(schema.Experiment, schema.Experiment.id == schema.Job.experiment_id)
        .where(schema.Trial.id == trial_id)
    )
    with store.read() as connection:
        row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise InputError(
            f"there is no trial {trial_id} in the {store.name}",
            "the number of a trial whose training is complete",
            "`runner status EXPERIMENT` lists the trials of an experiment",
        )
    stopped = row["ended_by"] == STOPPED
    params = trained_params(row["params"], None if stopped else row["epochs"])
    return Trial(**{**row, "params": params})


def has_checkpoint(store: Store, job_id: int) -> bool:
    """Return whether a job has kept a checkpoint."""
    with store.read() as connection:
        of_job = exists().where(schema.Checkpoint.job_id == job_id)
        return bool(connection.scalar(select(of_job)))


def workers_alive(store: Store, seconds: float) -> list[Worker]:
    """Return the workers that have not stopped and were seen within the last `seconds`."""
    statement = (
        select(*columns_of(schema.Worker, Worker))
        .where(schema.Worker.stopped_at.is_(None), schema.Worker.seen_at > schema.ago(seconds))
        .order_by(schema.Worker.name)
    )
    with store.read() as connection:
        return [Worker(**row) for row in connection.execute(statement).mappings()]


def pending_needs(store: Store) -> dict[Needs, int]:
    """Return the number of pending jobs with each of the needs that they have."""
    counts = (
        select(schema.Job.experiment_id, func.count().label("jobs"))
        .where(schema.Job.state == PENDING)
        .group_by(schema.Job.experiment_id)
        .subquery()
    )
    statement = (
        select(schema.Experiment.configuration, counts.c.jobs)
        .join(counts, counts.c.experiment_id == schema.Experiment.id)
        .where(schema.Experiment.paused_at.is_(None))
    )
    found: dict[Needs, int] = {}
    with store.read() as connection:
        for configuration, number in connection.execute(statement):
            needs = needs_of(configuration)
            found[needs] = found.get(needs, 0) + number
    return found


def _with_states(connection: Connection, statement: Select[Any]) -> list[Experiment]:
    rows = connection.execute(statement).mappings().all()
    states = {row["id"]: dict.fromkeys(map(str, JobState), 0) for row in rows}
    counts = connection.execute(
        select(schema.Job.experiment_id, schema.Job.state, func.count())
        .where(schema.Job.experiment_id.in_(states))
        .group_by(schema.Job.experiment_id, schema.Job.state)
    )
    for experiment_id, state, count in counts:
        states[experiment_id][state] = count
    tags = tags_of(connection, states)
    return [Experiment(**row, states=states[row["id"]], tags=tags[row["id"]]) for row in rows]
