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


def picture(number: int, size: tuple[int, int] = (32, 32)) -> Image.Image:
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def write_pictures(folder: Path, count: int = 6, suffix: str = ".png", first: int = 0) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        picture(first + number).save(folder / f"{number:03}{suffix}")


def two_classes(folder: Path, count: int = 6) -> Path:
    write_pictures(folder / "cat", count)
    write_pictures(folder / "dog", count, first=count)
    return folder


def zip_of(folder: Path, compression: int = zipfile.ZIP_STORED) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", compression) as archive:
        for entry in sorted(folder.rglob("*"), reverse=True):
            archive.write(entry, entry.relative_to(folder))
    return path


def loaded(name: str, *, train_size: int | None = None, resize: bool = False) -> Dataset:
    return load(DatasetSpec(name, train_size, resize), Path("no-such-directory"))


def refusal(name: str, *, train_size: int | None = None, resize: bool = False) -> InputError:
    """Return the error that a data set is refused with."""
    try:
        dataset = loaded(name, train_size=train_size, resize=resize)
    except InputError as error:
        return error
    raise AssertionError(f"{dataset.title} was not refused")
