"""Go on with a race: at a trial's end the store adds the trainings of the next seed, or ends it.

No process coordinates a race. What is added depends only on the scores of whole seeds, and is
written in the transaction that ends the last trial of a seed: a worker that is killed changes
nothing, and neither does the number of workers.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from cifar_model.networks.network import Network
from cifar_model.spaces.racing import Standing, race
from runner.races import Race, evaluation_key, job_of, pointed
from runner.states import Kind
from runner.store.artifacts import is_stored
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.experiments import NewExperiment, add_jobs, insert_once
from runner.store.lifecycle.tuning.pending import LockedExperiment
from runner.store.queries.tuning.races import evaluation_of, scores_of
from runner.store.schema import Job, Trial


def go_on(connection: Connection, experiment: LockedExperiment, found: Race, job_id: int) -> None:
    """Go on with the race of a job that has just ended."""
    standing = race(scores_of(connection, experiment.id, found), found.design)
    if standing.ended_by is None:
        _add(connection, experiment, found, standing.wanted)
    else:
        record_event(connection, [job_id], "race_ended", detail=standing.ended_by)
        _evaluate(connection, experiment, found, standing)


def _add(
    connection: Connection,
    experiment: LockedExperiment,
    found: Race,
    wanted: Sequence[tuple[int, int]],
) -> None:
    """Store the jobs of the next seed that are not there yet."""
    own = Job.configuration
    jobs = select(own["candidate"].as_integer(), own["seed"].as_integer(), Job.number)
    rows = connection.execute(jobs.where(Job.experiment_id == experiment.id)).all()
    there = {(candidate, seed) for candidate, seed, _ in rows}
    network = Network.from_json(experiment.configuration.get("network"))
    missing = [
        pointed(job_of(found, candidate, seed), network)
        for candidate, seed in wanted
        if (candidate, found.seeds[seed]) not in there
    ]
    if missing:
        add_jobs(connection, experiment.id, max(number for *_, number in rows) + 1, missing)


def _evaluate(
    connection: Connection, experiment: LockedExperiment, found: Race, standing: Standing
) -> None:
    """Let the trial that the race names be scored on the test split: once, and only now."""
    if not found.predicts or not standing.racing:
        return
    if evaluation_of(connection, experiment.id) is not None:
        return
    place = standing.confirmed
    place = found.cheapest(standing.racing) if place is None else place
    trial = found.candidates[place].trial
    model = connection.scalar(select(Trial.model).where(Trial.id == trial))
    # It was deleted, or imported without its weights.
    if model is None or not is_stored(connection, model):
        return
    shared = {
        name: experiment.configuration[name]
        for name in ("dataset", "threads", "network", "backend")
        if name in experiment.configuration
    }
    new = NewExperiment(
        kind=Kind.EVALUATE,
        seed=0,
        configuration={**shared, "trial": trial, "split": "test"},
        provenance=experiment.provenance,
        jobs=[{}],
        submission_key=evaluation_key(experiment.id),
    )
    insert_once(connection, new)
