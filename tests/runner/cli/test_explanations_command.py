"""`runner explanations` filters what is stored and adds it up, on both databases."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cifar_model.errors import InputError
from runner.cli.explanations import explanations
from runner.store.engine import Store
from tests.runner.reports.stored import CLASSES, SHOWN_DATASET, store_explanation


def call(store: Store, *arguments: str) -> str:
    environment = {"RUNNER_DATABASE_URL": store.url}
    return (
        CliRunner().invoke(explanations, arguments, env=environment, catch_exceptions=False).output
    )


def found(store: Store, *arguments: str) -> Any:
    return json.loads(call(store, *arguments, "--format", "json"))


def test_all_are_counted_by_verdict_and_by_confusion(store: Store) -> None:
    store_explanation(store, r2=0.5)
    store_explanation(store, "void", "R2 0.02", r2=0.0)
    document = found(store)
    assert [document[name] for name in ("explanations", "sound", "weak", "void")] == [4, 2, 0, 2]
    assert document["mean_r2"] == 0.25
    (cell,) = document["cells"]
    assert (cell["true_class"], cell["predicted_class"]) == (CLASSES[0], CLASSES[1])
    assert (cell["explanations"], cell["void"]) == (4, 2)


def test_removals_are_counted_with_their_interval_and_without_what_is_void(store: Store) -> None:
    store_explanation(store, removed=0.1, removed_random=0.2)
    store_explanation(store, removed=0.3, removed_random=0.2)
    store_explanation(store, "void", "R2 0.02")
    document = found(store)
    assert (document["checked"], document["lowered"]) == (4, 2)
    # Wilson's interval for 2 of 4, as published tables have it.
    assert document["lowered_interval"] == pytest.approx([0.1500, 0.8500], abs=5e-5)


def test_a_filter_leaves_the_others_out(store: Store) -> None:
    first = store_explanation(store)
    second = store_explanation(store, "void", "R2 0.02")
    assert {row["experiment"] for row in found(store, "--verdict", "void")["newest"]} == {second}
    assert found(store, "--experiment", str(first))["void"] == 0
    trial = found(store, "--experiment", str(first))["newest"][0]["trial"]
    assert found(store, "--trial", str(trial))["explanations"] == 2
    assert found(store, "--class", CLASSES[0])["explanations"] == 2
    assert found(store, "--true-class", CLASSES[0])["explanations"] == 4
    assert found(store, "--true-class", CLASSES[1])["explanations"] == 0
    assert found(store, "--predicted-class", CLASSES[1], "--class", CLASSES[1])["explanations"] == 2


def test_only_the_newest_are_shown_one_by_one(store: Store) -> None:
    store_explanation(store)
    last = store_explanation(store)
    document = found(store, "--newest", "2")
    assert [row["experiment"] for row in document["newest"]] == [last, last]
    assert document["explanations"] == 4


def test_the_text_says_what_it_comes_to_and_lists_no_weight_of_what_is_void(store: Store) -> None:
    store_explanation(store, "void", "R2 0.02")
    text = call(store)
    assert "void" in text
    assert "+0.500" not in text
    store_explanation(store)
    text = call(store)
    assert "in 2 of 2" in text
    assert "+0.500" in text


def test_classes_and_cells_have_their_share_of_sound_ones(store: Store) -> None:
    store_explanation(store)
    store_explanation(store, "void", "R2 0.02")
    document = found(store)
    assert document["sound_share"] == 0.5
    assert [(row["class"], row["sound_share"]) for row in document["classes"]] == [
        (CLASSES[1], 0.5),
        (CLASSES[0], 0.5),
    ]
    assert document["cells"][0]["sound_share"] == 0.5
    assert document["mean_deletion_area"] == 0.5


def test_a_mean_mask_counts_only_what_is_not_void(store: Store) -> None:
    store_explanation(store)
    store_explanation(store, weights=[-0.5, -0.25, 0.0, 0.1])
    store_explanation(store, "void", "R2 0.02")
    document = found(store)
    for row in (*document["classes"], *document["cells"]):
        mask = np.array(row["mean_mask"])
        assert row["masks"] == 2
        assert mask.shape == (16, 16)
        # The four superpixels are the quarters of the image.
        assert [mask[0, 0], mask[0, -1], mask[-1, 0], mask[-1, -1]] == [0, -1, 0, 1]


def test_what_is_void_has_no_mean_mask(store: Store) -> None:
    store_explanation(store, "void", "R2 0.02")
    (cell,) = found(store)["cells"]
    assert (cell["masks"], cell["mean_mask"]) == (0, None)


def test_a_page_has_the_mean_masks_drawn_and_names_the_data(
    sqlite_store: Store, tmp_path: Path
) -> None:
    store_explanation(sqlite_store)
    out = tmp_path / "found.html"
    call(sqlite_store, "--format", "html", "--out", str(out))
    page = out.read_text()
    assert page.count("<img") == 2
    assert "Mean mask by explained class - " + SHOWN_DATASET in page
    store_explanation(sqlite_store, "void", "R2 0.02")
    call(sqlite_store, "--format", "html", "--verdict", "void", "--out", str(out))
    assert "<img" not in out.read_text()


def test_without_any_that_is_said(store: Store) -> None:
    assert "no explanation matches" in call(store)


def test_a_class_that_no_data_set_has_is_refused_naming_those_there_are(store: Store) -> None:
    store_explanation(store)
    with pytest.raises(InputError, match="the data sets of these explanations have no class bird"):
        call(store, "--class", "bird")
