"""Two trials are compared image by image, and differ only if that is significant."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.chance import paired_holds
from runner.errors import InputError
from runner.reports.comparison.trials import comparison_document, verdict
from runner.reports.comparison.view import comparison_report
from runner.reports.leaderboard import leaderboard_document
from runner.reports.leaderboard_view import leaderboard_parts
from runner.reports.model import Note
from runner.reports.output import Destination, write_report
from runner.reports.records import plain, values
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope
from runner.store.queries.predictions import newest_predictions
from tests.runner.reports.stored import evaluated, store_tune

LABELS = np.arange(200) % 2


def right_but_for(wrong: int, *, start: int = 0) -> NDArray[np.int64]:
    """Return predictions that are wrong about so many images in a row."""
    predictions = LABELS.copy()
    predictions[start : start + wrong] = 1 - predictions[start : start + wrong]
    return predictions


def test_predictions_are_stored_a_byte_for_each_image(store: Store) -> None:
    trial = evaluated(store, right_but_for(30), LABELS)
    found = newest_predictions(store, trial, "test")
    assert found is not None
    assert found.predictions.dtype == np.uint8
    assert np.array_equal(found.predictions, right_but_for(30))
    assert np.array_equal(found.labels, LABELS)
    assert newest_predictions(store, trial, "train") is None


def test_a_difference_on_the_same_images_is_seen(store: Store) -> None:
    worse = evaluated(store, right_but_for(40), LABELS)
    better = evaluated(store, right_but_for(20), LABELS)
    document = comparison_document(store, (worse, better), "test")
    counts = values(document, ("both_right", "only_first", "only_second", "both_wrong"))
    assert counts == [160, 0, 20, 20]
    assert document.difference == -0.1
    assert not document.noise
    assert f"Trial {better} is significantly better than trial {worse}" in verdict(document)
    destination = Destination(None, Path())
    written = write_report(comparison_report(document), "table", destination)
    assert verdict(document) in (written.text or "")
    assert json.loads(json.dumps(plain(document), allow_nan=False)) == plain(document)


def test_the_same_accuracies_may_differ_by_noise_only(store: Store) -> None:
    # 20 errors more of 200, but on other images: the same difference as above, and not enough.
    first = evaluated(store, right_but_for(80), LABELS)
    second = evaluated(store, right_but_for(60, start=80), LABELS)
    document = comparison_document(store, (first, second), "test")
    assert document.difference == -0.1
    assert document.noise
    assert verdict(document).startswith("Not significant")
    low, high = document.difference_interval
    assert low < -0.1 < 0 < high


def test_trials_on_different_images_are_not_compared(store: Store) -> None:
    first = evaluated(store, right_but_for(4), LABELS)
    second = evaluated(store, right_but_for(4), 1 - LABELS)
    with pytest.raises(InputError, match="evaluated on different images"):
        comparison_document(store, (first, second), "test")


def test_a_trial_without_an_evaluation_says_how_to_get_one(store: Store) -> None:
    first = evaluated(store, right_but_for(4), LABELS)
    with pytest.raises(InputError, match="no evaluation on the train split") as refused:
        comparison_document(store, (first, first), "train")
    assert f"runner submit evaluate --trial {first} --split train" in refused.value.fix
    with pytest.raises(InputError, match="no trial 99"):
        comparison_document(store, (99, first), "test")


def test_a_report_of_several_evaluations_compares_them_strictly(store: Store) -> None:
    for wrong in (40, 27, 20):
        evaluated(store, right_but_for(wrong), LABELS)
    experiments = [found.id for found in reversed(queries.experiments(store, 20))]
    document = leaderboard_document(store, Scope(experiments), "val_accuracy", 9)
    assert [row.accuracy for row in document.evaluations] == [0.8, 0.865, 0.9]
    # Twice the p of McNemar's test: 2 of 2**13, and 2 of 2**20.
    assert [row.p for row in document.comparisons] == [2 * 2 / 2**13, 2 * 2 / 2**20]
    said = [part.text for part in leaderboard_parts(document) if isinstance(part, Note)]
    assert sum("significantly better" in text for text in said) == 2
    assert "Each p is multiplied by 2, the number of comparisons." in said
    tunes = leaderboard_document(store, Scope([store_tune(store, [[0.5]])]), "val_accuracy", 9)
    assert tunes.comparisons == []


def test_the_interval_of_a_difference_holds_the_truth_as_often_as_it_says() -> None:
    assert 0.93 <= paired_holds() <= 0.97
