"""The document of the page of experiments: how far each is, its best trial, and the workers."""

from dataclasses import dataclass

from runner.local.liveness import local_trouble, unmet_needs, workers_alive
from runner.settings import Settings
from runner.specs import Configuration
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries.progress import Progress, progress_of

MOST_EXPERIMENTS = 500


@dataclass(frozen=True, slots=True)
class Line:
    """An experiment with its progress; `done` and `total` count units, epochs or jobs.

    With `folds`, `best` is the best mean of a point over so many.
    """

    experiment: int
    name: str | None
    tags: list[str]
    note: str | None
    kind: str
    dataset: str
    created_at: str
    paused: bool
    archived: bool
    jobs: int
    states: dict[str, int]
    unit: str
    done: int
    total: int
    seconds_left: float | None
    metric: str
    best: float | None
    folds: int | None


@dataclass(frozen=True, slots=True)
class Running:
    """A worker and the device it uses."""

    name: str
    host: str
    device: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The newest experiments, the workers, and what keeps jobs from being worked on."""

    store: str
    experiments: list[Line]
    workers: list[Running]
    trouble: str | None
    waiting: str | None


class Overviews:
    """Build overviews; the progress of what has ended is computed once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ended: dict[tuple[int, str], Progress] = {}

    def build(self, store: Store) -> Overview:
        """Return the overview of a store."""
        alive = workers_alive(self._settings, store)
        found = queries.experiments(store, MOST_EXPERIMENTS)
        return Overview(
            store=store.name,
            experiments=[self._line(store, each) for each in found],
            workers=[Running(worker.name, worker.host, worker.device) for worker in alive],
            trouble=local_trouble(self._settings),
            waiting=unmet_needs(store, alive) if alive else None,
        )

    def _line(self, store: Store, found: queries.Experiment) -> Line:
        progress = self._progress(store, found)
        return Line(
            experiment=found.id,
            name=found.name,
            tags=found.tags,
            note=found.note,
            kind=found.kind,
            dataset=Configuration(found.configuration).dataset.title,
            created_at=found.created_at.isoformat(timespec="seconds"),
            paused=found.paused_at is not None,
            archived=found.archived_at is not None,
            jobs=found.jobs,
            states=found.states,
            unit=progress.unit,
            done=progress.done,
            total=progress.total,
            seconds_left=progress.seconds_left,
            metric=progress.metric,
            best=progress.best,
            folds=progress.folds,
        )

    def _progress(self, store: Store, found: queries.Experiment) -> Progress:
        # Jobs of an ended experiment may be retried: then their states are others.
        key = found.id, repr(found.states)
        if key not in self._ended:
            progress = progress_of(store, found.id)
            if not progress.ended:
                return progress
            self._ended[key] = progress
        return self._ended[key]
