"""Folds are disjoint, together they are all that may be trained on, and never the same."""

import numpy as np
import pytest

from cifar_model.data import Dataset
from cifar_model.data.dataset import Split
from cifar_model.data.folds import fold_of


def split(start: int, count: int) -> Split:
    """Return images that can be told apart by their first pixel."""
    numbers = np.arange(start, start + count)
    images = np.zeros((count, 2, 2, 3), np.uint8)
    images[:, 0, 0, 0] = numbers
    return Split(images, numbers % 3)


@pytest.fixture
def dataset() -> Dataset:
    return Dataset("name", "title", "f", ("a", "b", "c"), split(0, 40), split(40, 11), split(60, 9))


def numbers(of: Split) -> list[int]:
    return [int(number) for number in of.images[:, 0, 0, 0]]


def test_every_picture_is_held_out_once_and_trained_on_otherwise(dataset: Dataset) -> None:
    folds = [fold_of(dataset, fold, 4) for fold in (1, 2, 3, 4)]
    held_out = [number for fold in folds for number in numbers(fold.validation)]
    assert sorted(held_out) == list(range(51))
    for fold in folds:
        assert sorted(numbers(fold.train) + numbers(fold.validation)) == list(range(51))
        assert len(fold.validation) in (12, 13)
        assert np.array_equal(fold.validation.labels, np.array(numbers(fold.validation)) % 3)


def test_the_test_split_is_left_alone(dataset: Dataset) -> None:
    assert fold_of(dataset, 1, 5).test is dataset.test


def test_a_fold_is_the_same_every_time(dataset: Dataset) -> None:
    first, again = (fold_of(dataset, 2, 3) for _ in range(2))
    assert numbers(first.train) == numbers(again.train)
