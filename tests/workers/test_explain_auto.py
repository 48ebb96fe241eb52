"""`--samples auto`: an explanation is stored with the number of samples that it took."""

import json

import pytest
from click.testing import CliRunner

from cifar_model.explanation.attributions import FIRST_SAMPLES, LAST_SAMPLES
from runner.api.submit import ExplainRequest, new_experiment
from runner.cli.submit import explain
from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.store import queries
from tests.workers.test_tasks import train_one
from workers import tasks
from workers.context import Context


def test_the_number_of_samples_that_was_used_is_stored_and_shown(worker: Context) -> None:
    trial = train_one(worker).trial
    arguments = ("--trial", str(trial), "--images", "0", "--samples", "auto", "--format", "json")
    environment = {
        "RUNNER_DATABASE_URL": worker.store.url,
        "RUNNER_HOME": str(worker.settings.home),
    }
    done = CliRunner().invoke(explain, arguments, env=environment, catch_exceptions=False)
    experiment = json.loads(done.stdout)["experiment"]
    (job,) = queries.jobs(worker.store, experiment)
    tasks.explain.apply(args=(job.id,), throw=True)
    document = report_document(worker.store, experiment)
    (row,) = document.explanations
    doublings = {FIRST_SAMPLES * 2**times for times in range(6)}
    assert row.samples in doublings
    assert max(doublings) == LAST_SAMPLES


@pytest.mark.parametrize("method", ["occlusion", "gradcam", "gradients"])
def test_auto_is_refused_for_a_method_that_does_not_sample(worker: Context, method: str) -> None:
    trial = train_one(worker).trial
    assert trial is not None
    request = ExplainRequest(trial=trial, images="0", method=method, samples="auto")
    with pytest.raises(InputError, match="--samples auto cannot be combined") as refused:
        new_experiment(worker.settings, worker.store, request)
    assert "lime" in refused.value.expected
