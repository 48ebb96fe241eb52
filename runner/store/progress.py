"""How far an experiment is: what a progress bar shows."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, func, literal, select

from cifar_model.params import Params
from runner.states import FINAL, Kind
from runner.store import queries, schema
from runner.store.engine import Store


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an experiment is: in epochs while it trains, else in jobs."""

    states: dict[str, int]
    unit: str
    done: int
    total: int
    best_val_accuracy: float | None
    paused: bool

    @property
    def ended(self) -> bool:
        """Tell whether every job is in a final state."""
        return sum(self.states.values()) == sum(self.states[state] for state in FINAL)


def progress_of(store: Store, experiment_id: int) -> Progress:
    """Return how far an experiment is; a job that ended counts with all its epochs."""
    found = queries.experiment(store, experiment_id)
    paused = found.paused_at is not None
    if found.kind not in (Kind.TRAIN, Kind.TUNE):
        done = sum(found.states[state] for state in FINAL)
        return Progress(found.states, "job", done, found.jobs, None, paused)
    of_experiment = schema.Job.experiment_id == experiment_id
    has_ended = schema.Job.state.in_(FINAL)
    planned = func.coalesce(func.sum(_planned_epochs(found.configuration["epochs"])), 0)
    recorded = (
        select(func.count())
        .select_from(schema.Epoch)
        .join(schema.Job, schema.Job.id == schema.Epoch.job_id)
    )
    best = select(func.max(schema.Trial.best_val_accuracy)).join(
        schema.Job, schema.Job.id == schema.Trial.job_id
    )
    with store.read() as connection:
        total = connection.scalars(select(planned).where(of_experiment)).one()
        ended = connection.scalars(select(planned).where(of_experiment, has_ended)).one()
        under_way = connection.scalars(recorded.where(of_experiment, ~has_ended)).one()
        best_val_accuracy = connection.scalar(best.where(of_experiment))
    return Progress(found.states, "epoch", ended + under_way, total, best_val_accuracy, paused)


def _planned_epochs(override: int | None) -> ColumnElement[int]:
    """Return how many epochs a job trains: as all do, or as its params say, or by default."""
    if override is not None:
        return literal(override, Integer())
    own = schema.Job.configuration[("params", "epochs")].as_integer()
    return func.coalesce(own, Params().epochs)
