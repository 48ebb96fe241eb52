"""Small data sets of real image files, and the errors of bad ones."""

import os
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.errors import InputError

# A zip of real CIFAR-10 images in class folders; a few of them are enough.
REAL_PICTURES = os.environ.get("RUNNER_TEST_PICTURES")


Size = tuple[int, int]


def picture(number: int, size: Size = (32, 32), mode: str = "RGB") -> Image.Image:
    """Return noise of a size (width, height)."""
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def write_pictures(
    folder: Path,
    count: int = 6,
    suffix: str = ".png",
    first: int = 0,
    size: Size = (32, 32),
    mode: str = "RGB",
) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        picture(first + number, size, mode).save(folder / f"{number:03}{suffix}")


def two_classes(folder: Path, count: int = 6, *, size: Size = (32, 32), mode: str = "RGB") -> Path:
    write_pictures(folder / "cat", count, size=size, mode=mode)
    write_pictures(folder / "dog", count, first=count, size=size, mode=mode)
    return folder


def zip_of(folder: Path, compression: int = zipfile.ZIP_STORED) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", compression) as archive:
        for entry in sorted(folder.rglob("*"), reverse=True):
            archive.write(entry, entry.relative_to(folder))
    return path


def loaded(name: str, *, train_size: int | None = None, image_size: int | None = None) -> Dataset:
    return load(DatasetSpec(name, train_size, image_size), Path("no-such-directory"))


def refusal(
    name: str, *, train_size: int | None = None, image_size: int | None = None
) -> InputError:
    """Return the error that a data set is refused with."""
    try:
        dataset = loaded(name, train_size=train_size, image_size=image_size)
    except InputError as error:
        return error
    raise AssertionError(f"{dataset.title} was not refused")
