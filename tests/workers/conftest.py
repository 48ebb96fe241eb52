"""A worker's context in this process, with tasks that run where they are called."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.settings import Settings
from runner.store.engine import upgrade
from workers import context
from workers.app import app
from workers.context import Context
from workers.drain import drain


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Context]:
    """Make this process a worker with an empty store; Celery's tasks run eagerly."""
    settings = Settings.from_environment(
        {"RUNNER_HOME": str(tmp_path), "RUNNER_HEARTBEAT_SECONDS": "0.1"}
    )
    app.conf.task_always_eager = True
    upgrade(settings.database_url)
    yield context.start(settings)
    context.stop()
    drain.clear()
