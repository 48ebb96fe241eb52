"""Show an experiment under way as a table that is painted again and again."""

import time
from types import TracebackType
from typing import Self

from runner.api.waiting import Outage
from runner.cli.live.layout import duration, lay_out
from runner.cli.live.scene import Source
from runner.cli.live.screen import Screen
from runner.settings import Settings
from runner.store.engine import Store, StoreUnavailable

# How long a warning is shown at least.
READ_SECONDS = 30.0


class LiveTable:
    """The live view of one experiment on a terminal."""

    def __init__(self, settings: Settings, store: Store, experiment_id: int) -> None:
        self._experiment_id = experiment_id
        self._source = Source(settings, store, experiment_id)
        self._scene = self._source.read()
        self._screen = Screen()
        self._said, self._said_at = "", 0.0
        self._outage = Outage()

    def say(self, words: str) -> None:
        """Show a warning, until there is a newer one or it has been read and jobs run."""
        self._said, self._said_at = words, time.monotonic()

    def show(self) -> bool:
        """Show the current state; return whether every job has ended.

        Raises StoreUnavailable if the database has been away for a long time.
        """
        notices: list[str] = []
        try:
            self._scene = self._source.read()
        except StoreUnavailable as error:
            notices.append(self._away(error))
        else:
            self._outage.end()
        progress = self._scene.progress
        if progress.paused and not progress.ended:
            command = f"`runner resume {self._experiment_id}`"
            notices.append(f"paused: no new job starts until {command}")
        if self._scene.jobs and time.monotonic() - self._said_at > READ_SECONDS:
            self._said = ""
        notices += [self._said] if self._said else []
        self._screen.paint(lay_out(self._scene, notices, self._screen.size()))
        return not self._outage.goes_on and progress.ended

    def _away(self, error: StoreUnavailable) -> str:
        """Return that the database is away, for which the workers wait as well."""
        since = duration(self._outage.seconds(error))
        return f"warning: waiting for the database ({since}): {error.what}"

    def __enter__(self) -> Self:
        self._screen.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._screen.__exit__(kind, error, trace)
