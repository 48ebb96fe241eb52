"""Create an experiment with its jobs: all of it, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from runner.states import Kind
from runner.store.engine import Store
from runner.store.schema import Experiment, Job


@dataclass(frozen=True, slots=True)
class NewExperiment:
    """What a submission asks for; each of `jobs` is the configuration of one job.

    The same submission key again is the same experiment, whatever else is asked for.
    """

    kind: Kind
    seed: int
    configuration: dict[str, Any]
    provenance: dict[str, Any]
    jobs: Sequence[dict[str, Any]]
    submission_key: str | None = None


def create(store: Store, new: NewExperiment) -> int:
    """Store an experiment and its jobs, pending and unsent; return its id."""
    if not new.jobs:
        raise ValueError("an experiment without a job would never end")
    try:
        with store.write() as connection:
            return _find(connection, new.submission_key) or _insert(connection, new)
    except IntegrityError:
        # Someone submitted with the same key at the same moment and was first.
        with store.read() as connection:
            if existing := _find(connection, new.submission_key):
                return existing
        raise


def _find(connection: Connection, key: str | None) -> int | None:
    if key is None:
        return None
    return connection.scalar(select(Experiment.id).where(Experiment.submission_key == key))


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
    connection.execute(
        insert(Job),
        [
            {"experiment_id": experiment_id, "number": number, "configuration": configuration}
            for number, configuration in enumerate(new.jobs, start=1)
        ],
    )
    return experiment_id
