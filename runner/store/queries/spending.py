"""What an experiment has used of its time and epochs, and how long an epoch took so far."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, String, exists, func, select

from runner.specs import network_name
from runner.store.engine import Connection, Store
from runner.store.schema import Attempt, Epoch, Job, Trial, now


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
        0.0 if started is None or ended is None else (ended - started).total_seconds(),
        connection.scalars(epochs.where(of_experiment, was_trained())).one(),
    )


def was_trained() -> ColumnElement[bool]:
    """Return the condition that a job's epochs were trained, not reused."""
    return ~exists().where(Trial.job_id == Job.id, Trial.reused.is_not(None))


@dataclass(frozen=True, slots=True)
class Speed:
    """The mean duration of an epoch, over so many of one network on one data set."""

    dataset: str
    train_images: int
    epochs: int
    epoch_seconds: float


def epoch_speeds(store: Store, network: str) -> list[Speed]:
    """Return the speed of a network on each data set that its trials were trained on."""
    dataset = Trial.dataset["title"].as_string().label("dataset")
    images = Trial.dataset[("images", "train")].as_integer().label("images")
    name = Trial.network["name"].as_string()
    paper = network_name(None)
    query = (
        select(dataset, images, func.count(Epoch.epoch), func.avg(Epoch.seconds))
        .join(Epoch, Epoch.job_id == Trial.job_id)
        .where(func.coalesce(name, paper, type_=String()) == network)
        .group_by(dataset, images)
        .order_by(dataset, images.cast(Integer))
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    return [
        Speed(title or "no data set", count or 0, number, seconds)
        for title, count, number, seconds in rows
    ]
