"""How long an epoch of a network took so far, by data set."""

from dataclasses import dataclass

from sqlalchemy import Integer, String, func, select

from runner.specs import network_name
from runner.store.engine import Store
from runner.store.schema import Epoch, Trial


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
