"""A report of explanations says how far each can be trusted, and what removing its regions did."""

from dataclasses import replace
from pathlib import Path

import pytest

from runner.api.delivery import experiment_document
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.experiment.view import report_parts
from runner.reports.explanation.view import SHOWN_ROWS, activation_parts
from runner.reports.formats.terminal import as_terminal
from runner.reports.model import Table
from runner.reports.records import Channels
from runner.specs import Configuration
from runner.store.engine import Store
from tests.runner.reports.explained import explained, weights
from tests.runner.reports.stored import CLASSES, store_explanation, store_tune
from tests.runner.store.making import value


def text_of(document: ExperimentDocument) -> str:
    return as_terminal("title", report_parts(document, []), Path())


def test_measures_and_checks_are_in_the_document(store: Store) -> None:
    experiment = store_explanation(
        store, largest_share=0.25, stability=0.8, weight_range=0.75, other=1, contrast=0.2
    )
    row = report_document(store, experiment).explanations[0]
    assert (row.largest_share, row.stability, row.weight_range) == (0.25, 0.8, 0.75)
    assert (row.removed, row.removed_random) == (0.25, 0.5)
    assert (row.other_class, row.contrast) == (CLASSES[1], 0.2)
    assert (row.normalised, row.segmentation) == (False, "small")


@pytest.mark.parametrize(("accuracy", "warned"), [(0.5, True), (0.8, True), (0.9, False)])
def test_explanations_of_a_trial_that_may_be_guessing_come_with_a_warning(
    store: Store, accuracy: float, warned: bool
) -> None:
    """Of ten images and two classes, eight right are within what chance gives, nine are not."""
    query = "SELECT trials.id FROM trials JOIN jobs ON jobs.id = job_id WHERE experiment_id = :id"
    trial = value(store, query, id=store_tune(store, [[accuracy]]))
    experiment = explained(store, {0: {0: weights(0)}}, trial=trial)
    document = report_document(store, experiment)
    if not warned:
        assert document.warnings == []
        return
    [warning] = document.warnings
    assert f"trial {trial} is not significantly better than chance (0.500)" in warning
    assert f"WARNING: {warning}." in text_of(document).replace("\n", " ")
    assert experiment_document(store, experiment).warnings == [warning]


def test_removals_have_tables_of_their_own(sqlite_store: Store) -> None:
    experiment = store_explanation(
        sqlite_store,
        other=1,
        contrast=0.125,
        contrast_other=0.625,
        contrast_random=0.5,
        contrast_other_random=0.25,
    )
    text = text_of(report_document(sqlite_store, experiment))
    assert "Probability with regions hidden" in text
    assert "Contrast between two classes" in text
    assert "0.625" in text


@pytest.mark.parametrize("normalised", [True, False])
def test_probabilities_that_were_normalised_are_said_to_be(
    sqlite_store: Store, normalised: bool
) -> None:
    experiment = store_explanation(sqlite_store, normalised=normalised)
    text = text_of(report_document(sqlite_store, experiment))
    assert ("divided by their sum" in text) is normalised


def test_curves_and_their_areas_are_told(store: Store) -> None:
    document = report_document(store, store_explanation(store))
    row = document.explanations[0]
    assert (row.deletion_area, row.insertion_area) == (0.5, 0.625)
    assert row.curves is not None
    assert row.curves.share == [0, 0.25, 0.5, 0.75, 1]
    assert row.curves.deletion[:3] == [0.75, 0.5, 0.25]
    assert row.curves.insertion[-1] == 0.75
    text = text_of(document)
    assert "Deletion and insertion" in text
    assert "0.625" in text


def test_channels_are_in_the_document_and_every_layer_is_in_the_text(store: Store) -> None:
    document = report_document(store, store_explanation(store))
    first, second = document.activations
    assert first.channels == Channels(mean=[1, 1], spread=[0, 0], zeros=[0, 0])
    assert (first.dead, second.dead) == (0, 1)
    parts = activation_parts(document.dataset, document.activations)
    [table] = [part for part in parts if isinstance(part, Table)]
    assert [row[0] for row in table.rows] == [1, 2]
    assert table.rows[1][3:] == [3, 0.5, 0, pytest.approx(1 / 3), 1]


def test_a_channel_is_dead_only_if_it_is_so_in_every_image(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_explanation(sqlite_store))
    other = document.activations[1]
    lively = replace(other, channels=replace(other.channels, zeros=[0, 0, 0]))
    parts = activation_parts(document.dataset, [*document.activations, lively])
    [table] = [part for part in parts if isinstance(part, Table)]
    assert table.rows[1][-1] == 0
    assert "over 2 images" in table.title


def test_a_void_explanation_has_no_removal_and_its_reason_instead(sqlite_store: Store) -> None:
    experiment = store_explanation(sqlite_store, "void", "one superpixel")
    text = text_of(report_document(sqlite_store, experiment))
    assert text.count("void     one superpixel") == 2
    assert "Probability with regions hidden" not in text
    assert "Deletion and insertion" not in text
    assert "2 explanations: 0 sound, 0 weak, 2 void." in text


def test_how_images_were_chosen_is_said(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_explanation(sqlite_store))
    assert "images: wrong" not in text_of(document)
    configuration = {**document.configuration.stored, "asked_images": "wrong,random:20"}
    document = replace(document, configuration=Configuration(configuration))
    assert "images: wrong,random:20; 1 explained" in text_of(document)


def test_of_very_many_the_first_are_shown_and_all_are_counted(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_explanation(sqlite_store, "weak", "R2 0.31"))
    many = replace(document, explanations=document.explanations * SHOWN_ROWS)
    text = text_of(many)
    assert f"{2 * SHOWN_ROWS} explanations: 0 sound, {2 * SHOWN_ROWS} weak" in text
    assert text.count("weak     R2 0.31") == SHOWN_ROWS
