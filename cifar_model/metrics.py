"""What follows from a confusion matrix; numpy only, so that reports can use it too."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ClassScores:
    """One class against all others; a ratio of nothing is 0, as in scikit-learn."""

    tp: int
    tn: int
    fp: int
    fn: int

    @property
    def support(self) -> int:
        """Return the number of images of this class."""
        return self.tp + self.fn

    @property
    def precision(self) -> float:
        """Return which part of what was called this class is of it."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Return which part of this class was called so."""
        return _ratio(self.tp, self.support)

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def per_class(confusion: NDArray[Any]) -> list[ClassScores]:
    """Return the scores of every class; rows of the matrix are true, columns predicted classes."""
    total = int(confusion.sum())
    scores = []
    for label in range(len(confusion)):
        tp = int(confusion[label, label])
        fn = int(confusion[label].sum()) - tp
        fp = int(confusion[:, label].sum()) - tp
        scores.append(ClassScores(tp=tp, tn=total - tp - fn - fp, fp=fp, fn=fn))
    return scores


def accuracy(confusion: NDArray[Any]) -> float:
    """Return which part of all images was predicted right."""
    return _ratio(int(np.trace(confusion)), int(confusion.sum()))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
