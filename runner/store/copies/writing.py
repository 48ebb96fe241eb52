"""Write copied experiments into a store: all of them in one transaction, or nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from runner.errors import InputError
from runner.races import evaluation_key
from runner.store import schema
from runner.store.artifacts import put_artifact, put_missing
from runner.store.copies.numbers import renumbered
from runner.store.copies.outline import each_experiment, outline
from runner.store.copies.reading import rows_of
from runner.store.copies.tables import Row, Rows, artifacts_of
from runner.store.engine import Store
from runner.store.lifecycle.naming import name_holder
from runner.store.lifecycle.numbers import Numbered, can_keep, go_on_after, insert_numbered
from runner.store.schema import (
    Checkpoint,
    Evaluation,
    Experiment,
    Job,
    Randomisation,
    Trial,
    Worker,
)

OF_EXPERIMENTS: Sequence[type[schema.Base]] = (
    schema.ExperimentTag,
    schema.Submission,
    schema.ExperimentInit,
    schema.ExperimentCode,
)
BEFORE_TRIALS: Sequence[type[schema.Base]] = (schema.Attempt, schema.Event, schema.Epoch)
AFTER_EVALUATIONS: Sequence[type[schema.Base]] = (
    schema.Probabilities,
    schema.ConfusionCell,
    schema.Activation,
    schema.Explanation,
)

# The bytes of an artifact or a checkpoint; None for those that the copy leaves out.
Contents = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Copied:
    """An experiment of a copy: its number there and here, and whether it was written now.

    `name_holder` is the experiment that has its name, which was therefore left out.
    """

    original: int
    experiment: int
    imported: bool
    name_holder: int | None = None


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers that rows have in this store, by those that they have in the copy."""

    are_kept: bool
    experiments: dict[int, int] = field(default_factory=dict)
    jobs: dict[int, int] = field(default_factory=dict)
    trials: dict[int, int] = field(default_factory=dict)
    evaluations: dict[int, int] = field(default_factory=dict)

    def of(self, row: Row) -> Row:
        """Return a row with the numbers of this store, and without its own."""
        places = {
            "experiment_id": self.experiments,
            "job_id": self.jobs,
            "trial_id": self.trials,
            "evaluation_id": self.evaluations,
        }
        mapped = {name: places[name][row[name]] for name in places if name in row}
        found = {name: value for name, value in row.items() if name != "id"} | mapped
        if found.get("reused") is not None:
            # None if the trial that was trained is not in the copy.
            found["reused"] = self.trials.get(found["reused"])
        if "configuration" in found:
            stored = found["configuration"]
            found["configuration"] = renumbered(stored, self.trials, self.experiments)
        return found


def write_copy(store: Store, rows: Rows, contents: Contents) -> list[Copied]:
    """Write the experiments of a copy that the store does not have; return all of them.

    Raises InputError, and writes nothing, if rows contradict one another or the same experiment has
    other results in this store.
    """
    own: dict[type[schema.Base], list[int]] = {
        table: [row["id"] for row in rows[table.__tablename__]]
        for table in (Experiment, Job, Trial, Evaluation)
        if rows[table.__tablename__]
    }
    try:
        with store.write() as connection:
            numbers = _Numbers(are_kept=can_keep(connection, own))
            copied = [
                _write(connection, experiment, part, numbers, contents, rows["workers"])
                for experiment, part in each_experiment(rows)
            ]
            if numbers.are_kept:
                go_on_after(connection, own)
            return copied
    except (IntegrityError, KeyError) as error:
        found = error.orig if isinstance(error, IntegrityError) else f"there is no number {error}"
        raise InputError(
            f"the rows of the bundle contradict one another: {found}",
            "what `runner export` writes",
            "export the experiment again",
        ) from error


