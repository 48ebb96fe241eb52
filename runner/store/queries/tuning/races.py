"""The scores of the trials of a race, by point and seed."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from cifar_model.objective import REPORTED, reported_in
from cifar_model.spaces.racing import Scores
from runner.races import Race, evaluation_key
from runner.states import JobState
from runner.store.engine import Store
from runner.store.schema import Artifact, Experiment, Job, Trial


def scores_of(connection: Connection, experiment_id: int, race: Race) -> Scores:
    """Return the scores of the trainings that have ended; larger is better, None has failed."""
    query = (
        select(
            Job.state,
            Job.configuration["candidate"].as_integer().label("candidate"),
            Job.configuration["seed"].as_integer().label("seed"),
            *(getattr(Trial, name) for name in REPORTED),
        )
        .outerjoin(Trial, Trial.job_id == Job.id)
        .where(
            Job.experiment_id == experiment_id,
            Job.state.in_((JobState.SUCCEEDED, JobState.FAILED)),
        )
    )
    found = {}
    for row in connection.execute(query).mappings():
        value = reported_in({**row}).get(race.metric)
        place = row["candidate"], race.seeds.index(row["seed"])
        found[place] = None if value is None else race.sign * value
    return found


def evaluation_of(connection: Connection, experiment_id: int) -> int | None:
    """Return the experiment that evaluates what a race has named; None before its end."""
    key = Experiment.submission_key == evaluation_key(experiment_id)
    return connection.scalar(select(Experiment.id).where(key))


def model_sizes(store: Store, trials: Sequence[int]) -> dict[int, int]:
    """Return the number of bytes of the weights of each of these trials."""
    query = select(Trial.id, Artifact.size).join(Artifact, Artifact.sha256 == Trial.model)
    with store.read() as connection:
        rows = connection.execute(query.where(Trial.id.in_(trials))).all()
    return {row.id: row.size for row in rows}
