"""Create an experiment with its jobs: all of it, or nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from runner.errors import InputError
from runner.failpoints import reached
from runner.states import Kind
from runner.store.engine import Store
from runner.store.schema import Experiment, Job


@dataclass(frozen=True, slots=True)
class NewExperiment:
    """What a submission asks for; each of `jobs` is the configuration of one job.

    The same submission key again is the same experiment.
    """

    kind: Kind
    seed: int
    configuration: dict[str, Any]
    provenance: dict[str, Any]
    jobs: Sequence[dict[str, Any]]
    submission_key: str | None = None


def create(store: Store, new: NewExperiment) -> int:
    """Store an experiment and its jobs, pending and unsent; return its id.

    Raises InputError if its submission key is that of an experiment that asks for something else.
    """
    if not new.jobs:
        raise ValueError("an experiment without a job would never end")
    try:
        with store.write() as connection:
            return _find(connection, new) or _insert(connection, new)
    except IntegrityError:
        # Someone submitted with the same key at the same moment and was first.
        with store.read() as connection:
            if existing := _find(connection, new):
                return existing
        raise


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
    jobs = connection.scalars(
        select(Job.configuration).where(Job.experiment_id == found.id).order_by(Job.number)
    )
    # Compared as they are stored: a tuple becomes a list there.
    asked = json.loads(json.dumps([new.kind, new.seed, new.configuration, list(new.jobs)]))
    if asked != [found.kind, found.seed, found.configuration, list(jobs)]:
        raise InputError(
            f"the key {new.submission_key!r} is that of experiment {found.id}, which is another",
            "the same command with the same key, or a new key",
            f"choose another --key, or read it: runner report {found.id}",
        )
    return int(found.id)


def _insert(connection: Connection, new: NewExperiment) -> int:
    experiment_id = connection.scalars(
        insert(Experiment).returning(Experiment.id),
        {
            "kind": new.kind,
            "seed": new.seed,
            "configuration": new.configuration,
            "provenance": new.provenance,
            "submission_key": new.submission_key,
        },
    ).one()
    reached("submit_experiment")
    connection.execute(
        insert(Job),
        [
            {"experiment_id": experiment_id, "number": number, "configuration": configuration}
            for number, configuration in enumerate(new.jobs, start=1)
        ],
    )
    reached("submit_jobs")
    return experiment_id
