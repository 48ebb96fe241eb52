"""Jobs whose whole training is a function of the user's."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from cifar_model.data import DatasetSpec
from cifar_model.errors import InputError
from cifar_model.trainers.signature import find_trainer
from cifar_model.trainers.state import unpack_files
from runner.api.frames.trials import trials_frame
from runner.bundle.exporting import export_bundle
from runner.bundle.importing import import_bundle
from runner.needs import needs_of
from runner.reports.experiment.document import report_document
from runner.reports.experiment.report import experiment_report
from runner.reports.formats.terminal import View, as_terminal
from runner.reports.leaderboard import leaderboard_document
from runner.reports.model import Report
from runner.reports.records import plain
from runner.reports.trial import trial_document, trial_text
from runner.states import JobState
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.queries.leaderboard import Scope
from runner.store.schema import Checkpoint
from runner.submit.experiments import (
    Training,
    new_evaluate,
    new_folds,
    new_train,
    new_tune,
    save,
)
from runner.submit.explain import Explaining, new_explain
from workers import tasks
from workers.attempt import execute
from workers.context import Context
from workers.drain import drain
from workers.jobs import recording

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


def text_of(report: Report) -> str:
    """Return the report as a terminal shows it, with everything."""
    return as_terminal(report.title, report.lay_out([]), Path())


def test_the_process_of_a_trainer_has_triton_and_not_tensorflow(
    worker: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Triton, of PyTorch, crashes a process that has TensorFlow already."""
    (tmp_path / "triton.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    _, job = submit(worker)
    tasks.train.apply(args=(job,), throw=True)
    assert sys.modules.pop("triton").__file__ == str(tmp_path / "triton.py")
    program = "import sys, workers.tasks, workers.jobs.trainer; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert not {b"keras", b"tensorflow"} & set(done.stdout.split())


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


QUICK = """
def train(params, context):
    for epoch in range(1, params["epochs"] + 1):
        context.report(epoch, {"val_loss": 1 / epoch}, checkpoint=bytes([epoch]))
    if params["fails"]:
        raise ValueError("at the end")
"""


@pytest.mark.parametrize("fails", [False, True])
def test_epochs_that_end_quickly_are_stored_together(
    worker: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    path = tmp_path / "quick.py"
    path.write_text('PARAMS = {"epochs": 1, "fails": False}\n' + QUICK)
    trainer = replace(TRAINING, network=find_trainer(f"{path}:train"))
    monkeypatch.setattr(recording, "STORE_SECONDS", 3600)
    experiment = save(worker.store, new_train(worker.settings, trainer, {"fails": fails}))
    (job,) = queries.jobs(worker.store, experiment)
    tasks.train.apply(args=(job.id,))
    (job,) = queries.jobs(worker.store, experiment)
    assert (job.state, job.epoch) == (JobState.FAILED if fails else JobState.SUCCEEDED, 3)
    with worker.store.read() as connection:
        newest = select(Checkpoint.epoch).where(Checkpoint.job_id == job.id)
        assert list(connection.scalars(newest)) == ([3] if fails else [])


def test_a_trainer_reports_what_it_likes_and_is_ranked_by_it(
    worker: Context, tmp_path: Path
) -> None:
    path = tmp_path / "little.py"
    path.write_text(
        "def train(params, context):\n"
        "    for epoch, loss in enumerate([0.5, 0.25, params['loss']], start=1):\n"
        "        context.report(epoch, {'val_loss': loss, 'f1': 1 - loss})\n"
    )
    network = find_trainer(f"{path}:train")
    training = replace(TRAINING, network=network, epochs=None)
    new = new_tune(worker.settings, training, {"loss": [0.75, 0.5]}, (1.0, "uniform_mersenne"))
    experiment = save(worker.store, new)
    for job in queries.jobs(worker.store, experiment):
        tasks.tune.apply(args=(job.id,), throw=True)
    document = report_document(worker.store, experiment)
    assert (document.by, document.order) == ("val_loss", "smallest first")
    first, second = document.ranked
    assert [(row.rank, row.val_loss, row.best_epoch) for row in (first, second)] == [
        (1, 0.5, 2),
        (2, 0.75, 2),
    ]
    assert first.val_accuracy is None
    assert first.metrics == {"f1": 0.5}
    report = experiment_report(worker.store, document)
    assert "val_accuracy" not in text_of(report)
    assert report.brief is not None
    assert f"Trial {first.trial} is the best of 2: val_loss 0.5." in as_terminal(
        "", report.brief(), Path(), View(width=100)
    )
    found = leaderboard_document(worker.store, Scope(), "f1", 20)
    assert [leader.metrics["f1"] for leader in found.trials] == [0.5, 0.25]
    chosen = leaderboard_document(worker.store, Scope(), None, 20)
    assert [leader.val_loss for leader in chosen.trials] == [0.5, 0.75]


def test_the_model_of_a_trainer_is_evaluated_and_explained_and_its_files_exported(
    worker: Context, tmp_path: Path
) -> None:
    experiment, job = submit(worker)
    tasks.train.apply(args=(job,), throw=True)
    trial = trained(worker, experiment)
    new = new_evaluate(worker.store, trial.id, "validation", 0)
    assert needs_of(new.configuration).code
    evaluated = save(worker.store, new)
    (job_of,) = queries.jobs(worker.store, evaluated)
    tasks.evaluate.apply(args=(job_of.id,), throw=True)
    (row,) = report_document(worker.store, experiment).trials
    (evaluation,) = report_document(worker.store, evaluated).evaluations
    # The example computes the same by itself; it clips probabilities elsewhere.
    assert evaluation.accuracy == row.val_accuracy
    assert evaluation.loss == pytest.approx(row.val_loss, rel=0.02)
    asked = Explaining([0], ["predicted"], "small", 60, activations=False)
    explained = save(worker.store, new_explain(worker.settings, worker.store, trial.id, asked, 1))
    (job_of,) = queries.jobs(worker.store, explained)
    tasks.explain.apply(args=(job_of.id,), throw=True)
    (explanation,) = report_document(worker.store, explained).explanations
    assert 0 < explanation.probability <= 1
    assert export_bundle(worker.store, trial.id, tmp_path / "files") == ["_trainer.py", "model.pkl"]
    saved = unpack_files(get_artifact(worker.store, trial.model))
    assert (tmp_path / "files" / "model.pkl").read_bytes() == saved["model.pkl"]
    with pytest.raises(InputError, match="files of a trainer's trial, not a bundle"):
        import_bundle(worker.store, tmp_path / "files")
    with pytest.raises(InputError, match="trained by a trainer"):
        new_folds(worker.store, trial.id, 2, 0)


MODELLESS = "def train(params, context):\n    context.report(1, {'f1': 0.5})\n    return [1]\n"
PICKLED = """
import numpy as np


class Half:
    def predict(self, images):
        return np.full((len(images), 10), 0.1)


def train(params, context):
    context.report(1, {"accuracy": 0.5})
    return Half()
"""


def a_trainer(worker: Context, path: Path, code: str, *, data: bool = True) -> queries.Trial:
    """Run a trainer and return its trial."""
    path.write_text(code)
    dataset = TRAINING.dataset if data else None
    network = find_trainer(f"{path}:train")
    experiment, job = submit_with(worker, replace(TRAINING, network=network, dataset=dataset))
    tasks.train.apply(args=(job,), throw=True)
    return trained(worker, experiment)


def submit_with(worker: Context, training: Training) -> tuple[int, int]:
    experiment = save(worker.store, new_train(worker.settings, training, {}))
    (job,) = queries.jobs(worker.store, experiment)
    return experiment, job.id


def test_a_trainer_without_a_model_is_not_evaluated_and_the_refusal_says_why(
    worker: Context, tmp_path: Path
) -> None:
    trial = a_trainer(worker, tmp_path / "modelless.py", MODELLESS)
    with pytest.raises(InputError, match="the trainer returned list, which has no predict"):
        new_evaluate(worker.store, trial.id, "test", 0)
    document = trial_document(worker.store, trial=trial.id)
    assert (document.objective, document.predicts) == ("f1", False)
    assert "submit evaluate" not in trial_text(document, View(width=100))


def test_a_trial_without_a_data_set_predicts_neither_in_json_nor_in_frames(
    worker: Context, tmp_path: Path
) -> None:
    trial = a_trainer(worker, tmp_path / "pickled.py", PICKLED, data=False)
    document = trial_document(worker.store, trial=trial.id)
    [in_frame] = trials_frame(worker.store, Scope([])).predicts
    assert (document.predicts, in_frame) == (False, False)


def test_a_model_that_was_pickled_has_no_gradients(worker: Context, tmp_path: Path) -> None:
    trial = a_trainer(worker, tmp_path / "pickled.py", PICKLED)
    assert trial.predictor == {"form": "pickle", "keras": False}
    new = new_evaluate(worker.store, trial.id, "test", 0)
    (job,) = queries.jobs(worker.store, save(worker.store, new))
    tasks.evaluate.apply(args=(job.id,), throw=True)
    asked = Explaining([0], ["predicted"], "small", 60, activations=True, method="gradcam")
    with pytest.raises(
        InputError, match=r"--method gradcam and --activations: .* not a Keras model"
    ):
        new_explain(worker.settings, worker.store, trial.id, asked, 1)


def test_a_trainer_needs_no_data_set(worker: Context, tmp_path: Path) -> None:
    code = PICKLED.replace("0.5}", "float(context.data is None)}")
    trial = a_trainer(worker, tmp_path / "own_data.py", code, data=False)
    assert trial.dataset is None
    experiment = queries.experiments(worker.store, 1)[0].id
    document = report_document(worker.store, experiment)
    assert document.trials[0].accuracy == 1
    assert plain(document)["dataset"] is None
    text = text_of(experiment_report(worker.store, document))
    assert "fingerprint" not in text.split("Parameters")[0]
    assert "images" not in text
    with pytest.raises(InputError, match="without a data set"):
        new_evaluate(worker.store, trial.id, "test", 0)
