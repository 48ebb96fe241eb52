"""What a search asked for the jobs of an experiment, and the one write that adds a point to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update

from cifar_model.objective import REPORTED, reported_in
from runner.searches import is_unasked
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
class Searched:
    """A point of a search, or what is to be one: what was asked, and what came of it.

    It has one job, or one for each fold; the state is the one that is farthest from the end.
    `asked` is None while it has no params. `metrics` are those of the trials of its jobs, and
    `trial` is the newest of these; both have nothing while one of the jobs has no trial.
    """

    number: int
    state: JobState
    asked: dict[str, Any] | None
    trial: int | None
    metrics: list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sampler answered: params, what it was told before, and the digest for each job.

    `before` is how many points the sampler knew, None where that does not matter.
    """

    params: dict[str, Any]
    asked: dict[str, Any]
    digests: Sequence[str]
    before: int | None


def point_number(number: int, folds: int) -> int:
    """Return the number of the point of a job: the folds of a point have consecutive numbers."""
    return (number - 1) // folds + 1


def read_search(store: Store, experiment_id: int, folds: int) -> list[Searched]:
    """Return the points of a search, in the order in which they were asked."""
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
    points: dict[int, list[RowMapping]] = {}
    for row in rows:
        points.setdefault(point_number(row["number"], folds), []).append(row)
    return [_searched(number, jobs) for number, jobs in points.items()]


def _searched(number: int, jobs: Sequence[RowMapping]) -> Searched:
    states = {JobState(job["state"]) for job in jobs}
    metrics = [
        {**reported_in(dict(job)), "seconds": job["seconds"]}
        for job in jobs
        if job["trial"] is not None
    ]
    whole = len(metrics) == len(jobs)
    return Searched(
        number=number,
        state=next(state for state in JobState if state in states),
        asked=next(
            (job["configuration"]["asked"] for job in jobs if "asked" in job["configuration"]), None
        ),
        trial=max(job["trial"] for job in jobs) if whole else None,
        metrics=metrics if whole else [],
    )


def read_asked(store: Store, job_id: int) -> dict[str, Any] | None:
    """Return the configuration of a job if it has a point by now."""
    both = select(Experiment.configuration.label("common"), Job.configuration.label("own"))
    query = both.join(Job, Job.experiment_id == Experiment.id).where(Job.id == job_id)
    with store.read() as connection:
        found = connection.execute(query).one()
    configuration = job_configuration(found.common, found.own)
    return None if is_unasked(configuration) else configuration


def record_asked(store: Store, key: AttemptKey, answer: Answer) -> bool:
    """Store the point of a job, and of the other folds of its point, before they are trained.

    Returns False, and nothing is written, if the attempt is no longer open. Raises
    AskedMeanwhileError if the job has a point, or the experiment others than the sampler knew.
    """
    with store.write() as connection:
        if not beat(connection, key):
            return False
        own = connection.execute(
            select(Job.experiment_id, Job.number).where(Job.id == key.job_id)
        ).one()
        folds = len(answer.digests)
        last = point_number(own.number, folds) * folds
        # Jobs before their experiment, like everybody who locks both.
        jobs = connection.execute(
            select(Job.id, Job.configuration)
            .where(
                Job.experiment_id == own.experiment_id,
                Job.number.between(last - folds + 1, last),
            )
            .order_by(Job.id)
            .with_for_update(key_share=True)
        ).all()
        # One at a time in an experiment. SQLite has locked everything.
        experiment = select(Experiment.id).where(Experiment.id == own.experiment_id)
        connection.execute(experiment.with_for_update()).one()
        known = _asked(connection, own.experiment_id)
        if "params" in jobs[0].configuration or answer.before not in (None, known // folds):
            raise AskedMeanwhileError
        for job, digest in zip(jobs, answer.digests, strict=True):
            added = {"params": answer.params}
            added |= {"asked": answer.asked} if job.id == key.job_id else {}
            values = {"configuration": {**job.configuration, **added}, "point": digest}
            connection.execute(update(Job).where(Job.id == job.id).values(values))
        record_event(connection, [key.job_id], ASKED, attempt=key.number)
        record_event(connection, [job.id for job in jobs if job.id != key.job_id], ASKED)
    return True


def _asked(connection: Connection, experiment_id: int) -> int:
    """Return how many jobs have a point."""
    jobs = select(Event.job_id).join(Job, Job.id == Event.job_id)
    asked = jobs.where(Job.experiment_id == experiment_id, Event.name == ASKED).subquery()
    return connection.scalars(select(func.count()).select_from(asked)).one()
