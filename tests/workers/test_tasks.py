"""Every task, called eagerly: what it writes, and how its job ends."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, text

from cifar_model.data import DatasetSpec, Description
from runner.reports.experiment.document import report_document
from runner.reports.records import values
from runner.reports.trial import trial_document
from runner.states import AttemptState, JobState
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.lifecycle import job_lifecycle
from runner.store.lifecycle.attempts import open_attempts
from runner.submit.experiments import (
    Training,
    new_evaluate,
    new_folds,
    new_train,
    new_tune,
    save,
)
from runner.submit.explain import CHUNK, Explaining, new_explain
from workers import tasks
from workers.attempt import JobFailedError, execute
from workers.context import Context
from workers.drain import drain

TINY = {"blocks": 1, "filters": 2, "batch_size": 16, "batch_norm_momentum": 0.9}
# Several tests compare what was trained twice.
TRAINING = Training(DatasetSpec("digits", train_size=48), epochs=2, threads=1, seed=5, fresh=True)


def train_one(worker: Context, training: Training = TRAINING) -> queries.Job:
    """Submit a tiny trial, run it, and return its job."""
    experiment = save(worker.store, new_train(worker.settings, training, TINY))
    (job,) = queries.jobs(worker.store, experiment)
    tasks.train.apply(args=(job.id,), throw=True)
    (job,) = queries.jobs(worker.store, experiment)
    return job


def test_train_writes_a_trial_with_every_epoch(worker: Context) -> None:
    job = train_one(worker)
    assert job.state == JobState.SUCCEEDED
    assert job.trial is not None
    found = queries.trial(worker.store, job.trial)
    assert found.params == TINY | {"epochs": 2}
    assert found.seed == 5
    assert job.epoch == 2
    assert get_artifact(worker.store, found.model)


def test_progress_that_cannot_be_reported_is_logged_once_and_the_job_goes_on(
    worker: Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("the broker is away")

    monkeypatch.setattr(tasks.train, "send_event", refuse)
    monkeypatch.setattr(tasks, "PROGRESS_SECONDS", 0)
    job = train_one(worker)
    assert (job.state, job.epoch) == (JobState.SUCCEEDED, 2)
    said = [record.getMessage() for record in caplog.records if "progress" in record.getMessage()]
    assert said == [
        f"job {job.id}: cannot report its progress: ConnectionRefusedError: the broker is away"
    ]


def test_progress_is_sent_once_in_a_while_and_not_for_every_epoch(
    worker: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks.train, "send_event", lambda *_, **event: sent.append(event["result"]))
    monkeypatch.setattr(tasks, "PROGRESS_SECONDS", 3600)
    train_one(worker)
    assert sent == []
    monkeypatch.setattr(tasks, "PROGRESS_SECONDS", 0)
    train_one(worker)
    assert [words.partition(",")[0] for words in sent] == ["epoch 1/2", "epoch 2/2"]


def test_tune_makes_each_point_of_the_grid_a_trial(worker: Context) -> None:
    grid = {name: [value] for name, value in TINY.items()} | {"optimizer": ["adam", "nadam"]}
    experiment = save(worker.store, new_tune(worker.settings, TRAINING, grid, (1.0, "sobol")))
    for job in queries.jobs(worker.store, experiment):
        tasks.tune.apply(args=(job.id,), throw=True)
    done = queries.jobs(worker.store, experiment)
    assert [job.state for job in done] == [JobState.SUCCEEDED] * 2
    assert {job.configuration["params"]["optimizer"] for job in done} == {"adam", "nadam"}


def test_repeats_train_the_same_params_with_other_seeds(worker: Context) -> None:
    training = replace(TRAINING, repeats=2)
    experiment = save(worker.store, new_train(worker.settings, training, TINY))
    for job in queries.jobs(worker.store, experiment):
        tasks.train.apply(args=(job.id,), throw=True)
    document = report_document(worker.store, experiment)
    by_seed = {trial.seed: trial for trial in document.trials}
    assert sorted(by_seed) == [5, 6]
    assert by_seed[5].model == model_of(worker, train_one(worker))
    assert by_seed[5].model != by_seed[6].model
    assert len(document.repeats) == 1


def test_evaluate_counts_every_picture_of_the_split_once(worker: Context) -> None:
    trained = train_one(worker).trial
    assert trained is not None
    experiment = save(worker.store, new_evaluate(worker.store, trained, "test", seed=0))
    (job,) = queries.jobs(worker.store, experiment)
    tasks.evaluate.apply(args=(job.id,), throw=True)
    (evaluation,) = report_document(worker.store, experiment).evaluations
    images = queries.experiment(worker.store, experiment).configuration["dataset"]["images"]["test"]
    assert evaluation.images == np.sum(evaluation.confusion) == images
    assert np.trace(evaluation.confusion) / images == pytest.approx(evaluation.accuracy)


def test_folds_train_anew_and_an_interrupted_one_ends_with_the_same_numbers(
    worker: Context,
) -> None:
    trained = train_one(worker).trial
    assert trained is not None
    whole = save(worker.store, new_folds(worker.store, trained, 2, seed=0))
    for job in queries.jobs(worker.store, whole):
        tasks.evaluate.apply(args=(job.id,), throw=True)
    document = report_document(worker.store, whole)
    first, second = document.evaluations
    images = Description.from_json(queries.trial(worker.store, trained).dataset).images
    assert first.images + second.images == images.train + images.validation
    assert document.folds is not None
    assert (first.fold, second.fold, document.folds.done) == (1, 2, 2)
    assert first.talos_f1 is not None
    assert 0 <= first.talos_f1 <= 1
    assert first.loss != second.loss

    again = save(worker.store, new_folds(worker.store, trained, 2, seed=0))
    jobs = queries.jobs(worker.store, again)

    def drain_after_the_first_epoch(text: str) -> None:
        if text.startswith("epoch 1/2"):
            drain.set()

    execute(jobs[0].id, tasks.work, drain_after_the_first_epoch)
    stopped = queries.jobs(worker.store, again)
    assert [(job.state, job.epoch) for job in stopped] == [(JobState.PENDING, n) for n in (1, None)]
    drain.clear()
    for job in jobs:
        tasks.evaluate.apply(args=(job.id,), throw=True)
    rows = report_document(worker.store, again).evaluations
    scores = ("fold", "loss", "accuracy", "log_loss", "confusion", "talos_f1")
    assert [values(row, scores) for row in rows] == [values(row, scores) for row in (first, second)]
    # They are of other models: the trial itself was not evaluated.
    assert trial_document(worker.store, trial=trained).evaluations == []


def test_explain_writes_an_explanation_for_every_image_and_label(worker: Context) -> None:
    trained = train_one(worker).trial
    assert trained is not None
    classes = Description.from_json(queries.trial(worker.store, trained).dataset).classes
    explaining = Explaining([0, 4], classes[1:3], "small", samples=60, activations=True)
    experiment = save(
        worker.store, new_explain(worker.settings, worker.store, trained, explaining, seed=1)
    )
    (job,) = queries.jobs(worker.store, experiment)
    tasks.explain.apply(args=(job.id,), throw=True)
    document = report_document(worker.store, experiment)
    rows = document.explanations
    assert [(row.image, row.label) for row in rows] == [(0, 1), (0, 2), (4, 1), (4, 2)]
    assert all(len(row.weights) == row.superpixels for row in rows)
    assert {row.image for row in document.activations} == {0, 4}


def test_untrained_networks_are_measured_once_for_a_trial_and_a_method(worker: Context) -> None:
    trained = train_one(worker).trial
    assert trained is not None
    explaining = Explaining(
        [0], ["predicted"], "small", samples=60, activations=False, method="occlusion"
    )
    falls = []
    for seed in (1, 2):
        explained = new_explain(worker.settings, worker.store, trained, explaining, seed=seed)
        experiment = save(worker.store, explained)
        (job,) = queries.jobs(worker.store, experiment)
        tasks.explain.apply(args=(job.id,), throw=True)
        (row,) = report_document(worker.store, experiment).explanations
        assert row.evidence is not None
        falls.append(row.evidence.untrained_fall)
        assert row.evidence.similar_images is not None
        with worker.store.write() as connection:
            connection.execute(text("UPDATE randomisations SET fall = 0.75"))
    assert falls[0] is not None
    assert falls[0] < 0.75
    # What is stored is used.
    assert falls[1] == 0.75


def test_many_pictures_are_several_jobs_and_each_is_explained_once(worker: Context) -> None:
    trained = train_one(worker).trial
    assert trained is not None
    explaining = Explaining(range(CHUNK + 2), ["predicted"], "stock", samples=10, activations=False)
    experiment = save(
        worker.store, new_explain(worker.settings, worker.store, trained, explaining, seed=1)
    )
    jobs = queries.jobs(worker.store, experiment)
    for job in jobs:
        tasks.explain.apply(args=(job.id,), throw=True)
    rows = report_document(worker.store, experiment).explanations
    assert [row.image for row in rows] == list(range(CHUNK + 2))
    assert [row.job for row in rows] == [jobs[0].id] * CHUNK + [jobs[1].id] * 2
    assert {row.picture is None for row in rows[CHUNK:]} == {True}


def test_a_message_for_a_job_that_is_done_changes_nothing(worker: Context) -> None:
    job = train_one(worker)
    for _ in range(3):
        tasks.train.apply(args=(job.id,), throw=True)
    assert queries.jobs(worker.store, job.experiment_id) == [job]


def test_a_job_named_by_the_wrong_task_runs_as_what_it_is(worker: Context) -> None:
    experiment = save(worker.store, new_train(worker.settings, TRAINING, TINY))
    (job,) = queries.jobs(worker.store, experiment)
    tasks.explain.apply(args=(job.id,), throw=True)
    (job,) = queries.jobs(worker.store, experiment)
    assert (job.state, job.reason) == (JobState.SUCCEEDED, None)
    assert job.trial is not None


def test_a_failure_is_recorded_with_its_reason_and_celery_hears_of_it(
    worker: Context, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures.npz"
    write_pictures(pictures, seed=1)
    training = Training(DatasetSpec(f"npz:{pictures}"), epochs=1, threads=1, seed=0)
    experiment = save(worker.store, new_train(worker.settings, training, TINY))
    (job,) = queries.jobs(worker.store, experiment)
    write_pictures(pictures, seed=2)
    with pytest.raises(JobFailedError, match="fingerprint"):
        tasks.train.apply(args=(job.id,), throw=True)
    (job,) = queries.jobs(worker.store, experiment)
    assert job.state == JobState.FAILED
    assert job.reason is not None
    assert "the fingerprint of the images at submission" in job.reason


def test_a_job_that_cannot_be_read_fails_with_what_it_lacks(worker: Context) -> None:
    experiment = save(worker.store, new_train(worker.settings, TRAINING, TINY))
    with worker.store.write() as connection:
        connection.execute(text("UPDATE jobs SET configuration = '{}'"))
    (job,) = queries.jobs(worker.store, experiment)
    with pytest.raises(JobFailedError, match="has no params"):
        tasks.train.apply(args=(job.id,), throw=True)
    (job,) = queries.jobs(worker.store, experiment)
    assert (job.state, job.lost) == (JobState.FAILED, 0)
    assert "InputError: the stored configuration of this train job has no params" in str(job.reason)


def test_a_result_that_the_database_refuses_fails_the_job_with_the_reason(worker: Context) -> None:
    experiment = save(worker.store, new_train(worker.settings, TRAINING, TINY))
    (job,) = queries.jobs(worker.store, experiment)

    def write(connection: Connection) -> None:
        connection.execute(text("UPDATE jobs SET number = NULL"))

    with pytest.raises(JobFailedError, match="IntegrityError"):
        execute(job.id, lambda _: write, lambda _: None)
    (job,) = queries.jobs(worker.store, experiment)
    assert (job.state, job.lost) == (JobState.FAILED, 0)
    assert "NOT NULL" in str(job.reason)


def write_pictures(path: Path, seed: int) -> None:
    """Write forty random images of two classes."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(40) % 2)


