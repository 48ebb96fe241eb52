"""What is stored of a data set with every experiment and trial: its name, sizes and fingerprint."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cifar_model.data.dataset import stored_image_size


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
    had only that.
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
        )

    def to_json(self) -> dict[str, Any] | None:
        """Return it as plain JSON; None if there is no data set."""
        return asdict(self) if self else None


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
