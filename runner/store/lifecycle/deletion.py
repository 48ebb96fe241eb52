"""Delete experiments for good.

Their rows go in one transaction. Artifacts that are then unused go afterwards, see `unused`: a
process that dies in between leaves bytes that nothing refers to, which the next deletion or
`runner prune` removes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, delete, func, insert, select, union

from runner.errors import InputError
from runner.failpoints import failpoint
from runner.states import FINAL
from runner.store import schema
from runner.store.engine import Store
from runner.store.lifecycle.unused import Size, references, size_of

# What belongs to jobs, in an order in which nothing ever refers to what is gone.
OF_JOBS = (
    schema.Activation,
    schema.Explanation,
    schema.Evaluation,
    schema.Trial,
    schema.Checkpoint,
    schema.Epoch,
    schema.Event,
    schema.Attempt,
)
OF_EXPERIMENTS = (
    schema.ExperimentTag,
    schema.ExperimentCode,
    schema.ExperimentInit,
    schema.Submission,
)
OF_EVALUATIONS = (schema.Probabilities, schema.ConfusionCell)


@dataclass(frozen=True, slots=True)
class Contents:
    """What the deletion of experiments removes: rows by table, and bytes that nothing else uses."""

    experiments: list[int]
    rows: dict[str, int]
    checkpoints: Size
    artifacts: Size


def contents(store: Store, experiments: Sequence[int]) -> Contents:
    """Return what a deletion would remove; raise InputError if it would be refused."""
    with store.read() as connection:
        there = _there(connection, experiments)
        _check(connection, there)
        jobs = _jobs(there)
        rows = {"jobs": _count(connection, schema.Job, schema.Job.experiment_id.in_(there))}
        for table in reversed(OF_JOBS):
            rows[table.__tablename__] = _count(connection, table, table.job_id.in_(jobs))
        of_jobs = schema.Checkpoint.job_id.in_(jobs)
        return Contents(
            experiments=there,
            rows=rows,
            checkpoints=size_of(connection, schema.Checkpoint, of_jobs),
            artifacts=_artifacts(connection, there),
        )


def delete_experiments(store: Store, experiments: Sequence[int]) -> list[int]:
    """Delete experiments with all that belongs to their jobs; return those that there were.

    One that was deleted before counts as deleted. Raises InputError, and deletes nothing, if jobs
    have not ended or if another experiment is about a trial of one of them.
    """
    with store.write() as connection:
        there = _there(connection, experiments)
        # An experiment about one of these trials waits here, or is seen by the check.
        _lock(connection, there)
        _check(connection, there)
        _delete(connection, there)
        failpoint("delete_written")
    failpoint("delete_stored")
    return there


def _there(connection: Connection, experiments: Sequence[int]) -> list[int]:
    """Return the experiments that exist; raise InputError for one that never did."""
    of, before = schema.Experiment.id, schema.DeletedExperiment.id
    there = set(connection.scalars(select(of).where(of.in_(experiments))))
    deleted = set(connection.scalars(select(before).where(before.in_(experiments))))
    for number in experiments:
        if number not in there | deleted:
            raise InputError(
                f"there is no experiment {number}",
                "the number or the name of an experiment",
                "`runner status --all` lists the experiments",
            )
    return sorted(there)


def _lock(connection: Connection, experiments: Sequence[int]) -> None:
    """Lock these jobs, and their trials against new experiments, until the transaction ends.

    SQLite has locked everything.
    """
    # No submission adds jobs to them from here on.
    chosen = select(schema.Experiment.id).where(schema.Experiment.id.in_(experiments))
    connection.execute(chosen.order_by(schema.Experiment.id).with_for_update()).all()
    jobs = select(schema.Job.id).where(schema.Job.experiment_id.in_(experiments))
    connection.execute(jobs.order_by(schema.Job.id).with_for_update()).all()
    trials = select(schema.Trial.id).where(schema.Trial.job_id.in_(_jobs(experiments)))
    connection.execute(trials.order_by(schema.Trial.id).with_for_update()).all()


def _check(connection: Connection, experiments: Sequence[int]) -> None:
    """Raise InputError if jobs have not ended, or if another experiment uses a trial."""
    unfinished = connection.scalars(
        select(schema.Job.experiment_id)
        .where(schema.Job.experiment_id.in_(experiments), schema.Job.state.not_in(FINAL))
        .distinct()
    ).all()
    if unfinished:
        raise InputError(
            f"experiment {min(unfinished)} has jobs that are pending or running",
            "experiments whose jobs have all ended",
            f"cancel them first: runner cancel {min(unfinished)}",
        )
    users = sorted(connection.scalars(users_of(experiments)))
    if users:
        numbers = ", ".join(map(str, users))
        whole = " ".join(map(str, [*experiments, *users]))
        raise InputError(
            f"other experiments are about trials of these: {numbers}",
            "trials that no other experiment evaluates or explains",
            f"delete them together: runner delete {whole}",
        )


def users_of(experiments: Sequence[int]) -> Select[int]:
    """Return the query of the other experiments that are about a trial of these.

    A job that has no result yet, or never will, names its trial only in its configuration.
    """
    trials = select(schema.Trial.id).where(schema.Trial.job_id.in_(_jobs(experiments)))
    about = schema.Experiment.configuration["trial"].as_integer()
    confirms = schema.Experiment.configuration[("confirm", "experiment")].as_integer()
    named = select(schema.Experiment.id).where(about.in_(trials) | confirms.in_(experiments))
    results = [
        select(schema.Job.experiment_id)
        .join(table, table.job_id == schema.Job.id)
        .where(table.trial_id.in_(trials))
        for table in (schema.Evaluation, schema.Explanation, schema.Activation)
    ]
    found = union(named, *results).subquery()
    return select(found.c[0]).where(found.c[0].not_in(experiments))


def _delete(connection: Connection, experiments: Sequence[int]) -> None:
    if not experiments:
        return
    jobs = _jobs(experiments)
    evaluations = select(schema.Evaluation.id).where(schema.Evaluation.job_id.in_(jobs))
    for part in OF_EVALUATIONS:
        connection.execute(delete(part).where(part.evaluation_id.in_(evaluations)))
    # The numbers of these rows are not given again, whatever else is deleted.
    last = [
        connection.scalar(select(func.coalesce(func.max(table.id), 0)))
        for table in (schema.Job, schema.Trial)
    ]
    trials = select(schema.Trial.id).where(schema.Trial.job_id.in_(jobs))
    connection.execute(
        delete(schema.Randomisation).where(schema.Randomisation.trial_id.in_(trials))
    )
    for table in OF_JOBS:
        connection.execute(delete(table).where(table.job_id.in_(jobs)))
        failpoint(f"delete_{table.__tablename__}")
    connection.execute(delete(schema.Job).where(schema.Job.experiment_id.in_(experiments)))
    for whole in OF_EXPERIMENTS:
        connection.execute(delete(whole).where(whole.experiment_id.in_(experiments)))
    connection.execute(delete(schema.Experiment).where(schema.Experiment.id.in_(experiments)))
    connection.execute(
        insert(schema.DeletedExperiment),
        [{"id": number, "last_job": last[0], "last_trial": last[1]} for number in experiments],
    )


def _jobs(experiments: Sequence[int]) -> Select[int]:
    return select(schema.Job.id).where(schema.Job.experiment_id.in_(experiments))


def _count(connection: Connection, table: type[schema.Base], condition: object) -> int:
    query = select(func.count()).select_from(table).where(condition)  # type: ignore[arg-type]
    return connection.scalar(query) or 0


def _artifacts(connection: Connection, experiments: Sequence[int]) -> Size:
    """Return the size of the artifacts that only these experiments use."""
    jobs = _jobs(experiments)
    evaluations = select(schema.Evaluation.id).where(schema.Evaluation.job_id.in_(jobs))
    # What a row belongs to.
    owners = {"job_id": jobs, "evaluation_id": evaluations, "experiment_id": experiments}
    own, shared = [], []
    for column in references():
        table = column.table.c
        theirs = next(table[name].in_(of) for name, of in owners.items() if name in table)
        own.append(select(column).where(theirs))
        shared.append(select(column).where(~theirs))
    used = union(*shared).subquery()
    only = schema.Artifact.sha256
    condition = only.in_(select(union(*own).subquery().c[0])) & only.not_in(
        select(used.c[0]).where(used.c[0].is_not(None))
    )
    return size_of(connection, schema.Artifact, condition)