def test_a_drain_gives_the_job_back_and_it_ends_like_one_never_interrupted(
    worker: Context,
) -> None:
    whole = train_one(worker)
    experiment = save(worker.store, new_train(worker.settings, TRAINING, TINY))
    (job,) = queries.jobs(worker.store, experiment)

    def drain_after_the_first_epoch(text: str) -> None:
        if text.startswith("epoch 1/2"):
            drain.set()

    execute(job.id, tasks.work, drain_after_the_first_epoch)
    (released,) = queries.jobs(worker.store, experiment)
    assert (released.state, released.epoch, released.lost) == (JobState.PENDING, 1, 0)

    drain.clear()
    tasks.train.apply(args=(job.id,), throw=True)
    (done,) = queries.jobs(worker.store, experiment)
    assert done.state == JobState.SUCCEEDED
    assert model_of(worker, done) == model_of(worker, whole)


def model_of(worker: Context, job: queries.Job) -> str:
    """Return the SHA-256 of the weights that a job ended with."""
    assert job.trial is not None
    return queries.trial(worker.store, job.trial).model


def test_an_attempt_whose_successor_has_taken_over_writes_nothing(worker: Context) -> None:
    experiment = save(worker.store, new_train(worker.settings, TRAINING, TINY))
    (job,) = queries.jobs(worker.store, experiment)
    claim = job_lifecycle.claim(worker.store, job.id, worker.worker)
    assert claim is not None
    assert job_lifecycle.recover(worker.store, open_attempts(worker.store)) == [job.id]
    assert not job_lifecycle.finish(worker.store, claim.key, AttemptState.SUCCEEDED)
    tasks.train.apply(args=(job.id,), throw=True)
    (done,) = queries.jobs(worker.store, experiment)
    # It has finished an epoch since, so the loss is not held against it any more.
    assert (done.state, done.attempts, done.lost) == (JobState.SUCCEEDED, 2, 0)
