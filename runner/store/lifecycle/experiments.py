"""Create an experiment with its jobs: all of it, or nothing."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select
from sqlalchemy.exc import IntegrityError

from runner.errors import InputError
from runner.failpoints import failpoint
from runner.specs import renamed, trained_params
from runner.states import JobState, Kind
from runner.store.artifacts import WeightsLeftOutError, is_stored, put_artifact
from runner.store.engine import Store
from runner.store.lifecycle.naming import add_tags, check_free
from runner.store.lifecycle.numbers import insert_numbered
from runner.store.names import NO_LABEL, Label
from runner.store.schema import Experiment, ExperimentCode, ExperimentInit, Job, Submission, Trial

# The kinds of experiments that need the weights of a trial.
NEED_WEIGHTS = (Kind.EVALUATE, Kind.EXPLAIN)

# Jobs that one statement stores.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class NewExperiment:
    """What a submission asks for; each of `jobs` is the configuration of one job.

    `points` are the digests of what jobs that train will train, in the order of `jobs`. The same
    submission key again is the same experiment. `code` is the text of the file that its jobs run,
    where a user wrote one; `initial` are the weights that its trials start from.
    """

    kind: Kind
    seed: int
    configuration: dict[str, Any]
    provenance: dict[str, Any]
    jobs: Collection[dict[str, Any]]
    submission_key: str | None = None
    label: Label = NO_LABEL
    initial: bytes | None = None
    code: str | None = None
    points: Collection[str] = ()
    priority: int = 0


def create(store: Store, new: NewExperiment) -> int:
    """Store an experiment and its jobs, pending and unsent; return its id.

    Raises InputError if its submission key is that of an experiment that asks for something else.
    """
    if not new.jobs:
        raise ValueError("an experiment without a job would never end")
    try:
        with store.write() as connection:
            return insert_once(connection, new)
    except IntegrityError:
        # Someone submitted with the same key at the same moment and was first.
        with store.read() as connection:
            if existing := _find(connection, new):
                return existing
            check_free(connection, new.label.name)
        raise


def insert_once(connection: Connection, new: NewExperiment) -> int:
    """Store an experiment unless one was submitted with its key; return the id."""
    return _find(connection, new) or _insert(connection, new)


# The same images may lie elsewhere and be called otherwise: their fingerprint tells.
OF_PLACE = ("name", "title", "resize", "image_size")

# What follows from the rest, and is not in every store; with `fresh` the numbers are the same.
DERIVED = ("sampled", "different", "fresh")


def find_key(store: Store, key: str) -> int | None:
    """Return the experiment that was submitted with a key, whatever it asks for."""
    with store.read() as connection:
        return connection.scalar(select(Experiment.id).where(Experiment.submission_key == key))


def find_done(store: Store, new: NewExperiment) -> int | None:
    """Return the first experiment that asked for the same and has it all, whoever submitted it.

    The same: kind, seed, configuration and jobs, with a data set of the same fingerprint.
    """
    asked = _asked(new.configuration, new.jobs)
    done = select(Experiment.id, Experiment.configuration).where(
        Experiment.kind == new.kind,
        Experiment.seed == new.seed,
        ~exists().where(Job.experiment_id == Experiment.id, Job.state != JobState.SUCCEEDED),
    )
    with store.read() as connection:
        for row in connection.execute(done.order_by(Experiment.id)):
            if _asked(row.configuration, ())[0] == asked[0]:
                jobs = _jobs(connection, row.id)
                if _asked(row.configuration, jobs) == asked:
                    return int(row.id)
    return None


def _asked(configuration: Mapping[str, Any], jobs: Iterable[dict[str, Any]]) -> list[Any]:
    """Return what decides the numbers, compared as it is stored: a tuple becomes a list there."""
    # A trainer may have no data set.
    described = configuration["dataset"] or {}
    dataset = {name: value for name, value in described.items() if name not in OF_PLACE}
    common = {name: value for name, value in renamed(configuration).items() if name not in DERIVED}
    trained = [_trained(job, configuration.get("epochs")) for job in jobs]
    plain: list[Any] = json.loads(json.dumps([common | {"dataset": dataset}, trained]))
    return plain


def _trained(job: dict[str, Any], epochs: int | None) -> dict[str, Any]:
    params = job.get("params")
    return job if params is None else {**job, "params": trained_params(params, epochs)}


def _jobs(connection: Connection, experiment_id: int) -> list[dict[str, Any]]:
    jobs = select(Job.configuration).where(Job.experiment_id == experiment_id)
    return list(connection.scalars(jobs.order_by(Job.number)))


def _find(connection: Connection, new: NewExperiment) -> int | None:
    """Return the experiment that was submitted with the same key, if there is one."""
    if new.submission_key is None:
        return None
    found = connection.execute(
        select(Experiment.id, Experiment.kind, Experiment.seed, Experiment.configuration).where(
            Experiment.submission_key == new.submission_key
        )
    ).one_or_none()
    if found is None:
        return None
    later = select(func.min(Submission.first_job)).where(Submission.experiment_id == found.id)
    first = connection.scalar(later)
    # Without what was added to it since.
    stored = _jobs(connection, found.id)[: None if first is None else first - 1]
    # Those of a search have no point when they are submitted.
    point = ("params", "asked") if "search" in found.configuration else ()
    jobs = [{name: value for name, value in job.items() if name not in point} for job in stored]
    # Compared as they are stored: a tuple becomes a list there.
    asked = json.loads(json.dumps([new.kind, new.seed, new.configuration, list(new.jobs)]))
    if asked != [found.kind, found.seed, renamed(found.configuration), jobs]:
        raise InputError(
            f"the key {new.submission_key!r} belongs to experiment {found.id}, which is different",
            "the same command with the same key, or a new key",
            f"choose another --key, or show that experiment: runner report {found.id}",
        )
    return int(found.id)


def _keep_trial(connection: Connection, new: NewExperiment) -> None:
    """Keep the trial that an experiment is about, and its weights, until that is stored.

    Raises InputError if the trial was deleted, or if weights that are needed are not there.
    """
    trial = new.configuration.get("trial")
    if trial is None:
        return
    chosen = select(Trial.model).where(Trial.id == trial)
    model = connection.scalar(chosen.with_for_update(read=True, key_share=True))
    if model is None:
        raise InputError(
            f"trial {trial} was deleted",
            "the number of a trial that is there",
            "`runner status EXPERIMENT` lists the trials of an experiment",
        )
    if new.kind in NEED_WEIGHTS and not is_stored(connection, model):
        raise WeightsLeftOutError(f"the weights of trial {trial}")


def _insert(connection: Connection, new: NewExperiment) -> int:
    _keep_trial(connection, new)
    check_free(connection, new.label.name)
    experiment_id = connection.scalars(
        insert_numbered(Experiment).returning(Experiment.id),
        {
            "kind": new.kind,
            "seed": new.seed,
            "configuration": new.configuration,
            "provenance": new.provenance,
            "submission_key": new.submission_key,
            "name": new.label.name,
            "note": new.label.note,
            "priority": new.priority,
        },
    ).one()
    add_tags(connection, experiment_id, new.label.tags)
    _add_initial(connection, experiment_id, new.initial)
    add_code(connection, experiment_id, new.code)
    failpoint("submit_experiment")
    points: Collection[str | None] = new.points or [None] * len(new.jobs)
    add_jobs(connection, experiment_id, 1, zip(new.jobs, points, strict=True))
    failpoint("submit_jobs")
    return experiment_id


def add_jobs(
    connection: Connection,
    experiment_id: int,
    first: int,
    jobs: Iterable[tuple[dict[str, Any], str | None]],
) -> None:
    """Store jobs, each with its point, under the numbers from `first` on."""
    rows = (
        {
            "experiment_id": experiment_id,
            "number": number,
            "configuration": configuration,
            "point": point,
        }
        for number, (configuration, point) in enumerate(jobs, start=first)
    )
    # All at once would be held in memory several times.
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert_numbered(Job), batch)


def _add_initial(connection: Connection, experiment_id: int, weights: bytes | None) -> None:
    """Store the weights that the trials of an experiment start from, if there are any."""
    if weights is not None:
        row = {"experiment_id": experiment_id, "artifact": put_artifact(connection, weights)}
        connection.execute(insert(ExperimentInit), row)


def add_code(connection: Connection, experiment_id: int, code: str | None) -> None:
    """Store the file that the jobs of an experiment run, if there is one."""
    if code is not None:
        artifact = put_artifact(connection, code.encode())
        row = {"experiment_id": experiment_id, "artifact": artifact}
        connection.execute(insert(ExperimentCode), row)
