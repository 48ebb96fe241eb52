"""Two experiments that explain the same images differ by class, and what is void says nothing."""

import pytest
from scipy.stats import t

from runner.errors import InputError
from runner.reports.explanation.difference import DifferenceDocument, difference_document
from runner.reports.explanation.difference_view import difference_parts, verdict
from runner.reports.model import Note
from runner.store.engine import Store
from tests.runner.reports.explained import STRIPES, explained, weights
from tests.runner.reports.stored import CLASSES, DATASET, store_evaluation

SAME = weights(0, 1, 2, 3, 4)
# The overlap with it is four of six regions; two of eight; none.
NEAR, FAR, ELSEWHERE = weights(0, 1, 2, 3, 9), weights(0, 1, 7, 8, 9), weights(5, 6, 7, 8, 9)


def warnings(document: DifferenceDocument) -> list[str]:
    parts = difference_parts(document)
    return [part.text for part in parts if isinstance(part, Note) and part.warning]


def test_the_class_whose_regions_moved_is_first(store: Store) -> None:
    first = explained(store, {image: {0: SAME} for image in range(8)})
    even, odd = [ELSEWHERE, FAR, ELSEWHERE, FAR], [SAME, NEAR, SAME, NEAR]
    moved = {2 * n: {0: values} for n, values in enumerate(even)}
    stayed = {2 * n + 1: {0: values} for n, values in enumerate(odd)}
    second = explained(store, moved | stayed)
    document = difference_document(store, (first, second))
    assert [(row.rank, row.true_class) for row in document.classes] == [
        (1, CLASSES[0]),
        (2, CLASSES[1]),
    ]
    changed = [of.shared_weight for of in document.classes if of.shared_weight is not None]
    assert changed[0] < changed[1]
    assert document.classes[0].overlap == 0.125
    assert document.classes[1].overlap == pytest.approx((2 + 2 * 4 / 6) / 4)
    half = t.ppf(0.975, 3) * 0.25 / 3**0.5 / 2
    interval = document.classes[0].overlap_interval
    assert interval == pytest.approx([0.0, 0.125 + half])
    assert document.pictures == document.compared == 8
    assert "intervals do not overlap" in verdict(document)
    assert document.differ_in == ["trial"]


def test_two_classes_that_moved_alike_are_not_told_apart(sqlite_store: Store) -> None:
    first = explained(sqlite_store, {image: {0: SAME} for image in range(8)})
    turns = [NEAR, FAR, FAR, NEAR, SAME, NEAR, FAR, ELSEWHERE]
    second = explained(sqlite_store, {image: {0: values} for image, values in enumerate(turns)})
    assert "may be due to chance" in verdict(difference_document(sqlite_store, (first, second)))


def test_what_is_void_is_counted_and_never_compared(store: Store) -> None:
    first = explained(store, {0: {0: SAME}, 2: {0: None}, 4: {0: SAME}, 1: {0: SAME}})
    second = explained(store, {0: {0: SAME}, 2: {0: SAME}, 4: {0: None}, 1: {0: None}})
    document = difference_document(store, (first, second))
    assert (document.compared, document.void, document.overlap) == (1, 3, 1.0)
    left_out = [row for row in document.pairs if row.left_out == "void"]
    assert [row.verdicts for row in left_out] == [
        ["sound", "void"],
        ["void", "sound"],
        ["sound", "void"],
    ]
    assert {found for row in left_out for found in (row.overlap, row.sign_flips)} == {None}
    # A class of which nothing can be compared has no rank.
    assert [(row.rank, row.true_class) for row in document.classes] == [
        (1, CLASSES[0]),
        (None, CLASSES[1]),
    ]
    assert "pairs that were not compared: void 3." in warnings(document)
    nothing = difference_document(store, (first, explained(store, {0: {0: None}})))
    assert verdict(nothing) == "No two explanations could be compared."


def test_explanations_of_different_classes_are_not_compared(sqlite_store: Store) -> None:
    first = explained(sqlite_store, {0: {0: SAME}, 2: {0: SAME, 1: SAME}})
    second = explained(sqlite_store, {0: {1: SAME}, 2: {1: FAR, 0: SAME}})
    document = difference_document(sqlite_store, (first, second))
    apart, *both = document.pairs
    assert (apart.left_out, apart.class_) == ("no_common_class", None)
    assert apart.predicted_classes == CLASSES
    assert [(row.class_, row.overlap) for row in both] == [(CLASSES[0], 1), (CLASSES[1], 0.25)]
    # The mean is over images: one with two classes counts once.
    assert (document.compared, document.compared_pictures) == (2, 1)
    assert document.overlap == 0.625
    assert "pairs that were not compared: no common class 1." in warnings(document)


def test_only_images_in_both_count(sqlite_store: Store) -> None:
    first = explained(sqlite_store, {0: {0: SAME}, 1: {0: SAME}})
    second = explained(sqlite_store, {1: {0: SAME}, 3: {0: SAME}})
    document = difference_document(sqlite_store, (first, second))
    assert [row.image for row in document.pairs] == [1]


def test_other_superpixels_are_said_to_be(store: Store) -> None:
    first = explained(store, {0: {0: SAME}})
    second = explained(store, {0: {0: SAME}}, STRIPES, segmentation="stock", seed=3)
    document = difference_document(store, (first, second))
    assert document.pairs[0].same_segments is False
    assert document.differ_in == ["trial", "segmentation"]
    said = "1 of 1 compared pairs of explanations have different superpixels"
    assert said in warnings(document)[0]


def test_jobs_without_a_result_are_warned_of(sqlite_store: Store) -> None:
    first = explained(sqlite_store, {0: {0: SAME}})
    second = explained(sqlite_store, {0: {0: SAME}}, jobs=2)
    document = difference_document(sqlite_store, (first, second))
    assert f"experiment {second}: 1 of 2 jobs have no result." in warnings(document)


def test_what_cannot_be_compared_is_refused_with_its_reason(sqlite_store: Store) -> None:
    store = sqlite_store
    first = explained(store, {0: {0: SAME}})
    apart = explained(store, {1: {0: SAME}})
    other = explained(store, {0: {0: SAME}}, dataset=DATASET | {"fingerprint": "f" * 64})
    empty = explained(store, {}, jobs=2)
    evaluated = store_evaluation(store)
    for second, message in {
        apart: "have no image in common",
        other: "explain images of different data sets",
        empty: f"experiment {empty} has no explanations yet",
        evaluated: f"experiment {evaluated} is of kind evaluate",
        99: "there is no experiment 99",
    }.items():
        for pair in ((first, second), (second, first)):
            with pytest.raises(InputError, match=message):
                difference_document(store, pair)
