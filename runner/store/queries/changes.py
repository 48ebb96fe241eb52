"""Whether anything has changed since the store was last read, found out cheaply."""

from sqlalchemy import func, select

from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.schema import Attempt, DeletedExperiment, Epoch, Event, Experiment


def changes(store: Store) -> str:
    """Return a text that is another one after a job or an epoch has started or ended.

    Names, tags, notes and the lives of workers are not in it.
    """
    newest_epoch = (
        select(func.max(Epoch.epoch)).where(Epoch.job_id == Attempt.job_id).scalar_subquery()
    )
    running = select(func.count(), func.sum(newest_epoch)).where(
        Attempt.state == AttemptState.RUNNING
    )
    counts = select(
        select(func.max(Event.id)).scalar_subquery(),
        select(func.max(Experiment.id)).scalar_subquery(),
        select(func.count()).select_from(DeletedExperiment).scalar_subquery(),
    )
    with store.read() as connection:
        found = (*connection.execute(counts).one(), *connection.execute(running).one())
    return "-".join(map(str, found))
