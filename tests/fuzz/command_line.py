"""The command line, called in this process with a home of its own that holds a few results."""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from runner.cli import main
from runner.errors import ExitCode
from runner.store.engine import Store, open_store
from tests.runner.reports.stored import store_evaluation, store_explanation, store_tune
from tests.runner.store.making import rows

PROJECTS_OWN = {int(code) for code in ExitCode} - {int(ExitCode.INTERRUPTED)}


@dataclass(frozen=True)
class CommandLine:
    """Call commands and check what holds of every one of them."""

    directory: Path
    store: Store

    def __call__(self, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> int:
        """Return the exit code; a command that is refused must leave no row behind."""
        before = self._rows()
        code, words = self._run(arguments, variables or {})
        assert code in PROJECTS_OWN, f"{code}: {words}"
        assert "Traceback" not in words, words
        if code in (ExitCode.USAGE, ExitCode.UNAVAILABLE):
            assert self._rows() == before, words
        return code

    def _rows(self) -> tuple[int, ...]:
        return tuple(rows(self.store, table) for table in ("experiments", "jobs", "trials"))

    def _run(self, arguments: Sequence[str], variables: Mapping[str, str]) -> tuple[int, str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RUNNER_")}
        environment |= {"RUNNER_HOME": str(self.directory / "home"), **variables}
        words = io.StringIO()
        with (
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch.object(sys, "argv", ["runner", *arguments]),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO())),
            contextlib.chdir(self.directory),
            contextlib.redirect_stdout(words),
            contextlib.redirect_stderr(words),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int)
        return code, words.getvalue()


@pytest.fixture(scope="module")
def command_line(upgraded_file: Path) -> Iterator[CommandLine]:
    """Offer the command line where there are trials, an evaluation and an explanation."""
    memory = Path("/dev/shm")  # noqa: S108 (a directory of its own is made there)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        home = Path(directory) / "home"
        home.mkdir()
        store = open_store(f"sqlite:///{shutil.copy(upgraded_file, home / 'runner.db')}")
        store_tune(store, [[0.3, 0.5], [0.4, 0.2], [0.6, 0.7]])
        store_evaluation(store)
        store_explanation(store)
        pixels = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
        np.savez(Path(directory) / "good.npz", images=pixels, labels=np.arange(40) % 4)
        yield CommandLine(Path(directory), store)
        store.close()
