"""Short epochs are stored together, the last ones with the result, and none is lost to an error."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cifar_model.trainers.signature import find_trainer
from runner.store import queries
from runner.store.schema import Checkpoint, Epoch
from runner.submit.experiments import Training, new_train, save
from workers import context, tasks
from workers.attempt import JobFailedError, execute
from workers.context import Context

TRAINER = """
PARAMS = {"fails": False, "epochs": 3}


def train(params, context):
    for epoch in (1, 2, 3):
        context.report(epoch, {"val_accuracy": epoch / 10}, checkpoint=b"state")
    if params["fails"]:
        raise RuntimeError("after its epochs")
"""


def submitted(worker: Context, directory: Path, *, fails: bool) -> int:
    file = directory / "own.py"
    file.write_text(TRAINER)
    training = Training(None, epochs=3, threads=1, seed=5, network=find_trainer(f"{file}:train"))
    experiment = save(worker.store, new_train(worker.settings, training, {"fails": fails}))
    [job] = queries.jobs(worker.store, experiment)
    return job.id


def stored(worker: Context) -> tuple[int, int]:
    """Return the numbers of epochs and of checkpoints."""
    with worker.store.read() as connection:
        epochs = connection.scalars(select(func.count()).select_from(Epoch)).one()
        return epochs, connection.scalars(select(func.count()).select_from(Checkpoint)).one()


def may_lose(worker: Context, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Set how much training a kill may cost; not the default, which a slow machine would exceed."""
    settings = replace(worker.settings, checkpoint_seconds=seconds)
    monkeypatch.setattr(context, "_current", replace(worker, settings=settings))


def test_short_epochs_are_written_with_the_result(
    worker: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_lose(worker, monkeypatch, 1000)
    job = submitted(worker, tmp_path, fails=False)
    seen = []
    execute(job, tasks.work, lambda _: seen.append(stored(worker)))
    assert seen == [(0, 0)] * 3
    assert stored(worker) == (3, 0)


def test_short_epochs_of_a_trial_that_fails_are_stored(
    worker: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_lose(worker, monkeypatch, 1000)
    job = submitted(worker, tmp_path, fails=True)
    with pytest.raises(JobFailedError, match="after its epochs"):
        execute(job, tasks.work, lambda _: None)
    assert stored(worker) == (3, 0)


def test_each_epoch_is_stored_with_a_checkpoint_if_no_second_may_be_lost(
    worker: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_lose(worker, monkeypatch, 0)
    seen = []
    job = submitted(worker, tmp_path, fails=False)
    execute(job, tasks.work, lambda _: seen.append(stored(worker)))
    assert seen == [(1, 1), (2, 2), (3, 2)]
