"""What a search asked for the jobs of an experiment, and the one write that adds a point to it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from cifar_model.objective import REPORTED, reported_in
from runner.specs import job_configuration
from runner.states import JobState
from runner.store.engine import Store
from runner.store.lifecycle.attempts import AttemptKey, beat
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.tuning.budget import EPOCHS_SPENT, HOURS_SPENT, WITHIN_BUDGET
from runner.store.lifecycle.tuning.folding import FOLDS_STOPPED
from runner.store.schema import Event, Experiment, Job, Trial

# The event of a job that says that its point was asked; counted, it is the length of the history.
ASKED = "asked"

EXHAUSTED = "space exhausted"
REDUCED = "removed by --reduce"

# Why an experiment ended before all its trials were begun; a job that ends for it has not failed.
ENDS = (EXHAUSTED, REDUCED, FOLDS_STOPPED, HOURS_SPENT, EPOCHS_SPENT)

# A job with one of these events has begun.
BEGUN = (ASKED, WITHIN_BUDGET)


class AskedMeanwhileError(Exception):
    """Say that a point was asked without knowing of one that was asked at the same moment."""


@dataclass(frozen=True, slots=True)
class SearchedJob:
    """A job of a search: what was asked for it, and the metrics of its trial.

    `asked` is None if it has no point yet; `metrics` if it has no trial.
    """

    number: int
    state: JobState
    trial: int | None
    asked: dict[str, Any] | None
    metrics: dict[str, float] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sampler answered for a job: an addition to its configuration, with its point's digest.

    `before` is how many points the sampler knew, None where that does not matter.
    """

    own: dict[str, Any]
    digest: str
    before: int | None


def read_search(store: Store, experiment_id: int) -> list[SearchedJob]:
    """Return the jobs of a search: those with a point in the order in which they were asked."""
    event = select(Event.job_id, func.min(Event.id).label("asked")).join(
        Job, Job.id == Event.job_id
    )
    of_experiment = (Job.experiment_id == experiment_id) & (Event.name == ASKED)
    order = event.where(of_experiment).group_by(Event.job_id).subquery()
    statement = (
        select(
            Job.number,
            Job.state,
            Job.configuration,
            Trial.id.label("trial"),
            *(getattr(Trial, name) for name in REPORTED),
            Trial.seconds,
        )
        .outerjoin(Trial, Trial.job_id == Job.id)
        .outerjoin(order, order.c.job_id == Job.id)
        .where(Job.experiment_id == experiment_id)
        .order_by(order.c.asked, Job.number)
    )
    with store.read() as connection:
        rows = connection.execute(statement).mappings().all()
    return [
        SearchedJob(
            row["number"],
            JobState(row["state"]),
            row["trial"],
            row["configuration"].get("asked"),
            None if row["trial"] is None else {**reported_in(dict(row)), "seconds": row["seconds"]},
        )
        for row in rows
    ]


def record_asked(store: Store, key: AttemptKey, answer: Answer) -> dict[str, Any] | None:
    """Store the point of a job before it is trained; return the job's configuration.

    None, and nothing is written, if the attempt is no longer open. Raises AskedMeanwhileError if
    the experiment has other points than the sampler knew.
    """
    with store.write() as connection:
        if not beat(connection, key):
            return None
        job = connection.execute(
            # Jobs before their experiment, like everybody who locks both.
            select(Job.experiment_id, Job.configuration)
            .where(Job.id == key.job_id)
            .with_for_update(key_share=True)
        ).one()
        # One at a time in an experiment. SQLite has locked everything.
        experiment = connection.execute(
            select(Experiment.configuration)
            .where(Experiment.id == job.experiment_id)
            .with_for_update()
        ).one()
        if "asked" in job.configuration:
            # The answer to the same call was lost.
            return job_configuration(experiment.configuration, job.configuration)
        if answer.before not in (None, _asked(connection, job.experiment_id)):
            raise AskedMeanwhileError
        configuration = {**job.configuration, **answer.own}
        connection.execute(
            update(Job)
            .where(Job.id == key.job_id)
            .values(configuration=configuration, point=answer.digest)
        )
        record_event(connection, [key.job_id], ASKED, attempt=key.number)
        return job_configuration(experiment.configuration, configuration)


def _asked(connection: Connection, experiment_id: int) -> int:
    jobs = select(Event.job_id).join(Job, Job.id == Event.job_id)
    asked = jobs.where(Job.experiment_id == experiment_id, Event.name == ASKED).subquery()
    return connection.scalars(select(func.count()).select_from(asked)).one()
