"""The images of a trial: chosen, ordered, and shown where their data set is on this machine."""

import asyncio
import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cifar_model.data import DatasetSpec, Description, load
from cifar_model.data.folds import fold_of
from cifar_model.errors import InputError
from runner.datasets.decoded import keep
from runner.settings import Settings
from runner.store.engine import Store
from runner.ui.answers import Answers
from runner.ui.compare import DisputedImages
from runner.ui.pictures import Pictures, as_png, write_splits
from tests.browser import Browser
from tests.runner.reports.stored import evaluated
from tests.runner.ui.conftest import Page

LABELS = np.array([0, 0, 0, 1, 1])
PREDICTED = np.array([0, 1, 1, 1, 0])


def images(page: Page, trial: int, query: str) -> Any:
    return json.loads(page.ask(f"/api/trials/{trial}/images?{query}").read())


def numbers(found: Any) -> list[int]:
    return [each["image"] for each in found["images"]]


@pytest.fixture(scope="module")
def trial(page_store: Store) -> int:
    """Return a trial that is evaluated on five images, three of which are wrong."""
    return evaluated(page_store, PREDICTED, LABELS)


def shapes(**changes: Any) -> Description:
    """Return a data set as it is stored with a trial."""
    found = load(DatasetSpec("shapes"), Path())
    return Description.from_json(found.to_json() | {"split_seed": 0} | changes)


def test_images_are_chosen_by_outcome_and_by_class(page: Page, trial: int) -> None:
    assert numbers(images(page, trial, "split=test")) == [1, 2, 4]
    assert numbers(images(page, trial, "split=test&choice=right")) == [0, 3]
    assert numbers(images(page, trial, "split=test&choice=all&true=1&predicted=0")) == [4]
    assert page.ask(f"/api/trials/{trial}/images?split=nothing").status == 404
    assert page.ask(f"/api/trials/{trial}/images?split=validation").status == 404


def test_without_the_data_set_the_numbers_are_shown(
    page: Page, browser: Browser, trial: int
) -> None:
    browser.console.clear()
    browser.open(f"{page.address}/trials/{trial}/images?split=test")
    # Its data set has a built-in name, but other images.
    browser.wait_for("document.querySelector('#why')")
    assert "is not the one" in browser.value("document.querySelector('#why').innerText")
    assert len(browser.value("[...document.querySelectorAll('.gallery li')].map(String)")) == 3
    assert page.ask(f"/api/trials/{trial}/images/test/1").status == 404


def test_an_image_is_that_of_the_data_set(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    try:
        dataset = shapes()
        content = pictures.png(dataset, "test", 3)
        assert content.startswith(b"\x89PNG")
        assert pictures.availability(dataset).images == "here"
        with pytest.raises(InputError, match="there is no image"):
            pictures.png(dataset, "test", 10**6)
    finally:
        pictures.close()


def test_each_fold_has_its_own_images(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    try:
        for fold, size in ((1, None), (2, None), (1, 50)):
            images = load(DatasetSpec("shapes", size), tmp_path)
            expected = as_png(fold_of(images, fold, 5).validation.images[0])
            asked = shapes(train_size=size, fold=fold, folds=5)
            assert pictures.png(asked, "validation", 0) == expected
    finally:
        pictures.close()


def test_a_decoded_copy_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load(DatasetSpec("shapes"), tmp_path)
    keep(whole, 0, tmp_path)
    monkeypatch.setattr("runner.ui.pictures.load", None)
    wanted = asdict(shapes(train_size=50, fold=2, folds=5)) | {"data_dir": str(tmp_path)}
    assert write_splits(tmp_path, wanted) == ""
    expected = fold_of(load(DatasetSpec("shapes", 50), tmp_path), 2, 5).validation.images
    assert np.array_equal(np.load(tmp_path / "validation.npy"), expected)


def test_only_a_data_set_that_has_been_read_makes_room_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.ui.pictures.MOST_KEPT", 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pictures = Pictures(tmp_path)
    first, second, third = (shapes(split_seed=seed) for seed in range(3))
    try:
        for dataset in (first, second):
            assert pictures.availability(dataset).images == "reading"
        content = pictures.png(first, "validation", 0)
        assert pictures.png(second, "validation", 0).startswith(b"\x89PNG")
        assert pictures.png(third, "validation", 0).startswith(b"\x89PNG")
        [kept] = tmp_path.glob("runner-ui-*/*")
        assert kept.name.startswith(f"{third.fingerprint}-2-")
        assert pictures.png(first, "validation", 0) == content
    finally:
        pictures.close()


def test_a_document_of_a_data_set_that_is_being_read_is_not_kept(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOOK_SECONDS", "REST"):
        monkeypatch.setattr(f"runner.ui.answers.{name}", 0)
    variables = {"RUNNER_HOME": str(tmp_path), "RUNNER_DATABASE_URL": sqlite_store.url}
    answers = Answers(Settings.from_environment(variables))
    states = iter(["reading", "here", "none"])

    def build(_: Store) -> DisputedImages:
        return DisputedImages("test", [1, 2], None, None, next(states), 0, [])

    async def found() -> str:
        return str(json.loads((await answers.document("images", build)).body)["pictures"])

    with closing(asyncio.new_event_loop()) as loop:
        assert [loop.run_until_complete(found()) for _ in range(3)] == ["reading", "here", "here"]


@pytest.mark.parametrize("name", ["cifar10", "zip:/nowhere/images.zip"])
def test_nothing_is_downloaded_or_read_that_is_not_here(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    pictures = Pictures(tmp_path)
    assert pictures.availability(shapes(name=name)).images == "none"
    pictures.close()
