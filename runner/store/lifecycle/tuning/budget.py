"""Which jobs an experiment still begins: those that fit its hours and its epochs."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, select

from cifar_model.params import DEFAULTS
from runner.searches import budget_of, is_unasked
from runner.specs import job_configuration
from runner.states import FINAL, JobState
from runner.store.engine import Store
from runner.store.lifecycle.attempts import AttemptKey, beat
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.tuning.pending import cancel_pending
from runner.store.queries.spending import seconds_since_start, trained_epochs
from runner.store.schema import Event, Experiment, Job, Trial

# The event of a job that says that it fits the budget: it is then trained to its end.
WITHIN_BUDGET = "within_budget"

HOURS_SPENT = "budget spent: hours"
EPOCHS_SPENT = "budget spent: epochs"


def planned_epochs(configuration: Mapping[str, Any]) -> int:
    """Return the epochs that a job trains, by its `job_configuration`; 1 if it has no point yet."""
    if is_unasked(configuration):
        return 1
    own, override = configuration["params"].get("epochs"), configuration.get("epochs")
    return int(override or own or DEFAULTS["epochs"] or 1)


def fits_budget(store: Store, key: AttemptKey, experiment_id: int) -> str | None:
    """Record that a job fits the budget; return which part of it is spent if it does not.

    A job that was found to fit once always does. One without a point is not recorded: it is asked
    about again when it has one.
    """
    with store.write() as connection:
        if not beat(connection, key):
            return None
        # One at a time in an experiment. SQLite has locked everything.
        chosen = select(Experiment.configuration).where(Experiment.id == experiment_id)
        common = connection.scalars(chosen.with_for_update()).one()
        own = connection.scalars(select(Job.configuration).where(Job.id == key.job_id)).one()
        configuration = job_configuration(common, own)
        recorded = select(Event.id).where(Event.job_id == key.job_id, Event.name == WITHIN_BUDGET)
        if connection.scalar(recorded) is not None:
            return None
        hours, epochs = budget_of(common)
        if hours is not None and seconds_since_start(connection, experiment_id) >= hours * 3600:
            return HOURS_SPENT
        used = _used_epochs(connection, experiment_id, common)
        if epochs is not None and used + planned_epochs(configuration) > epochs:
            return EPOCHS_SPENT
        if not is_unasked(configuration):
            record_event(connection, [key.job_id], WITHIN_BUDGET, attempt=key.number)
        return None


def _used_epochs(connection: Connection, experiment_id: int, common: dict[str, Any]) -> int:
    """Return the epochs of the jobs that were begun: all that they will train, until they ended."""
    within = exists().where(Event.job_id == Job.id, Event.name == WITHIN_BUDGET)
    begun = (
        select(Job.state, Job.configuration, trained_epochs().label("trained"))
        .outerjoin(Trial, Trial.job_id == Job.id)
        .where(Job.experiment_id == experiment_id, within, Trial.reused.is_(None))
    )
    return sum(
        row.trained
        if row.state in FINAL
        else planned_epochs(job_configuration(common, row.configuration))
        for row in connection.execute(begun)
    )


def end_unbegun(
    store: Store, key: AttemptKey, experiment_id: int, reason: str, begun: Sequence[str]
) -> None:
    """Cancel the pending jobs of an experiment that have none of these events, for this reason."""
    with store.write() as connection:
        if not beat(connection, key):
            return
        has_begun = exists().where(Event.job_id == Job.id, Event.name.in_(begun))
        pending = (
            select(Job.id)
            .where(
                Job.experiment_id == experiment_id,
                Job.state == JobState.PENDING,
                ~has_begun,
            )
            .order_by(Job.id)
            .with_for_update(key_share=True)
        )
        jobs = list(connection.scalars(pending))
        cancel_pending(connection, jobs, reason)
        record_event(connection, jobs, "cancelled", detail=reason)
