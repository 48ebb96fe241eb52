"""Jobs whose whole training is a function of the user's."""

from dataclasses import replace
from pathlib import Path

import pytest

from cifar_model.data import DatasetSpec
from cifar_model.errors import InputError
from cifar_model.trainers.signature import find_trainer
from cifar_model.trainers.state import unpack_files
from runner.bundle.exporting import export_bundle
from runner.reports.experiment.document import report_document
from runner.states import JobState
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.submit.experiments import Training, new_evaluate, new_train, save
from workers import tasks
from workers.attempt import JobFailedError, execute
from workers.context import Context
from workers.drain import drain

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_trainer.py"
TRAINING = Training(
    DatasetSpec("digits", train_size=48),
    epochs=3,
    threads=1,
    seed=5,
    network=find_trainer(f"{EXAMPLE}:train"),
)


def submit(worker: Context, training: Training = TRAINING) -> tuple[int, int]:
    """Store an experiment of one trial and return its number and that of its job."""
    experiment = save(worker.store, new_train(worker.settings, training, {"alpha": 0.001}))
    (job,) = queries.jobs(worker.store, experiment)
    return experiment, job.id


def trained(worker: Context, experiment: int) -> queries.Trial:
    """Return the one trial of an experiment."""
    (job,) = queries.jobs(worker.store, experiment)
    assert job.state == JobState.SUCCEEDED
    assert job.trial is not None
    return queries.trial(worker.store, job.trial)


def test_a_trainer_is_reported_and_its_files_are_kept(worker: Context) -> None:
    experiment, job = submit(worker)
    tasks.train.apply(args=(job,), throw=True)
    trial = trained(worker, experiment)
    assert list(unpack_files(get_artifact(worker.store, trial.model))) == ["model.pkl"]
    assert trial.params == {"alpha": 0.001, "epochs": 3}
    document = report_document(worker.store, experiment)
    (row,) = document.trials
    assert [epoch.epoch for epoch in row.epochs] == [1, 2, 3]
    assert row.val_accuracy == row.epochs[-1].val_accuracy
    assert document.warnings == []


def test_a_trainer_that_is_stopped_resumes_to_the_same_bits(worker: Context) -> None:
    whole, job = submit(worker)
    tasks.train.apply(args=(job,), throw=True)
    stopped, job = submit(worker)

    def drain_after_the_first_epoch(text: str) -> None:
        if text.startswith("epoch 1/3"):
            drain.set()

    execute(job, tasks.work, drain_after_the_first_epoch)
    (released,) = queries.jobs(worker.store, stopped)
    assert (released.state, released.epoch) == (JobState.PENDING, 1)
    drain.clear()
    tasks.train.apply(args=(job,), throw=True)
    assert trained(worker, stopped).model == trained(worker, whole).model


def test_a_trainer_that_reports_too_little_fails_with_what_is_missing(
    worker: Context, tmp_path: Path
) -> None:
    path = tmp_path / "little.py"
    path.write_text("def train(params, context):\n    context.report(1, {'val_loss': 0.5})\n")
    network = find_trainer(f"{path}:train")
    experiment, job = submit(worker, replace(TRAINING, network=network))
    with pytest.raises(JobFailedError, match="no loss, no accuracy, no val_accuracy"):
        tasks.train.apply(args=(job,), throw=True)
    (failed,) = queries.jobs(worker.store, experiment)
    assert failed.state == JobState.FAILED


def test_the_files_of_a_trainer_are_exported_and_its_trial_is_not_evaluated(
    worker: Context, tmp_path: Path
) -> None:
    experiment, job = submit(worker)
    tasks.train.apply(args=(job,), throw=True)
    trial = trained(worker, experiment)
    assert export_bundle(worker.store, trial.id, tmp_path / "files") == ["model.pkl"]
    saved = unpack_files(get_artifact(worker.store, trial.model))
    assert (tmp_path / "files" / "model.pkl").read_bytes() == saved["model.pkl"]
    with pytest.raises(InputError, match="trained by a trainer"):
        new_evaluate(worker.store, trial.id, "test", 0)
