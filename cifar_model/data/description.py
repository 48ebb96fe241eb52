"""Which data set to load, and what is stored of it with every experiment and trial.

Nothing here needs numpy.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# The sizes of images, in pixels on each side.
SMALLEST, LARGEST = 8, 512
# What earlier versions resized images to, and `--resize` still does.
RESIZED = 32


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """Say which data set to load and how to divide it.

    `train_size` keeps that many images of the train split; `image_size` resizes images to that
    many pixels on each side, and None leaves them as they are; `split_seed` chooses which images
    are for validation.
    """

    name: str
    train_size: int | None = None
    image_size: int | None = None
    split_seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the specification as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "DatasetSpec":
        """Read a specification from JSON that may hold more about its data set beside it."""
        known = [field.name for field in fields(cls)]
        given = {name: values[name] for name in known if name in values}
        return cls(**given | {"image_size": stored_image_size(values)})


def stored_image_size(stored: Mapping[str, Any]) -> int | None:
    """Return the size that the images of a stored data set are resized to."""
    if "image_size" in stored:
        size: int | None = stored["image_size"]
        return size
    # Earlier versions stored only whether they are.
    return RESIZED if stored.get("resize") else None


@dataclass(frozen=True, slots=True)
class SplitSizes:
    """The number of images in each split."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class Description:
    """A data set as `--dataset` names it, how it is divided, and what was found in it.

    `shape` is (height, width, channels); the fields after `name` until `split_seed` are those of
    `DatasetSpec`, but for `resize`, which is whether there is an `image_size`: earlier versions
    had only that. With `fold`, one of `folds`, that fold is its validation split, and the others
    are its train split.
    """

    name: str
    train_size: int | None
    image_size: int | None
    resize: bool
    split_seed: int
    title: str
    fingerprint: str
    classes: list[str]
    shape: list[int]
    images: SplitSizes
    fold: int | None = None
    folds: int | None = None

    def __bool__(self) -> bool:
        """Return whether there is a data set at all."""
        return self != NO_DATASET

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Description":
        """Read what `to_json` wrote."""
        if stored is None:
            return NO_DATASET
        image_size = stored_image_size(stored)
        return cls(
            name=stored["name"],
            train_size=stored.get("train_size"),
            image_size=image_size,
            resize=image_size is not None,
            split_seed=stored.get("split_seed", 0),
            title=stored["title"],
            fingerprint=stored["fingerprint"],
            classes=list(stored["classes"]),
            shape=list(stored["shape"]),
            images=SplitSizes(**stored["images"]),
            fold=stored.get("fold"),
            folds=stored.get("folds"),
        )

    def to_json(self) -> dict[str, Any] | None:
        """Return it as plain JSON; None if there is no data set."""
        if not self:
            return None
        # Earlier versions had no folds.
        absent = [] if self.fold else ["fold", "folds"]
        return {name: value for name, value in asdict(self).items() if name not in absent}


def stored_fold(stored: Mapping[str, Any], fold: int, folds: int) -> dict[str, Any]:
    """Return what is stored of one fold of a data set, given what is stored of the whole."""
    images = SplitSizes(**stored["images"])
    pool = images.train + images.validation
    held_out = pool // folds + (fold <= pool % folds)
    sizes = asdict(SplitSizes(pool - held_out, held_out, images.test))
    return {**stored, "images": sizes, "fold": fold, "folds": folds}


# Of a trainer that was given none.
NO_DATASET = Description(
    name="",
    train_size=None,
    image_size=None,
    resize=False,
    split_seed=0,
    title="",
    fingerprint="",
    classes=[],
    shape=[],
    images=SplitSizes(0, 0, 0),
)