def _write(
    connection: Connection,
    experiment: Row,
    rows: Rows,
    numbers: _Numbers,
    contents: Contents,
    workers: Sequence[Row],
) -> Copied:
    mapped = numbers.of(experiment)
    known = _known(connection, mapped, rows)
    if known is not None:
        numbers.experiments[experiment["id"]] = known
        _number_known(connection, known, rows, numbers)
        # It may have been imported without its weights.
        _insert_artifacts(connection, rows, contents)
        return Copied(experiment["id"], known, imported=False)
    holder = name_holder(connection, mapped["name"])
    mapped["submission_key"] = _key_here(connection, mapped["submission_key"], numbers)
    values = mapped | ({"name": None} if holder else {})
    number = _insert_numbered(connection, Experiment, experiment["id"], values, numbers)
    numbers.experiments[experiment["id"]] = number
    _insert_artifacts(connection, rows, contents)
    _insert_workers(connection, rows, workers)
    for table in OF_EXPERIMENTS:
        _insert(connection, table, rows, numbers)
    _insert_jobs(connection, rows, numbers)
    for table in BEFORE_TRIALS:
        _insert(connection, table, rows, numbers)
    for row in rows["checkpoints"]:
        values = {**numbers.of(row), "content": contents(row["sha256"])}
        connection.execute(insert(Checkpoint), values)
    for trial in rows["trials"]:
        own, values = trial["id"], numbers.of(trial)
        numbers.trials[own] = _insert_numbered(connection, Trial, own, values, numbers)
    for row in rows["evaluations"]:
        values = numbers.of(row) | ({"id": row["id"]} if numbers.are_kept else {})
        made = connection.scalars(insert(Evaluation).returning(Evaluation.id), values)
        numbers.evaluations[row["id"]] = made.one()
    for table in AFTER_EVALUATIONS:
        _insert(connection, table, rows, numbers)
    _insert(connection, Randomisation, rows, numbers)
    return Copied(experiment["id"], number, imported=True, name_holder=holder)


def _known(connection: Connection, experiment: Row, rows: Rows) -> int | None:
    """Return the experiment of this store that is the same, wherever it was submitted."""
    alike = select(Experiment.id, Experiment.configuration, Experiment.provenance).where(
        Experiment.kind == experiment["kind"],
        Experiment.seed == experiment["seed"],
        Experiment.created_at == experiment["created_at"],
    )
    for found in connection.execute(alike.order_by(Experiment.id)):
        asked = (experiment["configuration"], experiment["provenance"])
        if (found.configuration, found.provenance) != asked:
            continue
        if outline(rows_of(connection, [found.id])) != outline(rows):
            raise InputError(
                f"experiment {found.id} is the same experiment with other results: one of the two"
                " has gone on since",
                "an experiment that this store does not have, or has with the same results",
                f"keep this one, or remove it and import again: runner delete {found.id}",
            )
        return int(found.id)
    return None


def _number_known(connection: Connection, known: int, rows: Rows, numbers: _Numbers) -> None:
    query = select(Job.number, Job.id, Trial.id.label("trial")).outerjoin(
        Trial, Trial.job_id == Job.id
    )
    there = {row.number: row for row in connection.execute(query.where(Job.experiment_id == known))}
    ids = {job["id"]: there[job["number"]] for job in rows["jobs"]}
    numbers.jobs.update({job: row.id for job, row in ids.items()})
    numbers.trials.update({row["id"]: ids[row["job_id"]].trial for row in rows["trials"]})


def _insert_numbered(
    connection: Connection, table: Numbered, own: int, values: Row, numbers: _Numbers
) -> int:
    """Insert a row under the number that it has in the copy, or under a new one; return it."""
    statement = insert(table).values(id=own) if numbers.are_kept else insert_numbered(table)
    return connection.scalars(statement.returning(table.id), values).one()


def _key_here(connection: Connection, key: str | None, numbers: _Numbers) -> str | None:
    """Return the submission key for this store; None if it is that of another experiment here."""
    # The key of what evaluates the winner of a race has the number of the race.
    of_races = {
        evaluation_key(old): evaluation_key(new) for old, new in numbers.experiments.items()
    }
    here = key if key is None else of_races.get(key, key)
    taken = select(Experiment.id).where(Experiment.submission_key == here)
    return None if here is None or connection.scalar(taken) is not None else here


def _insert_jobs(connection: Connection, rows: Rows, numbers: _Numbers) -> None:
    if not rows["jobs"]:
        raise KeyError("of a job")
    for job in rows["jobs"]:
        # No message names it here.
        own, values = job["id"], numbers.of(job) | {"enqueued_at": None}
        numbers.jobs[own] = _insert_numbered(connection, Job, own, values, numbers)


def _insert_artifacts(connection: Connection, rows: Rows, contents: Contents) -> None:
    for name in artifacts_of(rows):
        content = contents(name)
        if content is None:
            put_missing(connection, name)
        else:
            put_artifact(connection, content)


def _insert_workers(connection: Connection, rows: Rows, workers: Sequence[Row]) -> None:
    """List the workers of attempts as such that have stopped, unless they are listed."""
    names = {attempt["worker"] for attempt in rows["attempts"]}
    there = set(connection.scalars(select(Worker.name).where(Worker.name.in_(names))))
    for worker in workers:
        if worker["name"] in names - there:
            stopped = worker["stopped_at"] or worker["seen_at"]
            connection.execute(insert(Worker), worker | {"stopped_at": stopped})


def _insert(
    connection: Connection, table: type[schema.Base], rows: Rows, numbers: _Numbers
) -> None:
    found = [numbers.of(row) for row in rows[table.__tablename__]]
    if found:
        connection.execute(insert(table), found)
