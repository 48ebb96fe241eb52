"""A report names a region that decides one class and none of the others."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import fisher_exact

from cifar_model.explanation import coarse
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.experiment.view import brief_parts, report_parts
from runner.reports.explanation.shortcuts import find_shortcuts
from runner.reports.formats.terminal import as_terminal
from runner.store.engine import Store
from tests.runner.reports.explained import explained, weights
from tests.runner.reports.stored import CLASSES

RANDOM = np.random.default_rng(0)


def elsewhere() -> list[int]:
    """Return four superpixels at random, none of which is the one at the top left."""
    return [int(number) for number in RANDOM.choice(range(1, 16), 4, replace=False)]


def masks(count: int, share: float, place: tuple[slice, slice]) -> list[bytes]:
    """Return masks of which this share supports a place; all support some cells at random."""
    found = []
    for number in range(count):
        mask = (RANDOM.random((16, 16)) < 0.1).astype(np.int8)
        mask[place] = number < share * count
        found.append(coarse.pack(mask))
    return found


CORNER = (slice(0, 3), slice(0, 3))


def text_of(document: ExperimentDocument) -> str:
    parts = [*brief_parts(document), *report_parts(document, [])]
    return as_terminal("title", parts, Path()).replace("\n", " ")


def test_a_region_that_goes_with_a_class_is_named_in_every_format(store: Store) -> None:
    marked = {image: {0: weights(0, *elsewhere())} for image in range(0, 40, 2)}
    others = {image: {1: weights(*elsewhere())} for image in range(1, 40, 2)}
    document = report_document(store, explained(store, marked | others))
    assert document.shortcuts is not None
    [found] = document.shortcuts
    assert (found.class_, found.place) == (CLASSES[0], "top left")
    assert (found.top, found.left, found.bottom, found.right) == (0, 0, 0.25, 0.25)
    assert (found.supported, found.explanations) == (20, 20)
    assert (found.supported_others, found.explanations_others) == (0, 20)
    words = (
        f"Possible shortcut: {CLASSES[0]}: the region at the top left supports 20 of 20"
        f" explanations of {CLASSES[0]} and 0 of 20 of the others."
    )
    assert text_of(document).count(f"WARNING: {words}") == 2


def test_regions_that_differ_from_image_to_image_are_no_shortcut(store: Store) -> None:
    images = {image: {image % 2: weights(*elsewhere())} for image in range(20)}
    document = report_document(store, explained(store, images))
    assert document.shortcuts == []
    assert text_of(document).count("No region of the image goes with a single class.") == 1


def test_a_region_that_decides_every_class_is_no_shortcut() -> None:
    assert find_shortcuts({name: masks(50, 1.0, CORNER) for name in ("cat", "dog")}) == []


def test_few_explanations_are_not_tested(store: Store) -> None:
    images = {image: {image % 2: weights(0)} for image in range(8)}
    assert report_document(store, explained(store, images)).shortcuts is None
    assert find_shortcuts({}) is None
    assert find_shortcuts({"cat": masks(100, 1.0, CORNER)}) is None


def test_a_small_difference_is_no_shortcut_however_many_explanations_there_are() -> None:
    assert find_shortcuts({"cat": masks(2000, 0.6, CORNER), "dog": masks(2000, 0.4, CORNER)}) == []


def test_the_p_value_is_fisher_s_times_the_number_of_tests() -> None:
    found = find_shortcuts({"cat": masks(20, 0.9, CORNER), "dog": masks(60, 0.05, CORNER)})
    assert found
    table = [[18, 2], [3, 57]]
    assert found[0].p == pytest.approx(fisher_exact(table, "greater").pvalue * 256 * 2)


def test_two_places_are_two_shortcuts() -> None:
    bottom = (slice(13, 16), slice(6, 10))
    found = find_shortcuts({"cat": masks(200, 1.0, CORNER), "dog": masks(200, 1.0, bottom)})
    assert found is not None
    places = {of.class_: of.place for of in found}
    assert places == {"cat": "top left", "dog": "bottom centre"}
