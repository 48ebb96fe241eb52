"""Send the jobs of a new experiment, and say what keeps them from being worked on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cifar_model.data import Description
from cifar_model.errors import printable
from runner.errors import UnavailableError
from runner.failpoints import failpoint
from runner.local.liveness import why_nothing_runs
from runner.local.run_dir import RunDir
from runner.reports.experiment.search import Search, Searched, search_of
from runner.reports.experiment.warnings import equal_points, experiment_warnings
from runner.reports.model import Note
from runner.reports.records import Job
from runner.searches import sampler_of
from runner.settings import Settings
from runner.specs import Configuration
from runner.store import queries
from runner.store.engine import Store

if TYPE_CHECKING:
    from runner.store.lifecycle.tuning.additions import Added
    from runner.submit.experiments import Saved


@dataclass(frozen=True, slots=True)
class StatusDocument:
    """An experiment and its jobs, as the JSON that `submit`, `status` and `watch` print."""

    experiment: int
    kind: str
    name: str | None
    tags: list[str]
    note: str | None
    archived: bool
    seed: int
    dataset: Description
    points: int | None
    different: int | None
    search: Search | None
    states: dict[str, int]
    paused: bool
    priority: int
    warnings: list[str]
    jobs: list[Job]


def submitted(store: Store, saved: "Saved") -> Iterator[Note]:
    """Yield what is to be said of an experiment that was just submitted, or was added to."""
    experiment_id, added = saved.experiment, saved.added
    experiment = queries.experiment(store, experiment_id)
    configuration = Configuration(experiment.configuration)
    jobs = "1 job" if experiment.jobs == 1 else f"{experiment.jobs} jobs"
    words = [experiment.kind, jobs, *filter(None, [configuration.dataset.title])]
    yield Note(printable(f"experiment {experiment_id}: {', '.join(words)}"))
    if added is not None:
        yield Note(_added(experiment_id, added))
        return
    if points := equal_points(configuration):
        yield Note(points)
    for text in warnings_of(store, experiment):
        yield Note(text, warning=True)


def _added(experiment_id: int, added: "Added") -> str:
    asked = "1 trial" if added.asked == 1 else f"{added.asked:,} trials"
    if not added.jobs:
        return f"experiment {experiment_id} has all of these {asked} already: nothing was added"
    there = added.asked - added.jobs
    before = f"; it already has {there:,} of the {asked} that were asked for" if there else ""
    jobs = "1 job" if added.jobs == 1 else f"{added.jobs:,} jobs"
    return f"{jobs} added to experiment {experiment_id}{before}"


def send_saved(settings: Settings, store: Store) -> Iterator[Note]:
    """Send what is pending, and yield what keeps it from being worked on.

    A broker that is away costs a warning only, because the jobs are saved.
    """
    run_dir = RunDir(settings.home)
    if settings.broker_url is None and not run_dir.is_supervised():
        yield Note("no worker is running: the jobs are saved; start workers with `runner up`")
        return
    # Celery, which only sending needs.
    from runner.queue.app import make_app
    from runner.queue.dispatch import send_pending

    try:
        send_pending(store, make_app(settings.broker_url or run_dir.broker_url))
    except UnavailableError as error:
        yield Note(f"{error.what}\n  to fix it: {error.fix}", warning=True)
        return
    failpoint("submit_sent")
    if (words := why_nothing_runs(settings, store)) is not None:
        yield Note(words)


def warnings_of(store: Store, experiment: queries.Experiment) -> list[str]:
    """Return the warnings of an experiment, such as too few steps for its momentum."""
    configuration = Configuration(experiment.configuration)
    with store.read() as connection:
        return experiment_warnings(connection, experiment.id, experiment.kind, configuration)


def experiment_document(
    store: Store, experiment_id: int, limit: int | None = None
) -> StatusDocument:
    """Return an experiment and its jobs: all, or so many, those of most interest first."""
    experiment = queries.experiment(store, experiment_id)
    configuration = Configuration(experiment.configuration)
    if limit is None or experiment.jobs <= limit:
        every = jobs = queries.jobs(store, experiment_id)
    else:
        jobs = queries.jobs_of_interest(store, experiment_id, limit)
        # What a search has found is counted over all jobs.
        is_search = sampler_of(configuration.stored) is not None
        every = queries.jobs(store, experiment_id) if is_search else []
    searched = (Searched("params" in job.configuration, job.reason) for job in every)
    return StatusDocument(
        experiment=experiment.id,
        kind=experiment.kind,
        name=experiment.name,
        tags=experiment.tags,
        note=experiment.note,
        archived=experiment.archived_at is not None,
        seed=experiment.seed,
        dataset=configuration.dataset,
        points=configuration.sampled,
        different=configuration.different,
        search=search_of(configuration, searched),
        states=dict(experiment.states),
        paused=experiment.paused_at is not None,
        priority=experiment.priority,
        warnings=warnings_of(store, experiment),
        jobs=[
            Job(job.id, job.number, job.state, job.attempts, job.reason, job.trial, job.reused)
            for job in jobs
        ],
    )
