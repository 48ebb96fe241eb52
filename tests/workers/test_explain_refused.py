"""An `explain` job that cannot be done fails with words that say what to do."""

import pytest
from click.testing import CliRunner

from runner.cli.submit import explain
from runner.states import JobState
from runner.store import queries
from tests.workers.test_tasks import train_one
from workers import tasks
from workers.attempt import JobFailedError
from workers.context import Context


def test_fewer_samples_than_superpixels_fail_the_job_with_how_many_it_takes(
    worker: Context,
) -> None:
    trial = str(train_one(worker).trial)
    arguments = ("--trial", trial, "--images", "0", "--samples", "10")
    environment = {
        "RUNNER_DATABASE_URL": worker.store.url,
        "RUNNER_HOME": str(worker.settings.home),
    }
    CliRunner().invoke(explain, arguments, env=environment, catch_exceptions=False)
    (job,) = queries.jobs(worker.store, 2)
    with pytest.raises(JobFailedError, match="10 samples are too few"):
        tasks.explain.apply(args=(job.id,), throw=True)
    (job,) = queries.jobs(worker.store, 2)
    assert job.state == JobState.FAILED
    assert job.reason is not None
    assert "use --samples" in job.reason
