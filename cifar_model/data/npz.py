"""Data sets of numpy arrays in an npz file: x_train, y_train, x_test, y_test, or images, labels."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cifar_model.data import npz_hints
from cifar_model.data.archives import damaged, open_zip
from cifar_model.data.dataset import Images, Labels, Pictures, Split
from cifar_model.errors import InputError

Array = NDArray[Any]
Pairs = dict[str, tuple[str, str]]

# The names of images and labels for each split: ours and Keras's, MedMNIST's, or for one split.
NAMINGS: tuple[Pairs, ...] = (
    {
        "train": ("x_train", "y_train"),
        "validation": ("x_val", "y_val"),
        "test": ("x_test", "y_test"),
    },
    {
        "train": ("train_images", "train_labels"),
        "validation": ("val_images", "val_labels"),
        "test": ("test_images", "test_labels"),
    },
    {"train": ("images", "labels")},
)
NAMES = "images and labels, or x_train and y_train, and optionally x_val, y_val, x_test and y_test"
IMAGES = (
    "uint8 images with values from 0 to 255, in an array of shape (n, height, width, 3), or"
    " (n, height, width) if they are grayscale"
)


def read(path: Path) -> Pictures:
    """Read an npz file; its classes are named by their numbers."""
    with open_zip(path) as archive:
        pairs = _pairs(path, {name.removesuffix(".npy") for name in archive.namelist()})
        arrays = {key: _array(path, archive, key) for pair in pairs.values() for key in pair}
    splits, first = {}, pairs["train"][1]
    for split, (x, y) in pairs.items():
        images = _images(path, x, arrays[x])
        if arrays[y].shape[:1] != (len(images),):
            raise InputError(
                f"{y} of {path.name} has shape {arrays[y].shape}, but {x} has {len(images)} images",
                "one label for each image",
                npz_hints.of_counts(x, len(images), y, len(np.atleast_1d(arrays[y]))),
            )
        splits[split] = Split(images, _labels(path, y, first, arrays[y]))
    classes = _classes(path, first, splits["train"].labels)
    for split, (x, y) in pairs.items():
        highest = splits[split].labels.max()
        if highest >= len(classes):
            raise InputError(
                f"{y} of {path.name} has the label {highest}",
                f"only labels that occur in {first}: 0 to {len(classes) - 1}",
                f"remove its images from {x}, or add images of that class to {pairs['train'][0]}",
            )
    return Pictures(
        title=f"{path.stem} (npz)",
        classes=classes,
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
    )


def _pairs(path: Path, keys: set[str]) -> Pairs:
    for naming in NAMINGS:
        pairs = {split: pair for split, pair in naming.items() if keys & set(pair)}
        if "train" in pairs and keys == {key for pair in pairs.values() for key in pair}:
            return pairs
    raise InputError(
        f"{path} contains the arrays {', '.join(sorted(keys)) or 'none'}",
        NAMES,
        "save them under these names with numpy.savez_compressed, without other arrays",
    )


def _array(path: Path, archive: zipfile.ZipFile, key: str) -> Array:
    try:
        with archive.open(f"{key}.npy") as file:
            array: Array = npy.read_array(file, allow_pickle=False)
            rest = file.read(1)
    except Exception as error:  # numpy raises almost anything on a damaged header
        if "allow_pickle" in str(error):
            raise InputError(
                f"{key} of {path} is an array of Python objects",
                "a numeric array",
                f"if its values are 0 to 255, save `{key}.astype('uint8')` as {key}",
            ) from error
        raise damaged(path, f"{key}: {error}") from error
    if rest:
        raise damaged(path, f"{key} has more data than its shape requires")
    return array


def _images(path: Path, x: str, images: Array) -> Images:
    problem, fix = npz_hints.of_images(x, images)
    if fix:
        what = f"{x} of {path.name} has dtype {images.dtype} and shape {images.shape}"
        raise InputError(f"{what}{problem}", IMAGES, fix)
    return images if images.ndim == 4 else images[..., np.newaxis]


def _labels(path: Path, y: str, first: str, labels: Array) -> Labels:
    if labels.ndim == 2 and labels.shape[1] == 1:  # as Keras gives the labels of CIFAR
        labels = labels[:, 0]
    problem, fix = npz_hints.of_labels(y, first, labels)
    if fix:
        raise InputError(
            f"{y} of {path.name} has dtype {labels.dtype} and shape {labels.shape}{problem}",
            f"non-negative integers of shape ({len(labels)},), one for each image",
            fix,
        )
    return labels.astype(np.int64)


def _classes(path: Path, y: str, labels: Labels) -> tuple[str, ...]:
    used = np.unique(labels)
    if len(used) < 2:
        raise InputError(
            f"{y} of {path.name} has only the label {used[0]}",
            "at least two classes",
            "add images of other classes",
        )
    if used[-1] != len(used) - 1:
        missing = np.setdiff1d(np.arange(len(used)), used)[0]
        raise InputError(
            f"{y} of {path.name} goes up to {used[-1]}, but no image has the label {missing}",
            "labels numbered from 0 with no gaps",
            npz_hints.numbered(y, y),
        )
    return tuple(str(label) for label in used)
