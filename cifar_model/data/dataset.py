"""What a data set is: its images and labels, its splits, its name and its fingerprint."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Array = Images | Labels
Rows = slice | NDArray[np.int64]

EVERY_ROW = slice(None)


@dataclass(frozen=True, eq=False)
class Split:
    """Hold images (n, height, width, channels) as bytes and their labels (n,), both read-only.

    The trials of a process share them: what one changed, the next would be trained on.
    """

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        """Keep views that cannot be written to; the arrays that were given stay as they are."""
        for name in ("images", "labels"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Rows) -> "Split":
        """Return the chosen images as a split of their own."""
        return Split(self.images[rows], self.labels[rows])

    def scaled(self, rows: Rows = EVERY_ROW) -> NDArray[np.float32]:
        """Return images with their pixels in [0, 1]."""
        return np.divide(self.images[rows], 255, dtype=np.float32)

    def one_hot(self, classes: int, rows: Rows = EVERY_ROW) -> NDArray[np.float32]:
        """Return labels as rows of zeros with a one at the label."""
        return np.eye(classes, dtype=np.float32)[self.labels[rows]]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Hold everything a data set consists of, before it is divided.

    `test` and `validation` are None where the data set does not say which images are for that.
    """

    title: str
    classes: tuple[str, ...]
    train: Split
    test: Split | None = None
    validation: Split | None = None

    def fingerprint(self) -> str:
        """Return a SHA-256 of class names, pixels and labels; the container does not matter."""
        given = {"train": self.train, "validation": self.validation, "test": self.test}
        parts = [part for part in given.values() if part is not None]
        head: dict[str, Any] = {
            "classes": self.classes,
            "splits": [part.images.shape for part in parts],
        }
        if self.validation is not None:
            head["names"] = [name for name, part in given.items() if part is not None]
        digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
        for part in parts:
            digest.update(np.ascontiguousarray(part.images).data)
            digest.update(part.labels.astype("<i8").tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Dataset:
    """Hold a data set divided into three disjoint splits.

    `name` is what `--dataset` takes, with paths made absolute; `title` is for people.
    """

    name: str
    title: str
    fingerprint: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split

    def to_json(self) -> dict[str, Any]:
        """Return what is stored with every result of this data set, as plain JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "fingerprint": self.fingerprint,
            "classes": list(self.classes),
            "shape": list(self.train.images.shape[1:]),
            "images": {
                "train": len(self.train),
                "validation": len(self.validation),
                "test": len(self.test),
            },
        }
