"""The batches of one epoch: which images each step trains on, and how they are changed."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cifar_model.batches.augmentation import Array, Draws, augment, draw
from cifar_model.data import Split
from cifar_model.training_params import Training

# What random numbers are for, so that no two of them are the same.
ORDER, AUGMENTATION, DROPOUT = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Batches:
    """Hold what an epoch trains on; the key (seed, epoch) decides the order and the augmentation.

    `on_step(epoch, step, steps)` is called before each step, and may raise to stop.
    """

    split: Split
    classes: int
    training: Training
    key: tuple[int, int]
    on_step: Callable[[int, int, int], None]

    def __len__(self) -> int:
        return math.ceil(len(self.split) / self.training.batch_size)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for step in range(len(self)):
            self.tell(step)
            rows = self.rows(step)
            images, labels = self.split.scaled(rows), self.split.one_hot(self.classes, rows)
            yield augment(self.training.augmentation, images, labels, self._drawn_by(step))

    def tell(self, step: int) -> None:
        """Say that a step comes next."""
        self.on_step(self.key[1], step, len(self))

    def rows(self, step: int) -> NDArray[np.int64]:
        """Return which images a step trains on."""
        size = self.training.batch_size
        return self._order[step * size : (step + 1) * size]

    def draws(self, step: int) -> Draws:
        """Return what is drawn for the augmentation of a step."""
        shape = (len(self.rows(step)), *self.split.images.shape[1:3])
        return draw(self.training.augmentation, shape, self._drawn_by(step))

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.random.default_rng([*self.key, ORDER]).permutation(len(self.split))

    def _drawn_by(self, step: int) -> tuple[int, ...]:
        return (*self.key, AUGMENTATION, step)
