"""An experiment in Python: its state, waiting for its end with a progress bar, its results."""

import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from runner.api.delivery import experiment_document
from runner.api.home import Home
from runner.api.selection import Where
from runner.api.waiting import Outage, Waiting
from runner.local.liveness import why_nothing_runs
from runner.specs import Configuration
from runner.states import FINAL, JobState
from runner.store import queries
from runner.store.engine import StoreUnavailable
from runner.store.lifecycle import control
from runner.store.lifecycle.tuning.asking import ENDS
from runner.store.queries.progress import Progress, progress_of
from runner.store.queries.tuning.races import evaluation_of

if TYPE_CHECKING:
    import pandas as pd

    from runner.api.display import Report

LOOK_SECONDS = 0.5
MOST_REASONS = 3


class JobsFailedError(Exception):
    """Report jobs that failed or were cancelled: what, what was expected, how to fix it."""

    def __init__(self, experiment: int, what: str) -> None:
        self.experiment = experiment
        self.what = what
        self.expected = "that every job succeeds; wait(check=False) does not require it"
        self.fix = f"see .jobs(); `runner retry {experiment}` runs them again"
        super().__init__(f"{what}\nexpected: {self.expected}\nto fix it: {self.fix}")


@dataclass(frozen=True, slots=True)
class State:
    """The state of an experiment in one word, and the number of its jobs in each state.

    The word is `pending` before the first job starts, `running` or `paused` until all have ended,
    then `failed` if one failed, `cancelled` if one was cancelled, else `succeeded`.
    """

    word: str
    pending: int
    running: int
    succeeded: int
    failed: int
    cancelled: int

    def __str__(self) -> str:
        counts = {state: getattr(self, state) for state in JobState}
        return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


