"""The command line in empty directories, with real processes behind it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.command_line import Runner, processes_of


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """Offer the command line in an empty directory, and check that it leaves no process."""
    command = Runner(tmp_path)
    yield command
    command("down")
    assert processes_of(tmp_path) == []


@pytest.fixture
def runner_in(tmp_path: Path) -> Callable[..., Runner]:
    """Offer command lines in several empty directories, as on several hosts."""

    def make(name: str, **variables: str) -> Runner:
        (tmp_path / name).mkdir()
        return Runner(tmp_path / name, **variables)

    return make
