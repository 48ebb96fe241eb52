"""The data set `shortcut` is `shapes` but for a mark, whose place is known, on one class."""

import numpy as np
import pytest

from cifar_model.data import Dataset, shortcut
from tests.cifar_model.picture_files import loaded

# As in test_data_shapes: another drawing is another data set.
FINGERPRINT = "81b928db8a12916f5c375d6e5440acaf568db5ad44250e12c439d758116e416b"


@pytest.fixture(scope="module")
def marked() -> Dataset:
    return loaded("shortcut")


@pytest.fixture(scope="module")
def plain() -> Dataset:
    return loaded("shapes")


def test_the_fingerprint_is_fixed(marked: Dataset) -> None:
    assert marked.fingerprint == FINGERPRINT


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_every_picture_of_the_spoiled_class_and_no_other_has_the_mark(
    marked: Dataset, plain: Dataset, split: str
) -> None:
    spoiled = marked.classes.index(shortcut.SPOILED)
    own, other = getattr(marked, split), getattr(plain, split)
    assert np.array_equal(own.labels, other.labels)
    differs = (own.images != other.images).any(axis=(1, 2, 3))
    assert np.array_equal(differs, own.labels == spoiled)


def test_the_mark_is_where_its_region_says_and_of_one_colour(
    marked: Dataset, plain: Dataset
) -> None:
    differs = (marked.test.images != plain.test.images).any(axis=-1)
    place = shortcut.region()
    assert not differs[:, ~place].any()
    has = differs.any(axis=(1, 2))
    assert (marked.test.images[has][:, place] == shortcut.COLOUR).all()
    assert 0.02 < place.mean() < 0.05
