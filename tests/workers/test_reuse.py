"""A trial is a value: what an equal job has trained is not trained again."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from cifar_model.data import DatasetSpec
from cifar_model.training import Trained
from runner.reports.experiment.document import report_document
from runner.reports.records import RankedTrial
from runner.reports.trial import trial_document, trial_text
from runner.states import JobState
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import Store
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.deletion import delete_experiments
from runner.store.lifecycle.unused import remove_artifacts
from runner.store.schema import Artifact, Job, Trial
from runner.submit.budget import Budget, with_budget
from runner.submit.continuing import continue_trial
from runner.submit.experiments import Training, new_train, new_tune, save
from runner.submit.objectives import Aims, with_aims
from workers import tasks
from workers.attempt import Attempt, execute
from workers.context import Context
from workers.drain import drain
from workers.jobs import train as training_job
from workers.jobs.reuse import find_reusable
from workers.jobs.train import train_params

TINY = {"blocks": 1, "filters": 2, "batch_size": 16, "batch_norm_momentum": 0.9}
TRAINING = Training(DatasetSpec("digits", train_size=48), epochs=2, threads=1, seed=5)
GRID = {name: [value] for name, value in TINY.items()}
NUMBERS = ("model", "params", "seed", "seconds", "val_loss", "fingerprint", "metrics", "ended_by")


def run(worker: Context, experiment: int) -> list[RankedTrial]:
    """Run the jobs that are pending; return the trials by the number of their job."""
    for job in queries.jobs(worker.store, experiment):
        if job.state == JobState.PENDING:
            tasks.train.apply(args=(job.id,), throw=True)
    return sorted(report_document(worker.store, experiment).ranked, key=lambda row: row.number)


def submit(worker: Context, training: Training = TRAINING) -> int:
    return save(worker.store, new_train(worker.settings, training, TINY))


def train_one(worker: Context, training: Training = TRAINING) -> RankedTrial:
    [trial] = run(worker, submit(worker, training))
    return trial


def tune(worker: Context, training: Training, learning_rates: list[float]) -> list[RankedTrial]:
    grid = GRID | {"lr": learning_rates}
    return run(
        worker, save(worker.store, new_tune(worker.settings, training, grid, (1.0, "sobol")))
    )


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the trainings: the number of the job of each, in their order."""
    jobs: list[int] = []

    def counted(attempt: Attempt, *args: Any) -> Trained:
        jobs.append(attempt.key.job_id)
        return train_params(attempt, *args)

    monkeypatch.setattr(training_job, "train_params", counted)
    return jobs


def test_an_equal_trial_of_another_experiment_is_not_trained_again(
    worker: Context, trained: list[int]
) -> None:
    first = train_one(worker)
    second = train_one(worker)
    third = train_one(worker)
    assert trained == [first.job]
    assert first.reused is None
    # The one that was trained, not the one that was copied.
    assert second.reused == third.reused == first.trial
    for name in NUMBERS:
        assert getattr(second, name) == getattr(first, name)
    assert [row.val_loss for row in second.epochs] == [row.val_loss for row in first.epochs]
    assert second.trial is not None
    said = trial_text(trial_document(worker.store, trial=second.trial))
    assert str(first.trial) in said

    # --fresh trains all the same, and ends with the same bits.
    fresh = train_one(worker, replace(TRAINING, fresh=True))
    assert trained == [first.job, fresh.job]
    assert (fresh.reused, fresh.model) == (None, first.model)


def test_a_trial_is_reused_without_reading_its_images(
    worker: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_one(worker)
    monkeypatch.setattr(training_job, "load_dataset", lambda *_: pytest.fail("they were read"))
    assert train_one(worker).reused == first.trial


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 6},
        {"epochs": 1},
        {"dataset": DatasetSpec("digits", train_size=32)},
        {"dataset": DatasetSpec("digits", train_size=48, split_seed=1)},
        {"freeze": "conv2d*"},
    ],
)
def test_what_differs_in_anything_that_counts_is_trained(
    worker: Context, trained: list[int], changes: dict[str, object]
) -> None:
    first = train_one(worker)
    other = train_one(worker, replace(TRAINING, **changes))  # type: ignore[arg-type]
    assert trained == [first.job, other.job]
    assert other.reused is None


