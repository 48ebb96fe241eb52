"""Add to an experiment what it does not have yet, as a submission with its own provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Connection, func, insert, select

from cifar_model.grid import MAX_TRIALS
from cifar_model.networks.network import Network
from cifar_model.params import Params, point_digest
from runner.errors import InputError
from runner.failpoints import failpoint
from runner.searches import is_unasked
from runner.specs import job_configuration
from runner.store.engine import Store
from runner.store.lifecycle.experiments import add_jobs
from runner.store.schema import Experiment, Job, Submission


@dataclass(frozen=True, slots=True)
class Addition:
    """The points that an experiment should have, each a job's configuration by its digest.

    `unasked` are the jobs that are added to a search, which has no points for them yet.
    """

    experiment: int
    configuration: dict[str, Any]
    provenance: dict[str, Any]
    points: Mapping[str, dict[str, Any]]
    unasked: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """How many jobs a submission added, of how many points that it asked for."""

    jobs: int
    asked: int


def add(store: Store, addition: Addition) -> Added:
    """Store the jobs of the points that are missing; nothing is stored if there are none.

    Of several submissions at once, one waits for the other: a point is added once.
    """
    with store.write() as connection:
        known = _known(connection, addition.experiment)
        missing = [point for point in addition.points if point not in known]
        if missing or addition.unasked:
            _insert(connection, addition, missing)
    failpoint("submit_saved")
    unasked = len(addition.unasked)
    return Added(len(missing) + unasked, len(addition.points) + unasked)


def _known(connection: Connection, experiment_id: int) -> set[str]:
    """Return the points of an experiment, and let nobody add to it until the transaction ends."""
    chosen = select(Experiment.seed, Experiment.configuration).where(Experiment.id == experiment_id)
    experiment = connection.execute(chosen.with_for_update()).one_or_none()
    if experiment is None:
        raise InputError(
            f"experiment {experiment_id} was deleted",
            "an experiment that is there",
            "`runner status --all` lists the experiments",
        )
    network = Network.from_json(experiment.configuration.get("network"))
    jobs = select(Job.point, Job.configuration).where(Job.experiment_id == experiment_id)
    known: set[str] = set()
    for point, own in connection.execute(jobs):
        if point is not None:
            known.add(point)
            continue
        configuration = job_configuration(experiment.configuration, own)
        if is_unasked(configuration):
            continue
        # A job of an earlier version.
        params = Params.from_json(configuration["params"], network)
        known.add(point_digest(params, configuration.get("seed", experiment.seed)))
    return known


def _insert(connection: Connection, addition: Addition, missing: Sequence[str]) -> None:
    of_experiment = Job.experiment_id == addition.experiment
    last = connection.scalars(select(func.max(Job.number)).where(of_experiment)).one()
    added = len(missing) + len(addition.unasked)
    if last + added > MAX_TRIALS:
        raise InputError(
            f"experiment {addition.experiment} would have {last + added:,} trials",
            f"at most {MAX_TRIALS:,} in one experiment",
            "choose a smaller --downsample or --trials, or submit another experiment",
        )
    pointed = ((addition.points[point], point) for point in missing)
    jobs = chain(pointed, ((configuration, None) for configuration in addition.unasked))
    add_jobs(connection, addition.experiment, last + 1, jobs)
    failpoint("submit_jobs")
    before = select(func.count()).where(Submission.experiment_id == addition.experiment)
    connection.execute(
        insert(Submission),
        {
            "experiment_id": addition.experiment,
            # The first is the one that created the experiment.
            "number": connection.scalars(before).one() + 2,
            "configuration": addition.configuration,
            "provenance": addition.provenance,
            "first_job": last + 1,
            "jobs": added,
        },
    )
