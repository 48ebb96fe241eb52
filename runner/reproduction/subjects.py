"""Whom the paper's figures show: a cat, a truck and an airplane, or what a data set has instead."""

from dataclasses import dataclass

import numpy as np

from cifar_model.data import Dataset

# Where the paper's classes stand among CIFAR-10's; another data set's own stand in for them.
PLACES = {"airplane": 0, "bird": 2, "cat": 3, "truck": 9}


@dataclass(frozen=True, slots=True)
class Subjects:
    """Hold the class that stands for each of the paper's, and the first test image of it."""

    classes: dict[str, str]
    images: dict[str, int]

    def words(self) -> str | None:
        """Say which classes stand in for the paper's; None if they are the paper's own."""
        others = {name: shown for name, shown in self.classes.items() if name != shown}
        if not others:
            return None
        words = ", ".join(f"{shown} for {name}" for name, shown in others.items())
        return f"The data set has not all of the paper's classes; its own stand in: {words}."


def choose(dataset: Dataset) -> Subjects:
    """Return the classes and images to look at; which ones does not depend on any result."""
    names = dataset.classes
    classes = {
        name: name if name in names else names[place % len(names)] for name, place in PLACES.items()
    }
    if classes["bird"] == classes["airplane"]:
        classes["bird"] = names[(names.index(classes["airplane"]) + 1) % len(names)]
    return Subjects(
        classes, {name: _first(dataset, names.index(shown)) for name, shown in classes.items()}
    )


def _first(dataset: Dataset, label: int) -> int:
    """Return the first test image of a class; the first of all if it has none."""
    return int(np.argmax(dataset.test.labels == label))
