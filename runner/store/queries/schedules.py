"""The training schedules of an experiment's trials, counted by the database."""

from dataclasses import dataclass

from sqlalchemy import Integer, func, literal, select

from cifar_model.params import DEFAULTS
from runner.store.engine import Connection
from runner.store.schema import Experiment, Job


@dataclass(frozen=True, slots=True)
class Schedule:
    """The epochs, batch size, momentum and patience shared by a number of trials."""

    epochs: int
    batch_size: int
    batch_norm_momentum: float
    patience: int
    trials: int


def schedules(connection: Connection, experiment: int) -> list[Schedule]:
    """Return the distinct schedules of an experiment's trials, with their counts."""
    override = connection.scalar(
        select(Experiment.configuration["epochs"].as_integer()).where(Experiment.id == experiment)
    )
    epochs = func.coalesce(Job.configuration[("params", "epochs")].as_integer(), DEFAULTS["epochs"])
    batch_size = func.coalesce(
        Job.configuration[("params", "batch_size")].as_integer(), DEFAULTS["batch_size"]
    )
    momentum = func.coalesce(
        Job.configuration[("params", "batch_norm_momentum")].as_float(),
        DEFAULTS["batch_norm_momentum"],
    )
    patience = func.coalesce(
        Job.configuration[("params", "patience")].as_integer(), DEFAULTS["patience"]
    )
    each = (
        select(
            (epochs if override is None else literal(override, Integer())).label("epochs"),
            batch_size.label("batch_size"),
            momentum.label("batch_norm_momentum"),
            patience.label("patience"),
        )
        .where(Job.experiment_id == experiment)
        .subquery()
    )
    counted = select(*each.c, func.count().label("trials")).group_by(*each.c).order_by(*each.c)
    return [Schedule(**row) for row in connection.execute(counted).mappings()]
