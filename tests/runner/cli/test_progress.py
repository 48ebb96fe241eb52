"""What is shown of an experiment under way is true, also for who joins late."""

import re
from pathlib import Path

import pytest

from cifar_model.data import DatasetSpec, load
from runner.cli.live import bar as bars
from runner.cli.live import reading
from runner.cli.live.bar import Bar
from runner.store.engine import Store
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.control import Target, cancel, pause
from runner.store.lifecycle.job_lifecycle import claim
from tests.cifar_model.picture_files import two_classes
from tests.runner.reports.stored import store_points
from tests.runner.store.making import FINGERPRINT, job_ids, make_epoch, make_experiment, make_worker

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say at every look what is else said now and then."""
    monkeypatch.setattr(bars, "LINE_SECONDS", -1.0)
    monkeypatch.setattr(reading, "SOON_SECONDS", 0.0)
    monkeypatch.setattr(reading, "LINE_SECONDS", 0.0)


def under_way(store: Store, epochs: int) -> int:
    """Return an experiment of two trials of ten epochs; of the first so many are recorded."""
    experiment = make_experiment(store, [{"params": {"lr": 0.1}}, {"params": {"lr": 0.2}}])
    claimed = claim(store, job_ids(store, experiment)[0], make_worker(store))
    assert claimed is not None
    for number in range(1, epochs + 1):
        record_epoch(store, claimed.key, make_epoch(number, seconds=6.0), b"", FINGERPRINT)
    return experiment


def shown(store: Store, experiment: int, capsys: Captured) -> str:
    with Bar(store, experiment) as bar:
        bar.show()
    return capsys.readouterr().err


def test_who_joins_late_is_told_what_the_epochs_before_took(store: Store, capsys: Captured) -> None:
    said = shown(store, under_way(store, 4), capsys)
    assert " 20% " in said
    # 16 epochs of 6 s are left to the one job that runs.
    assert re.search(r"\[00:0\d<01:36\]", said)


def test_nobody_knows_the_end_of_what_is_paused_or_has_not_begun(
    store: Store, capsys: Captured
) -> None:
    assert "<?]" in shown(store, make_experiment(store), capsys)
    experiment = under_way(store, 4)
    pause(store, experiment)
    assert "<?]" in shown(store, experiment, capsys)


def test_what_was_cancelled_is_not_done(store: Store, capsys: Captured) -> None:
    experiment = make_experiment(store, 2)
    cancel(store, Target(experiment=experiment))
    said = shown(store, experiment, capsys)
    assert "  0% " in said
    assert "2 cancelled" in said


def test_of_points_with_folds_the_best_mean_is_shown(store: Store, capsys: Captured) -> None:
    experiment = store_points(store, 3, [[0.2, 0.9, 0.4], [0.5, 0.6, 0.7], [0.8]])
    assert "7 succeeded, best mean 0.600 over 3 folds" in shown(store, experiment, capsys)
    assert "best" not in shown(store, store_points(store, 2, [[0.9], []]), capsys)


def test_reading_many_images_is_shown(tmp_path: Path, capsys: Captured) -> None:
    two_classes(tmp_path / "images", 60)
    with reading.reading_shown():
        load(DatasetSpec(f"folder:{tmp_path / 'images'}"), tmp_path)
    assert "reading images: 120 of 120" in capsys.readouterr().err
