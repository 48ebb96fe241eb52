"""What the live view shows of an experiment at one moment, read from the store."""

import time
from dataclasses import dataclass

from runner.local.liveness import workers_alive
from runner.settings import Settings
from runner.specs import Configuration
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries import running
from runner.store.queries.progress import Progress, progress_of
from runner.store.queries.tuning.folds import BestPoint


@dataclass(frozen=True, slots=True)
class Working:
    """A worker that is alive, and the experiment and job that it works on, if any."""

    worker: str
    device: str
    experiment: int | None
    job: int | None


@dataclass(frozen=True, slots=True)
class Scene:
    """An experiment at one moment; `differing` are the names of the params that differ."""

    experiment: int
    name: str | None
    kind: str
    dataset: str
    progress: Progress
    elapsed: float
    seconds_left: float | None
    best: running.BestTrial | BestPoint | None
    jobs: list[running.RunningJob]
    workers: list[Working]
    differing: list[str]


class Source:
    """Read scene after scene of one experiment."""

    def __init__(self, settings: Settings, store: Store, experiment_id: int) -> None:
        self._settings = settings
        self._store = store
        self._experiment = queries.experiment(store, experiment_id)
        self._trains = self._experiment.kind in (Kind.TRAIN, Kind.TUNE)
        self._differing = running.differing_params(store, experiment_id) if self._trains else []
        self._pace = Pace(progress_of(store, experiment_id))
        self._began = time.monotonic()

    def read(self) -> Scene:
        """Return the experiment as it is now; raise StoreUnavailable if the database is away."""
        number = self._experiment.id
        progress = progress_of(self._store, number)
        attempts = running.open_attempts(self._store)
        busy = {attempt.worker: attempt for attempt in attempts}
        workers = []
        for worker in workers_alive(self._settings, self._store):
            attempt = busy.get(worker.name)
            workers.append(
                Working(
                    worker=short_name(worker.name),
                    device=worker.device,
                    experiment=attempt.experiment if attempt else None,
                    job=attempt.job if attempt else None,
                )
            )
        ours = [attempt for attempt in attempts if attempt.experiment == number]
        return Scene(
            experiment=number,
            name=self._experiment.name,
            kind=self._experiment.kind,
            dataset=Configuration(self._experiment.configuration).dataset.title,
            progress=progress,
            elapsed=time.monotonic() - self._began,
            seconds_left=self._pace.seconds_left(progress),
            best=self._best(progress) if self._trains else None,
            jobs=running.running_jobs(self._store, ours),
            workers=workers,
            differing=self._differing,
        )

    def _best(self, progress: Progress) -> running.BestTrial | BestPoint | None:
        if progress.folds is not None:
            return progress.point
        return running.best_trial(self._store, self._experiment.id)


class Pace:
    """Estimate the time that is left, from stored epochs and from what was seen since it began."""

    def __init__(self, progress: Progress) -> None:
        self._joined_at, self._joined_with = time.monotonic(), progress.done

    def seconds_left(self, progress: Progress) -> float | None:
        """Return the time that is left: as the stored epochs say or as was seen, what is longer.

        What was seen alone is too short for who joins just before an epoch ends, and the seconds
        of epochs leave out what is between them. None while nothing runs or is known.
        """
        if progress.paused or not progress.states["running"]:
            return None
        known = [] if progress.seconds_left is None else [progress.seconds_left]
        if seen := progress.done - self._joined_with:
            known.append(progress.left * (time.monotonic() - self._joined_at) / seen)
        return max(known, default=None)


def short_name(worker: str) -> str:
    """Return the host and the pid of a worker, without the boot and namespace of its name."""
    parts = worker.split("/")
    return f"{parts[0]}:{parts[3]}" if len(parts) == 5 else worker
