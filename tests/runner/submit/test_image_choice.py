"""`--images` takes numbers and words, and says in one line what cannot be chosen."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cifar_model.data import DatasetSpec, load
from runner.cli.submit import explain
from runner.errors import InputError
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries.predictions import Predictions
from runner.submit.image_choice import Pool, choose_images, comma_parts
from tests.runner.reports.stored import evaluated, new_trial
from tests.runner.store.making import home_of, rows, run

TRUE = np.array([0, 1, 0, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 0])
SURE = np.array([[9, 0, 0], [6, 4, 0], [2, 8, 0], [1, 9, 0], [8, 1, 1]], np.float16) / 10


def pool(seed: int = 0, probabilities: Any = SURE) -> Pool:
    found = Predictions(7, 3, 0.4, "fingerprint", PREDICTED, TRUE, probabilities)
    return Pool(5, ("cat", "dog", "a, b"), seed, lambda: TRUE, lambda _: found)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4", [4]),
        ("0,4,2", [0, 4, 2]),
        ("0-3", [0, 1, 2, 3]),
        ("4, 1-3,2", [4, 1, 2, 3]),
        ("3-3", [3]),
        ("wrong", [1, 2, 4]),
        ("class:dog", [1, 3]),
        (r"class:a\, b", [4]),
        # Of two that are equally sure the first comes first.
        ("most-confident-wrong:2", [2, 4]),
        ("most-confident-wrong:3", [2, 4, 1]),
        ("random:5", [0, 1, 2, 3, 4]),
        ("3,wrong, class:dog", [3, 1, 2, 4]),
    ],
)
def test_images_are_chosen_each_once(text: str, numbers: list[int]) -> None:
    assert choose_images(text, pool()) == numbers


def test_a_random_choice_is_decided_by_the_seed() -> None:
    drawn = [choose_images("random:3", pool(seed)) for seed in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert len({tuple(images) for images in drawn}) > 1
    assert set(choose_images("random:2", pool(1))) < set(drawn[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *(
            (text, "is not a valid selection of images")
            for text in ("", "x", "1,,2", "3-1", "-1", "1-")
        ),
        *(
            (text, "is not a valid selection of images")
            for text in ("1-2-3", "1.5", "wrong:2", "random")
        ),
        *((text, "the test split has 5 images") for text in ("5", "0-20000", "9" * 5000)),
        *((text, "5 images to choose from") for text in ("random:6", "random:0", "random:x")),
        ("most-confident-wrong:4", "3 images to choose from"),
        ("class:bird", "no such class"),
        ("class:", "no such class"),
    ],
)
def test_what_cannot_be_chosen_is_said_in_one_short_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        choose_images(text, pool())
    assert "--images" in refused.value.what
    assert len(refused.value.what) < 160


def test_probabilities_that_an_older_evaluation_lacks_are_named_with_the_command() -> None:
    with pytest.raises(InputError, match="evaluation 7 of trial 3 has no probabilities") as refused:
        choose_images("most-confident-wrong:1", pool(probabilities=None))
    assert refused.value.fix == "run: runner submit evaluate --trial 3 --wait"


def test_commas_in_names_are_written_with_a_backslash() -> None:
    assert comma_parts(r"cat , a\, b,dog") == ["cat", "a, b", "dog"]


def submit(store: Store, trial: int, *options: str) -> dict[str, Any]:
    environment = {"RUNNER_DATABASE_URL": store.url, "RUNNER_HOME": home_of(store)}
    words = ["--trial", str(trial), "--format", "json", *options]
    done = CliRunner().invoke(explain, words, env=environment, catch_exceptions=False)
    return dict(json.loads(done.stdout))


def test_wrong_images_are_numbers_in_the_store_beside_what_was_asked(sqlite_store: Store) -> None:
    labels = np.array([0, 1] * 5)
    predictions = np.where(np.arange(10) % 4 == 3, 0, labels)
    trial = evaluated(sqlite_store, predictions, labels)
    experiment = submit(sqlite_store, trial, "--images", "wrong")["experiment"]
    [job] = queries.jobs(sqlite_store, experiment)
    assert job.configuration == {"images": [3, 7]}
    stored = queries.experiment(sqlite_store, experiment).configuration
    assert stored["asked_images"] == "wrong"


def test_wrong_without_an_evaluation_names_the_command_that_makes_one(sqlite_store: Store) -> None:
    trial = new_trial(sqlite_store)
    before = rows(sqlite_store, "jobs")
    for images in ("wrong", "most-confident-wrong:3"):
        with pytest.raises(InputError, match="has not been evaluated") as refused:
            submit(sqlite_store, trial, "--images", images)
        assert refused.value.fix == f"run: runner submit evaluate --trial {trial} --wait"
    assert rows(sqlite_store, "jobs") == before


def test_a_class_needs_no_evaluation_and_may_be_of_another_data_set(sqlite_store: Store) -> None:
    shapes = load(DatasetSpec("shapes"), Path())
    trial = new_trial(sqlite_store)
    dataset = json.dumps(DatasetSpec("shapes").to_json() | shapes.to_json())
    run(sqlite_store, "UPDATE trials SET dataset = :dataset", dataset=dataset)
    hearts = np.flatnonzero(shapes.test.labels == shapes.classes.index("heart")).tolist()
    for options in ((), ("--dataset", "shortcut")):
        experiment = submit(sqlite_store, trial, "--images", "class:heart", *options)["experiment"]
        jobs = queries.jobs(sqlite_store, experiment)
        assert [image for job in jobs for image in job.configuration["images"]] == hearts
    with pytest.raises(InputError, match="wrong with --dataset"):
        submit(sqlite_store, trial, "--images", "wrong", "--dataset", "shortcut")