def test_another_machine_trains_it_again(
    worker: Context, trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_one(worker)
    monkeypatch.setattr("cifar_model.determinism.fingerprint", lambda: "another machine")
    other = train_one(worker)
    assert trained == [first.job, other.job]
    assert other.reused is None


def test_only_the_points_that_are_new_are_trained(worker: Context, trained: list[int]) -> None:
    first = tune(worker, TRAINING, [0.001, 0.002])
    second = tune(worker, TRAINING, [0.002, 0.003])
    assert len(trained) == 3
    by_lr = {row.params["lr"]: row for row in first + second if row.reused is None}
    assert sorted(by_lr) == [0.001, 0.002, 0.003]
    [reused] = [row for row in second if row.reused is not None]
    assert reused.reused == by_lr[0.002].trial


def test_the_copy_stays_whole_when_the_first_is_deleted(
    worker: Context, trained: list[int]
) -> None:
    first = train_one(worker)
    second = train_one(worker)
    assert delete_experiments(worker.store, [first.experiment]) == [first.experiment]
    assert remove_artifacts(worker.store).count == 0
    [kept] = report_document(worker.store, second.experiment).ranked
    assert kept == second
    assert get_artifact(worker.store, str(kept.model))
    # It can be reused in its turn; the number is that of the trial that was trained.
    assert train_one(worker).reused == first.trial
    assert len(trained) == 1


def test_a_trial_that_is_deleted_at_that_moment_is_trained_after_all(
    worker: Context, trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_one(worker)

    def found_then_deleted(*args: Any) -> object:
        found = find_reusable(*args)
        delete_experiments(worker.store, [first.experiment])
        return found

    monkeypatch.setattr(training_job, "find_reusable", found_then_deleted)
    experiment = submit(worker)
    [job] = queries.jobs(worker.store, experiment)
    tasks.train.apply(args=(job.id,), throw=True)
    [job] = queries.jobs(worker.store, experiment)
    assert (job.state, job.trial) == (JobState.PENDING, None)
    monkeypatch.setattr(training_job, "find_reusable", find_reusable)
    [trial] = run(worker, experiment)
    assert (trial.reused, trial.model) == (None, first.model)
    assert trained == [first.job, trial.job]


def test_an_interrupted_job_whose_equal_was_trained_meanwhile_is_not_trained_to_its_end(
    worker: Context, trained: list[int]
) -> None:
    def drain_after_the_first_epoch(text: str) -> None:
        if text.startswith("epoch 1/"):
            drain.set()

    experiment = submit(worker)
    [job] = queries.jobs(worker.store, experiment)
    execute(job.id, tasks.work, drain_after_the_first_epoch)
    drain.clear()
    other = train_one(worker)
    [trial] = run(worker, experiment)
    assert trained == [job.id, other.job]
    assert (trial.reused, trial.model, len(trial.epochs)) == (other.trial, other.model, 2)


@pytest.mark.parametrize("damage", ["not reproducible", "two machines", "damaged"])
def test_results_that_cannot_be_relied_on_are_not_reused(
    worker: Context, trained: list[int], damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = worker.store
    experiment = submit(worker)
    [job] = queries.jobs(store, experiment)
    if damage == "not reproducible":
        with store.write() as connection:
            mark = update(Job).where(Job.id == job.id).values(not_reproducible="epoch 1")
            connection.execute(mark)
    if damage == "two machines":
        names = iter(["elsewhere"])

        def first_elsewhere(store: Store, key: Any, epoch: Any, saved: bytes, name: str) -> bool:
            return record_epoch(store, key, epoch, saved, next(names, name))

        monkeypatch.setattr(training_job, "record_epoch", first_elsewhere)
    [first] = run(worker, experiment)
    if damage == "damaged":
        with store.write() as connection:
            connection.execute(
                update(Artifact).where(Artifact.sha256 == first.model).values(content=b"no")
            )
    second = train_one(worker)
    assert trained == [first.job, second.job]
    assert second.reused is None


def test_a_trial_that_was_stopped_is_not_reused_and_one_that_was_continued_is(
    worker: Context, trained: list[int]
) -> None:
    stopping = replace(TRAINING, epochs=3, stop="asha")
    grid = GRID | {"lr": [0.01, 1e-8]}
    experiment = save(worker.store, new_tune(worker.settings, stopping, grid, (1.0, "sobol")))
    jobs = queries.jobs(worker.store, experiment)
    for job in sorted(jobs, key=lambda job: -job.configuration["params"]["lr"]):
        tasks.tune.apply(args=(job.id,), throw=True)
    [stopped] = [row for row in run(worker, experiment) if row.ended_by == "stopped"]
    with worker.store.read() as connection:
        found = select(Trial.identity).where(Trial.id == stopped.trial)
        assert connection.scalar(found) is None

    assert stopped.trial is not None
    [whole] = run(worker, continue_trial(worker.store, stopped.trial, None).experiment)
    assert (whole.reused, whole.trained_epochs) == (None, 3)
    # One that is not stopped costs nothing, so it is not asked to stop.
    again = {row.params["lr"]: row for row in tune(worker, stopping, [0.01, 1e-8])}
    assert again[1e-8].reused == whole.trial
    assert len(trained) == 3


def test_a_reused_trial_costs_nothing_of_a_budget(worker: Context, trained: list[int]) -> None:
    tune(worker, TRAINING, [0.001, 0.002])
    grid = GRID | {"lr": [0.001, 0.002, 0.003, 0.004]}
    new = new_tune(worker.settings, TRAINING, grid, (1.0, "sobol"))
    new = with_budget(new, TRAINING, grid, Budget(None, 4))
    experiment = save(worker.store, new)
    rows = run(worker, experiment)
    assert [row.state for row in rows] == [JobState.SUCCEEDED] * 4
    assert len(trained) == 4
    budget = report_document(worker.store, experiment).budget
    assert budget is not None
    assert budget.epochs == 4


def test_what_another_objective_measures_is_measured(worker: Context, trained: list[int]) -> None:
    first = train_one(worker)
    grid = GRID | {"lr": [first.params.get("lr", 0.001)]}
    new = new_tune(worker.settings, TRAINING, grid, (1.0, "sobol"))
    [second] = run(worker, save(worker.store, with_aims(new, TRAINING, Aims(["parameters"]))))
    assert second.reused == first.trial
    assert second.metrics["parameters"] > 0
    assert trained == [first.job]
