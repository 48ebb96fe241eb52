"""What jobs find is stored whole, once, and only with numbers that are finite."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cifar_model.errors import DivergedError
from runner.states import AttemptState, Kind
from runner.store import queries
from runner.store.artifacts import get_array, get_artifact
from runner.store.engine import Store
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.job_lifecycle import finish
from runner.store.lifecycle.results import (
    write_activations,
    write_evaluation,
    write_explained,
    write_trial,
)
from tests.runner.store.making import (
    DATASET,
    FINGERPRINT,
    make_claim,
    make_claim_on_trial,
    make_epoch,
    make_evaluation,
    make_explained,
    make_outputs,
    make_split,
    make_trial,
    rows,
    run,
)


def table(store: Store, name: str) -> list[dict[str, Any]]:
    with store.read() as connection:
        found = connection.execute(text(f"SELECT * FROM {name}")).mappings()  # noqa: S608 (ours)
        return [dict(row) for row in found]


def test_a_trial_has_the_scores_of_its_last_epoch_and_names_its_best(store: Store) -> None:
    claimed = make_claim(store)
    for number, val_accuracy in enumerate([0.3, 0.6, 0.6, 0.5], start=1):
        epoch = make_epoch(number, loss=1 / number, val_accuracy=val_accuracy, seconds=2.0)
        record_epoch(store, claimed.key, epoch, b"state", FINGERPRINT)
    finish(
        store,
        claimed.key,
        AttemptState.SUCCEEDED,
        write=lambda connection: write_trial(connection, claimed, b"weights", FINGERPRINT),
    )
    (trial,) = table(store, "trials")
    assert (trial["epochs"], trial["best_epoch"], trial["best_val_accuracy"]) == (4, 2, 0.6)
    assert (trial["loss"], trial["val_accuracy"], trial["seconds"]) == (0.25, 0.5, 8.0)
    assert (trial["seed"], trial["fingerprint"]) == (claimed.seed, FINGERPRINT)
    found = queries.trial(store, trial["id"])
    assert found.params == claimed.configuration["params"] | {"epochs": 4}
    assert found.dataset == DATASET
    assert found.threads == 1
    assert get_artifact(store, found.model) == b"weights"


def test_a_job_makes_one_trial(store: Store) -> None:
    make_trial(store)
    (trial,) = table(store, "trials")
    columns = ", ".join(name for name in trial if name != "id")
    with pytest.raises(IntegrityError):
        run(store, f"INSERT INTO trials ({columns}) SELECT {columns} FROM trials")  # noqa: S608 (ours)
    assert rows(store, "trials") == 1


def test_a_trial_without_an_epoch_is_refused(store: Store) -> None:
    claimed = make_claim(store)
    with pytest.raises(ValueError, match="no epoch"), store.write() as connection:
        write_trial(connection, claimed, b"weights", FINGERPRINT)


def test_an_evaluation_has_its_scores_and_the_cells_that_are_not_empty(store: Store) -> None:
    claimed = make_claim_on_trial(store, Kind.EVALUATE, split="test")
    evaluation = make_evaluation(confusion=np.array([[4, 0], [2, 4]]))
    with store.write() as connection:
        write_evaluation(connection, claimed, evaluation, ["circle", "square"])
    (stored,) = table(store, "evaluations")
    assert stored["trial_id"] == claimed.configuration["trial"]
    assert (stored["split"], stored["images"], stored["log_loss"]) == ("test", 10, 0.6)
    cells = [
        (cell["true_label"], cell["predicted_label"], cell["images"])
        for cell in table(store, "confusion")
    ]
    assert sorted(cells) == [(0, 0, 4), (1, 0, 2), (1, 1, 4)]


def test_an_evaluation_that_is_not_finite_is_refused_by_name(store: Store) -> None:
    claimed = make_claim_on_trial(store, Kind.EVALUATE, split="test")
    with (
        pytest.raises(DivergedError, match=r"evaluation of trial \d+: log_loss is inf"),
        store.write() as connection,
    ):
        write_evaluation(connection, claimed, make_evaluation(log_loss=math.inf), ["a", "b"])
    assert rows(store, "evaluations") == 0


def test_an_evaluation_of_a_split_that_does_not_exist_is_refused(store: Store) -> None:
    claimed = make_claim_on_trial(store, Kind.EVALUATE, split="holdout")
    with pytest.raises(IntegrityError), store.write() as connection:
        write_evaluation(connection, claimed, make_evaluation(), ["a", "b"])


def test_an_explanation_has_its_weights_and_its_arrays(store: Store) -> None:
    claimed = make_claim_on_trial(
        store, Kind.EXPLAIN, samples=100, segmentation="small", method="lime"
    )
    split, explained = make_split(), make_explained()
    with store.write() as connection:
        write_explained(connection, claimed, 0, split, explained)
    stored = table(store, "explanations")
    assert [(row["label"], row["true_label"], row["predicted_label"]) for row in stored] == [
        (0, 1, 1),
        (1, 1, 1),
    ]
    first = stored[0]
    assert (first["superpixels"], first["samples"], first["verdict"]) == (2, 100, "sound")
    assert np.frombuffer(first["weights"], "<f8").tolist() == [0.5, -0.25]
    assert (first["largest_share"], first["stability"], first["removed"]) == (0.5, 1.0, 0.25)
    assert np.array_equal(get_array(store, first["picture"]), split.images[0])
    assert np.array_equal(get_array(store, first["segments"]), explained.segments)


def test_only_the_first_job_keeps_its_pictures(store: Store) -> None:
    claimed = make_claim_on_trial(
        store, Kind.EXPLAIN, samples=100, segmentation="small", method="lime"
    )
    with store.write() as connection:
        later = replace(claimed, number=2)
        write_explained(connection, later, 0, make_split(), make_explained())
    assert {row["picture"] for row in table(store, "explanations")} == {None}


def test_a_void_explanation_cannot_have_checks(store: Store) -> None:
    claimed = make_claim_on_trial(
        store, Kind.EXPLAIN, samples=100, segmentation="small", method="lime"
    )
    with pytest.raises(IntegrityError), store.write() as connection:
        write_explained(connection, claimed, 0, make_split(), make_explained(verdict="void"))


@pytest.mark.parametrize(
    ("wrong", "named"), [({"r2": math.nan}, "r2"), ({"weights": [0.0, math.nan]}, "weight 1")]
)
def test_an_explanation_that_is_not_finite_is_refused_by_name(
    store: Store, wrong: dict[str, Any], named: str
) -> None:
    claimed = make_claim_on_trial(
        store, Kind.EXPLAIN, samples=100, segmentation="small", method="lime"
    )
    with (
        pytest.raises(DivergedError, match=f"label 0 of image 1: {named} is nan"),
        store.write() as connection,
    ):
        write_explained(connection, claimed, 1, make_split(), make_explained(**wrong))
    assert rows(store, "explanations") == 0


def test_activations_have_their_layer_and_array(store: Store) -> None:
    claimed = make_claim_on_trial(
        store, Kind.EXPLAIN, samples=100, segmentation="small", method="lime"
    )
    outputs = make_outputs()
    with store.write() as connection:
        write_activations(connection, claimed, 1, outputs)
    stored = table(store, "activations")
    assert [(row["image"], row["layer"], row["name"]) for row in stored] == [
        (1, 1, "layer_1"),
        (1, 2, "layer_2"),
    ]
    for row, output in zip(stored, outputs, strict=True):
        assert np.array_equal(get_array(store, row["output"]), output.output)
