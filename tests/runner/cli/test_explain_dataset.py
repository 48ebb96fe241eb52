"""`submit explain --dataset` explains images of another data set, or refuses it at once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cifar_model.data import DatasetSpec, load
from cifar_model.errors import InputError
from runner.cli.submit import explain
from runner.store.engine import Store
from tests.runner.reports.stored import DATASET, new_trial
from tests.runner.store.making import home_of, rows, run


@pytest.fixture(scope="module")
def shapes() -> dict[str, Any]:
    """Offer what is stored of the data set `shapes`."""
    return DatasetSpec("shapes").to_json() | load(DatasetSpec("shapes"), Path()).to_json()


@pytest.fixture
def trial(sqlite_store: Store, shapes: dict[str, Any]) -> int:
    """Offer a trial that is said to have been trained on `shapes`."""
    number = new_trial(sqlite_store)
    trained_on(sqlite_store, shapes)
    return number


def trained_on(store: Store, dataset: dict[str, Any]) -> None:
    run(store, "UPDATE trials SET dataset = :dataset", dataset=json.dumps(dataset))


def call(store: Store, trial: int, *arguments: str) -> Result:
    environment = {"RUNNER_DATABASE_URL": store.url, "RUNNER_HOME": home_of(store)}
    words = ["--trial", str(trial), "--images", "0,4", "--format", "json", *arguments]
    return CliRunner().invoke(explain, words, env=environment, catch_exceptions=False)


def test_its_pictures_name_and_fingerprint_are_those_of_the_experiment(
    sqlite_store: Store, trial: int
) -> None:
    submitted = json.loads(call(sqlite_store, trial, "--dataset", "shortcut").stdout)
    shortcut = load(DatasetSpec("shortcut"), Path())
    stored = DatasetSpec("shortcut").to_json() | shortcut.to_json()
    assert submitted["dataset"] == stored | {"resize": False}


def test_without_one_the_trial_s_own_is_explained(sqlite_store: Store, trial: int) -> None:
    submitted = json.loads(call(sqlite_store, trial).stdout)
    assert submitted["dataset"]["title"] == "shapes (built in)"


def test_other_classes_are_refused_before_a_row_is_written(sqlite_store: Store, trial: int) -> None:
    before = rows(sqlite_store, "experiments")
    with pytest.raises(InputError, match="--dataset digits has other classes") as refused:
        call(sqlite_store, trial, "--dataset", "digits")
    assert "arrow, circle, crescent" in refused.value.expected
    assert rows(sqlite_store, "experiments") == before


def test_pictures_of_another_size_are_refused(
    sqlite_store: Store, trial: int, shapes: dict[str, Any]
) -> None:
    trained_on(sqlite_store, shapes | {"shape": [64, 64, 3]})
    with pytest.raises(InputError, match="images of another size") as refused:
        call(sqlite_store, trial, "--dataset", "shortcut")
    assert "64x64 RGB" in refused.value.expected
    assert refused.value.fix == "give --image-size 64"
    done = call(sqlite_store, trial, "--dataset", "shortcut", "--image-size", "64")
    assert json.loads(done.stdout)["dataset"]["shape"] == [64, 64, 3]


def test_grayscale_images_are_refused_for_a_network_of_rgb_ones(
    sqlite_store: Store, tmp_path: Path
) -> None:
    trial, path = new_trial(sqlite_store), tmp_path / "gray.npz"
    np.savez(path, images=np.zeros((20, 32, 32), np.uint8), labels=np.arange(20) % 2)
    trained_on(sqlite_store, DATASET | {"classes": ["0", "1"], "shape": [32, 32, 3]})
    with pytest.raises(InputError, match="32x32 grayscale") as refused:
        call(sqlite_store, trial, "--dataset", f"npz:{path}", "--images", "0")
    assert "choose another" in refused.value.fix


def test_a_picture_that_the_other_data_set_does_not_have_is_refused(
    sqlite_store: Store, trial: int
) -> None:
    with pytest.raises(InputError, match="--images 1000"):
        call(sqlite_store, trial, "--dataset", "shortcut", "--images", "1000")


def test_a_file_of_larger_pictures_is_resized_if_that_is_asked_for(
    sqlite_store: Store, tmp_path: Path
) -> None:
    trial, path = new_trial(sqlite_store), tmp_path / "large.npz"
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (20, 40, 40, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(20) % 2)
    trained_on(sqlite_store, DATASET | {"classes": ["0", "1"], "shape": [32, 32, 3]})
    with pytest.raises(InputError) as refused:
        call(sqlite_store, trial, "--dataset", f"npz:{path}", "--images", "0")
    assert refused.value.fix == "give --image-size 32"
    for words in (("--image-size", "32"), ("--resize",)):
        done = call(sqlite_store, trial, "--dataset", f"npz:{path}", "--images", "0", *words)
        dataset = json.loads(done.stdout)["dataset"]
        assert (dataset["image_size"], dataset["resize"]) == (32, True)


@pytest.mark.parametrize("words", [("--resize",), ("--image-size", "64")])
def test_an_image_size_needs_a_data_set(
    sqlite_store: Store, trial: int, words: tuple[str, ...]
) -> None:
    with pytest.raises(InputError, match="--dataset, which is not given"):
        call(sqlite_store, trial, *words)