class Experiment:
    """An experiment in a store, by its number."""

    def __init__(self, home: Home, number: int) -> None:
        self._home = home
        self.number = number

    @property
    def kind(self) -> str:
        """Return train, tune, evaluate or explain."""
        return queries.experiment(self._home.store, self.number).kind

    @property
    def state(self) -> State:
        """Return its state now."""
        found = queries.experiment(self._home.store, self.number)
        return State(_word(found), **found.states)

    def wait(
        self,
        timeout: float | None = None,
        *,
        start_workers: bool = True,
        progress: bool = True,
        check: bool = True,
    ) -> Self:
        """Wait until every job has ended, with a progress bar; return this experiment.

        If no workers are running, local ones are started and stopped again at the end, unless
        `start_workers` is false. Raises TimeoutError after `timeout` seconds; the jobs stay as they
        are. Raises JobsFailedError if a job failed or was cancelled, unless `check` is false.
        """
        settings, store = self._home.settings, self._home.store
        keeping = Waiting(settings, store, _warn) if start_workers else nullcontext()
        deadline = None if timeout is None else time.monotonic() + timeout
        with keeping as waiting, _bar(self.number, shown=progress) as bar:
            for found in self._looks():
                if found is not None:
                    _show(bar, found)
                    if found.ended:
                        break
                if waiting is not None:
                    waiting.look()
                if deadline is not None and time.monotonic() >= deadline:
                    raise TimeoutError(
                        f"experiment {self.number} has not ended after {timeout:g} s: {self.state}"
                    )
            evaluation = self._evaluation()
            if evaluation is not None:
                left = None if deadline is None else deadline - time.monotonic()
                evaluation.wait(left, start_workers=False, progress=progress, check=check)
        if check:
            self._check()
        return self

    def cancel(self) -> "State":
        """Cancel the jobs that have not ended; those that run stop at the next heartbeat."""
        control.cancel(self._home.store, control.Target(experiment=self.number))
        return self.state

    def jobs(self) -> "pd.DataFrame":
        """Return one row for each job, with its state and the reason if it failed."""
        from runner.api.frames.table import frame_of_rows, types_of
        from runner.reports.records import Job, plain

        found = experiment_document(self._home.store, self.number).jobs
        return frame_of_rows(map(plain, found), types_of(Job))

    def trials(self, where: Where = ()) -> "pd.DataFrame":
        """Return the trials that it trained."""
        return self._frame("trials", where)

    def epochs(self) -> "pd.DataFrame":
        """Return the epochs of its trials."""
        return self._frame("epochs")

    def evaluations(self) -> "pd.DataFrame":
        """Return its evaluations."""
        return self._frame("evaluations")

    def predictions(self) -> "pd.DataFrame":
        """Return what its evaluations predicted for each image."""
        return self._frame("predictions")

    def explanations(self) -> "pd.DataFrame":
        """Return its explanations."""
        return self._frame("explanations")

    def report(self) -> "Report":
        """Return its report, which a notebook shows with its figures."""
        from runner.api.display import Report

        return Report(self._home.store, self.number)

    def _frame(self, what: str, where: Where = ()) -> "pd.DataFrame":
        from runner.api.frames.reading import read

        return read(self._home.store, what, self.number, where)

    def _looks(self) -> Iterator[Progress | None]:
        """Yield how far the experiment is, now and then; None while the database is away."""
        outage = Outage()
        while True:
            found = None
            try:
                found = progress_of(self._home.store, self.number)
                outage.end()
            except StoreUnavailable as error:
                outage.seconds(error)
            yield found
            time.sleep(LOOK_SECONDS)

    def _evaluation(self) -> "Experiment | None":
        """Return the experiment with the test score of what a race has named, if there is one."""
        with self._home.store.read() as connection:
            number = evaluation_of(connection, self.number)
        return None if number is None else Experiment(self._home, number)

    def _check(self) -> None:
        state = self.state
        ended_badly = [
            job
            for job in queries.jobs(self._home.store, self.number)
            if job.state in FINAL and job.state != JobState.SUCCEEDED and job.reason not in ENDS
        ]
        if not ended_badly:
            return
        reasons = [f"job {job.id}: {job.reason}" for job in ended_badly if job.reason]
        more = "".join(f"\n  {reason}" for reason in reasons[:MOST_REASONS])
        raise JobsFailedError(self.number, f"experiment {self.number}: {state}{more}")

    def _words(self) -> str:
        found = queries.experiment(self._home.store, self.number)
        title = Configuration(found.configuration).dataset.title
        about = ", ".join(filter(None, (found.kind, title, str(self.state))))
        words = f"experiment {self.number}: {about}"
        if any(found.states[state] for state in JobState if state not in FINAL):
            why = why_nothing_runs(self._home.settings, self._home.store)
            words += f" ({why}, or wait for it with .wait())" if why else ""
        return words

    def __repr__(self) -> str:
        return f"<runner {self._words()}>"

    def _repr_html_(self) -> str:
        from runner.api.display import experiment_html

        return experiment_html(self._home.store, self.number, self._words())


def _word(found: queries.Experiment) -> str:
    states = found.states
    if any(states[state] for state in JobState if state not in FINAL):
        if found.paused_at is not None:
            return "paused"
        return "pending" if states[JobState.PENDING] == found.jobs else "running"
    ends = (JobState.FAILED, JobState.CANCELLED, JobState.SUCCEEDED)
    return next(str(state) for state in ends if states[state])


def _warn(words: str) -> None:
    warnings.warn(words.removeprefix("warning: "), stacklevel=2)


@contextmanager
def _bar(number: int, *, shown: bool) -> Iterator[Any]:
    """Offer a bar for a notebook or a terminal."""
    with warnings.catch_warnings():
        # Without ipywidgets a notebook has a bar of text, which is as good.
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm
    with tqdm(desc=f"experiment {number}", disable=not shown) as bar:
        yield bar


def _show(bar: Any, found: Progress) -> None:
    if bar.disable:
        return
    counts = ", ".join(f"{count} {state}" for state, count in found.states.items() if count)
    words = f"{counts}, {found.best_text}" if found.best_text else counts
    changed = (bar.total, bar.n, bar.postfix) != (found.total, found.done, words)
    bar.total, bar.n, bar.unit = found.total, found.done, found.unit
    bar.set_postfix_str(words, refresh=False)
    # What is no terminal would get a line each time.
    if changed or sys.stderr.isatty():
        bar.refresh()
