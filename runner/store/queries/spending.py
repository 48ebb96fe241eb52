"""What an experiment has used of the time and the epochs that it may take."""

from dataclasses import dataclass

from sqlalchemy import func, select

from runner.store.engine import Connection
from runner.store.schema import Attempt, Epoch, Job, now


@dataclass(frozen=True, slots=True)
class Spent:
    """The time since the first job started, until now or the end of the last, and the epochs."""

    seconds: float
    epochs: int


def seconds_since_start(connection: Connection, experiment_id: int) -> float:
    """Return how long ago the first job of an experiment started; 0 if none did."""
    first = select(func.min(Attempt.started_at), now()).join(Job, Job.id == Attempt.job_id)
    started, read_at = connection.execute(first.where(Job.experiment_id == experiment_id)).one()
    return 0.0 if started is None else (read_at - started).total_seconds()


def spent(connection: Connection, experiment_id: int) -> Spent:
    """Return what an experiment used so far."""
    times = select(func.min(Attempt.started_at), func.max(func.coalesce(Attempt.ended_at, now())))
    of_experiment = Job.experiment_id == experiment_id
    started, ended = connection.execute(
        times.join(Job, Job.id == Attempt.job_id).where(of_experiment)
    ).one()
    epochs = select(func.count()).select_from(Epoch).join(Job, Job.id == Epoch.job_id)
    return Spent(
        0.0 if started is None else (ended - started).total_seconds(),
        connection.scalars(epochs.where(of_experiment)).one(),
    )
