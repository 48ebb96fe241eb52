"""What an experiment has used of its time and epochs, and how long an epoch took so far."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, String, func, select

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
    epochs = select(func.coalesce(func.sum(trained_epochs()), 0)).select_from(Job)
    epochs = epochs.outerjoin(Trial, Trial.job_id == Job.id)
    return Spent(
        0.0 if started is None or ended is None else (ended - started).total_seconds(),
        connection.scalars(epochs.where(of_experiment, Trial.reused.is_(None))).one(),
    )


def trained_epochs() -> ColumnElement[int]:
    """Return the epochs of a job, in a query with its trial: that has counted them."""
    stored = select(func.count()).where(Epoch.job_id == Job.id).scalar_subquery()
    return func.coalesce(Trial.epochs, stored)


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
        select(dataset, images, func.sum(Trial.epochs), func.sum(Trial.seconds))
        .where(func.coalesce(name, paper, type_=String()) == network)
        .group_by(dataset, images)
        .order_by(dataset, images.cast(Integer))
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    return [
        Speed(title or "no data set", count or 0, epochs, seconds / epochs)
        for title, count, epochs, seconds in rows
    ]
