"""The progress of one experiment: a moving bar on a terminal, else a line now and then."""

import io
import sys
import time
from types import TracebackType
from typing import NoReturn, Self

import click
from tqdm import tqdm

from runner.api.waiting import Outage
from runner.cli.live.scene import Pace
from runner.cli.wording.fitting import columns_of, wrapped
from runner.store.engine import Store, StoreUnavailable
from runner.store.queries.progress import Progress, has_ended, progress_of

FORMAT = "{desc} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} {unit} [{elapsed}<ETA]{postfix}"
LINE_SECONDS = 10.0


class Bar:
    """Show how far an experiment is, on stderr."""

    def __init__(self, store: Store, experiment_id: int) -> None:
        self._store = store
        self._experiment_id = experiment_id
        self._moves = sys.stderr.isatty()
        self._line_at = time.monotonic()
        self._said_paused = False
        self._outage = Outage()
        progress = progress_of(store, experiment_id)
        self._pace = Pace(progress)
        self._bar: tqdm[NoReturn] = tqdm(
            total=progress.total,
            desc=f"experiment {experiment_id}",
            unit=progress.unit,
            bar_format=FORMAT.replace("ETA", "?"),
            file=sys.stderr if self._moves else io.StringIO(),
        )

    def show(self) -> bool:
        """Show the current state; return whether every job has ended.

        Raises StoreUnavailable if the database has been away for a long time.
        """
        try:
            if not (self._moves or self._is_due() or has_ended(self._store, self._experiment_id)):
                # Nothing is to be printed: the processor is the trials'.
                return False
            progress = progress_of(self._store, self._experiment_id)
        except StoreUnavailable as error:
            self._wait_for_store(error)
            return False
        self._outage.end()
        states = ", ".join(f"{count} {state}" for state, count in progress.states.items() if count)
        states += f", {progress.best_text}" if progress.best_text else ""
        states += ", paused" if progress.paused else ""
        self._bar.set_postfix_str(states, refresh=False)
        self._bar.bar_format = FORMAT.replace("ETA", self._eta(progress))
        self._bar.update(progress.done - self._bar.n)
        self._bar.refresh()
        if not self._moves and (progress.ended or self._is_due()):
            self._line_at = time.monotonic()
            click.echo(str(self._bar), err=True)
        self._say_paused(progress.paused)
        return progress.ended

    def _is_due(self) -> bool:
        """Return whether the next line is due; a bar that moves has none."""
        return time.monotonic() - self._line_at > LINE_SECONDS

    def _eta(self, progress: Progress) -> str:
        left = self._pace.seconds_left(progress)
        return "?" if left is None else tqdm.format_interval(left)

    def say(self, words: str) -> None:
        """Print a warning above the bar."""
        tqdm.write(wrapped(words, columns_of(sys.stderr)), file=sys.stderr)

    def _wait_for_store(self, error: StoreUnavailable) -> None:
        """Say once that the database is away, which workers wait for as well."""
        began_before = self._outage.goes_on
        self._outage.seconds(error)
        if not began_before:
            self.say(f"warning: waiting for the database: {error.what}")

    def _say_paused(self, paused: bool) -> None:
        """Say once that a pause is why nothing starts."""
        if paused and not self._said_paused:
            number = self._experiment_id
            self.say(
                f"experiment {number} is paused: no new job starts until `runner resume {number}`"
            )
        self._said_paused = paused

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()
