"""`submit tune --folds`: each fold of a point is a job, and what has no effect is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

import runner
from cifar_model.data import DatasetSpec, Description, load
from cifar_model.data.folds import fold_of
from cifar_model.params import Params
from runner.errors import InputError
from runner.specs import TrainSpec, job_configuration, job_spec
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from tests.runner.store.making import rows
from tests.runner.submit.conftest import Call
from workers.jobs.inputs import load_dataset
from workers.jobs.reuse import identity_of

GRID = {"lr": [0.1, 0.2], "filters": [4], "blocks": [1], "epochs": [1]}
TUNE = ["tune", "--dataset", "digits", "--downsample", "1"]


@pytest.fixture
def grid(tmp_path: Path) -> str:
    path = tmp_path / "grid.json"
    path.write_text(json.dumps(GRID))
    return str(path)


def specs(store: Store, experiment: int) -> list[TrainSpec]:
    """Return what each job trains."""
    of = queries.experiment(store, experiment)
    found = [
        job_spec(Kind.TUNE, of.seed, job_configuration(of.configuration, job.configuration))
        for job in queries.jobs(store, experiment)
    ]
    return [spec for spec in found if isinstance(spec, TrainSpec)]


def test_each_fold_of_each_point_is_a_job_with_its_own_images(
    call: Call, sqlite_store: Store, grid: str, tmp_path: Path
) -> None:
    arguments = [*TUNE, "--grid", grid, "--folds", "3", "--key", "k"]
    call(*arguments)
    call(*arguments)
    found = specs(sqlite_store, 1)
    assert [spec.dataset.fold for spec in found] == [1, 2, 3] * 2
    assert {spec.params["lr"] for spec in found} == {0.1, 0.2}
    whole = load(DatasetSpec("digits"), tmp_path)
    for spec in found[:3]:
        dataset = load_dataset(spec.dataset, tmp_path)
        assert spec.dataset.fold is not None
        expected = fold_of(whole, spec.dataset.fold, 3)
        assert np.array_equal(dataset.validation.images, expected.validation.images)
        assert np.array_equal(dataset.train.labels, expected.train.labels)
        images = spec.dataset.images
        assert (images.train, images.validation) == (len(dataset.train), len(dataset.validation))
    # A fold is not taken for another, nor for the whole: none is reused for it.
    known = {identity_of(spec, Params.from_json(spec.params), "machine") for spec in found}
    assert len(known) == 6


def test_points_with_all_their_folds_are_added(call: Call, sqlite_store: Store, grid: str) -> None:
    call(*TUNE, "--grid", grid, "--folds", "3")
    call("tune", "--into", "1", "--downsample", "1", "--grid", grid, "--param", "lr=0.3")
    assert [spec.dataset.fold for spec in specs(sqlite_store, 1)] == [1, 2, 3] * 3
    with pytest.raises(InputError, match="--repeats 2 together with --folds 3"):
        call("tune", "--into", "1", "--downsample", "1", "--repeats", "2")
    with pytest.raises(InputError, match="--folds 4 cannot be given with --into 1"):
        call("tune", "--into", "1", "--downsample", "1", "--folds", "4")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stop", "wilcoxon"], "--stop wilcoxon without --folds"),
        (["--stop", "wilcoxon", "--folds", "4"], "--stop wilcoxon has no effect with --folds 4"),
        (["--stop", "asha", "--folds", "5"], "--stop asha together with --folds"),
        (["--repeats", "2", "--folds", "5"], "--repeats 2 together with --folds 5"),
        (["--reduce", "correlation", "--folds", "5"], "--folds together with --reduce"),
        (["--folds", "5000"], "--folds 5000: there are 1,438 images"),
        (
            ["--folds", "2", "--objective", "val_loss", "--objective", "parameters"],
            "--folds together with several objectives",
        ),
    ],
)
def test_what_folds_cannot_do_is_refused_before_a_row_is_written(
    call: Call, sqlite_store: Store, grid: str, arguments: list[str], said: str
) -> None:
    with pytest.raises(InputError) as error:
        call(*TUNE, "--grid", grid, *arguments)
    assert said in error.value.what
    assert rows(sqlite_store, "experiments") == 0


def test_a_search_has_a_job_for_each_fold_of_its_points(
    call: Call, sqlite_store: Store, grid: str
) -> None:
    tune = ["tune", "--dataset", "digits", "--grid", grid, "--search", "tpe", "--trials"]
    for arguments, said in (
        (["5", "--folds", "5", "--from", "1"], "--folds together with --from"),
        (["5", "--folds", "5", "--stop", "wilcoxon"], "--stop wilcoxon together with --search tpe"),
        (["50000", "--folds", "3"], "--trials 50,000 with --folds 3 makes 150,000 trials"),
        (["5", "--folds", "5000"], "--folds 5000: there are 1,438 images"),
    ):
        with pytest.raises(InputError) as error:
            call(*tune, *arguments)
        assert said in error.value.what
    assert rows(sqlite_store, "experiments") == 0
    call(*tune, "2", "--folds", "3")
    call("tune", "--into", "1", "--trials", "1")
    jobs = [job.configuration for job in queries.jobs(sqlite_store, 1)]
    assert [own["dataset"]["fold"] for own in jobs] == [1, 2, 3] * 3
    assert not any("params" in own for own in jobs)
    with pytest.raises(InputError, match="has another number of folds"):
        call(*tune, "2", "--from", "1")


def test_folds_are_submitted_in_python(tmp_path: Path) -> None:
    client = runner.open(tmp_path)
    made = client.submit_tune(dataset="digits", grid=GRID, downsample=1, folds=5, stop="wilcoxon")
    stored = made.report().document.configuration.stored
    assert (stored["folds"], stored["stop"]) == (5, "wilcoxon")
    assert made.trials()["fold"].tolist() == [1, 2, 3, 4, 5] * 2


def test_a_description_of_a_fold_is_read_as_it_was_written() -> None:
    whole = load(DatasetSpec("digits"), Path()).to_json() | {"name": "digits"}
    assert "fold" not in (Description.from_json(whole).to_json() or {})
    of_fold = Description.from_json({**whole, "fold": 2, "folds": 3})
    assert Description.from_json(of_fold.to_json()) == of_fold
