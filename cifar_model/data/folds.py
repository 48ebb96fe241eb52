"""Divide what is not for testing into folds: each is for validation once, the rest for training."""

from dataclasses import replace

import numpy as np

from cifar_model.data.dataset import Dataset, Split
from cifar_model.data.loading import permutation

FOLD_SEED = 1


def fold_of(dataset: Dataset, fold: int, folds: int) -> Dataset:
    """Return the data set with one of its folds, numbered from 1, as its validation split.

    The folds are disjoint, together they are the train and the validation split, and their sizes
    differ by one image at most. The test split stays what it is.
    """
    pool = Split(
        np.concatenate([dataset.train.images, dataset.validation.images]),
        np.concatenate([dataset.train.labels, dataset.validation.labels]),
    )
    parts = np.array_split(permutation(len(pool), FOLD_SEED), folds)
    held_out = parts.pop(fold - 1)
    return replace(dataset, train=pool.take(np.concatenate(parts)), validation=pool.take(held_out))
