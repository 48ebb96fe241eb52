"""Several worker processes that search together."""

from collections.abc import Callable
from pathlib import Path

from runner.settings import Settings
from runner.states import JobState
from runner.store import queries
from workers import context, tasks
from workers.app import app


def work(url: str, home: Path, experiment: int) -> Callable[[int], None]:
    """Return what one of several worker processes does: every job that it gets."""

    def go(worker: int) -> None:
        variables = {"RUNNER_HOME": str(home), "RUNNER_HEARTBEAT_SECONDS": "0.1"}
        made = context.start(Settings.from_environment(variables | {"RUNNER_DATABASE_URL": url}))
        app.conf.task_always_eager = True
        while pending := [
            job for job in queries.jobs(made.store, experiment) if job.state == JobState.PENDING
        ]:
            # Not all the same job: only one could have it.
            tasks.tune.apply(args=(pending[worker % len(pending)].id,), throw=True)
        context.stop()

    return go
