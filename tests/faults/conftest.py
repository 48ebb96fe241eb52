"""A scene on either database, and the trial that nobody interrupted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command_line import Runner
from tests.faults.scene import Scene


@pytest.fixture
def scene(runner: Runner, sqlite_url: str) -> Iterator[Scene]:
    """Offer a scene on SQLite."""
    scene = Scene(runner, sqlite_url)
    yield scene
    scene.close()


@pytest.fixture
def either_scene(runner: Runner, database_url: str) -> Iterator[Scene]:
    """Offer a scene, once on either database."""
    scene = Scene(runner, database_url)
    yield scene
    scene.close()


@pytest.fixture
def scene_on_postgresql(runner: Runner, postgresql_url: str) -> Iterator[Scene]:
    """Offer a scene on PostgreSQL."""
    scene = Scene(runner, postgresql_url)
    yield scene
    scene.close()


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[tuple[Any, ...]]]:
    """Train the trial once without any fault; return its outcome."""
    directory: Path = tmp_path_factory.mktemp("uninterrupted")
    scene = Scene(Runner(directory), f"sqlite:///{directory / 'runner.db'}")
    job = scene.submit("--wait")
    outcome = scene.outcome(job)
    scene.close()
    assert len(outcome[1]) > 1
    return outcome
