"""What is stored of a data set with every experiment and trial: its name, sizes and fingerprint."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


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
    `DatasetSpec`.
    """

    name: str
    train_size: int | None
    resize: bool
    split_seed: int
    title: str
    fingerprint: str
    classes: list[str]
    shape: list[int]
    images: SplitSizes

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Description":
        """Read what `to_json` wrote."""
        return cls(
            name=stored["name"],
            train_size=stored.get("train_size"),
            resize=stored.get("resize", False),
            split_seed=stored.get("split_seed", 0),
            title=stored["title"],
            fingerprint=stored["fingerprint"],
            classes=list(stored["classes"]),
            shape=list(stored["shape"]),
            images=SplitSizes(**stored["images"]),
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)
