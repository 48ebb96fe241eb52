"""Read experiments from a store, with what they are about and what is about them."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from runner.errors import InputError
from runner.states import AttemptState, JobState, Kind
from runner.store import schema
from runner.store.copies.numbers import experiment_in, trials_in
from runner.store.copies.tables import TABLES, Row, Rows, copied_columns
from runner.store.engine import Store
from runner.store.lifecycle.deletion import users_of
from runner.store.schema import Checkpoint, Experiment, Job, Trial

# What a job that is trained alone shares with the others of its experiment.
OF_TRAINING = ("dataset", "epochs", "threads", "network", "backend", "init", "freeze")

# What a training that goes on elsewhere leaves behind.
OF_OTHERS = ("submissions", "experiment_tags", "trials", "events", "randomisations")


def read_experiments(store: Store, experiments: Sequence[int], *, weights: bool) -> Rows:
    """Return the rows of experiments, of those about their trials, and of those they are about.

    Raises InputError if it is not there, or while one of them has a running job.
    """
    with store.read() as connection:
        there = select(Experiment.id).where(Experiment.id.in_(experiments))
        for missing in sorted(set(experiments) - set(connection.scalars(there))):
            raise _unknown("experiment", missing)
        chosen = _related(connection, experiments)
        running = select(Job.experiment_id).where(
            Job.experiment_id.in_(chosen), Job.state == JobState.RUNNING
        )
        busy = connection.scalar(running.order_by(Job.id).limit(1))
        if busy is not None:
            raise InputError(
                f"experiment {busy} has running jobs",
                "experiments whose jobs have ended or not begun",
                f"wait for it (`runner watch {busy}`), or stop the workers: `runner down`",
            )
        rows = rows_of(connection, chosen)
    return rows if weights else {**rows, "checkpoints": []}


def read_training(store: Store, job: int) -> Rows:
    """Return the rows of an unfinished training as those of an experiment of this job alone.

    Raises InputError for a job without a checkpoint: it has nothing to take along.
    """
    with store.read() as connection:
        experiment = connection.scalar(select(Job.experiment_id).where(Job.id == job))
        if experiment is None:
            raise _unknown("job", job)
        rows = rows_of(connection, [experiment], job)
        (about,) = rows["experiments"]
        if about["kind"] not in (Kind.TRAIN, Kind.TUNE) or not rows["checkpoints"]:
            raise InputError(
                f"job {job} has no checkpoint",
                "a training that has finished an epoch and is not at its end",
                "choose another job: `runner status EXPERIMENT` lists them; an experiment that "
                "has ended is exported by --experiment",
            )
        at = connection.scalar(select(schema.now()))
    (trained,) = rows["jobs"]
    return {
        **rows,
        **{name: [] for name in OF_OTHERS},
        "experiments": [_alone(about, trained["number"])],
        "jobs": [_pending(trained)],
        "attempts": [_ended(row, at) for row in rows["attempts"]],
    }


def rows_of(connection: Connection, experiments: Sequence[int], job: int | None = None) -> Rows:
    """Return the rows of experiments and of all their jobs, or of one job, ordered by key."""
    chosen = Job.experiment_id.in_(experiments) if job is None else Job.id == job
    jobs = select(Job.id).where(chosen)
    evaluations = select(schema.Evaluation.id).where(schema.Evaluation.job_id.in_(jobs))
    trials = select(Trial.id).where(Trial.job_id.in_(jobs))
    workers = select(schema.Attempt.worker).where(schema.Attempt.job_id.in_(jobs))
    own: dict[type[schema.Base], ColumnElement[bool]] = {
        schema.Worker: schema.Worker.name.in_(workers),
        Experiment: Experiment.id.in_(experiments),
        Job: chosen,
        schema.Randomisation: schema.Randomisation.trial_id.in_(trials),
    }
    owners: dict[str, Any] = {
        "job_id": jobs,
        "evaluation_id": evaluations,
        "experiment_id": experiments,
    }
    rows: dict[str, Sequence[Row]] = {}
    for table in TABLES:
        condition = own.get(table)
        if condition is None:
            name = next(name for name in owners if name in table.__table__.columns)
            condition = table.__table__.columns[name].in_(owners[name])
        query = (
            select(*copied_columns(table)).where(condition).order_by(*table.__table__.primary_key)
        )
        rows[table.__tablename__] = [dict(row) for row in connection.execute(query).mappings()]
    return rows


def read_checkpoint(store: Store, name: str) -> bytes:
    """Return the bytes of a checkpoint; raise InputError if it is gone or damaged."""
    with store.read() as connection:
        found = select(Checkpoint.content).where(Checkpoint.sha256 == name).limit(1)
        content = connection.scalar(found)
    if content is None or sha256(content).hexdigest() != name:
        raise InputError(
            f"checkpoint {name[:12]} is damaged, or a newer one has replaced it",
            "checkpoints that stay the same while they are exported",
            "export again; `runner prune` removes checkpoints that are damaged",
        )
    return bytes(content)


def _related(connection: Connection, experiments: Sequence[int]) -> list[int]:
    """Return experiments with all that are about them, and all that these are about."""
    found = set(experiments)
    while more := set(connection.scalars(users_of(sorted(found)))):
        found |= more
    while more := _sources(connection, found) - found:
        found |= more
    return sorted(found)


def _sources(connection: Connection, experiments: set[int]) -> set[int]:
    """Return the experiments that these, or their jobs, name or whose trials they name."""
    chosen = Job.experiment_id.in_(experiments)
    configurations = [
        *connection.scalars(select(Experiment.configuration).where(Experiment.id.in_(experiments))),
        *connection.scalars(
            select(Job.configuration).where(
                chosen, Job.configuration["trial"].as_integer().is_not(None)
            )
        ),
    ]
    trials = {number for each in configurations for number in trials_in(each)}
    owners = select(Job.experiment_id).join(Trial, Trial.job_id == Job.id)
    named = {experiment_in(each) for each in configurations} - {None}
    there = select(Experiment.id).where(Experiment.id.in_(named))
    return {*connection.scalars(owners.where(Trial.id.in_(trials))), *connection.scalars(there)}


def _alone(experiment: Row, number: int) -> Row:
    """Return the experiment of a job that is trained alone: nothing of a search, race or name."""
    stored = experiment["configuration"]
    configuration = {name: stored[name] for name in OF_TRAINING if name in stored}
    nothing = ("submission_key", "paused_at", "name", "note", "archived_at")
    origin = {"experiment": experiment["id"], "job": number}
    changed = {
        "kind": Kind.TRAIN,
        "configuration": configuration | {"repeats": 1},
        "provenance": experiment["provenance"] | {"checkpoint_of": origin},
        "priority": 0,
    }
    return {**experiment, **changed, **dict.fromkeys(nothing)}


def _pending(job: Row) -> Row:
    own = {name: job["configuration"].get(name) for name in ("params", "seed", "dataset")}
    own = {name: value for name, value in own.items() if value is not None}
    nothing = ("point", "reason", "enqueued_at", "cancel_requested_at", "ended_at")
    kept = {**job, "number": 1, "configuration": own, "state": JobState.PENDING, "lost": 0}
    return {**kept, **dict.fromkeys(nothing)}


def _ended(attempt: Row, at: object) -> Row:
    """Return an attempt that is over for the copy, which somebody else goes on with."""
    if attempt["state"] != AttemptState.RUNNING:
        return attempt
    return {**attempt, "state": AttemptState.RELEASED, "ended_at": at}


def _unknown(what: str, number: int) -> InputError:
    return InputError(
        f"there is no {what} {number}",
        f"the number of {'an' if what == 'experiment' else 'a'} {what}",
        "`runner status` lists the experiments, `runner status EXPERIMENT` its jobs",
    )
