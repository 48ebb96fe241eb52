"""Data sets of numpy arrays in an npz file: x_train, y_train, x_test, y_test, or images, labels."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from PIL import Image

from cifar_model.data.archives import damaged, open_zip
from cifar_model.data.dataset import Images, Labels, Pictures, Split
from cifar_model.data.decoding import SIZE, resized
from cifar_model.errors import InputError

Array = NDArray[Any]

NAMES = "images and labels, or x_train and y_train, and perhaps x_test and y_test"
IMAGES = "uint8 pictures in an array (n, 32, 32, 3), with values from 0 to 255"


def read(path: Path, resize: bool) -> Pictures:
    """Read an npz file; its classes are named by their numbers."""
    with open_zip(path) as archive:
        keys = {name.removesuffix(".npy") for name in archive.namelist()}
        pairs = _pairs(path, keys)
        arrays = [(_array(path, archive, x), _array(path, archive, y)) for x, y in pairs]
    splits = [
        _split(f"{x} of {path.name}", images, f"{y} of {path.name}", labels, resize)
        for (x, y), (images, labels) in zip(pairs, arrays, strict=True)
    ]
    classes = _classes(f"{pairs[0][1]} of {path.name}", splits[0].labels)
    for (_, y), split in zip(pairs, splits, strict=True):
        if split.labels.max() >= len(classes):
            raise InputError(
                f"{y} of {path.name} has the label {split.labels.max()}",
                f"only labels that are in {pairs[0][1]}: 0 to {len(classes) - 1}",
                "correct the labels",
            )
    return Pictures(
        title=f"{path.stem} (npz)",
        classes=classes,
        train=splits[0],
        test=splits[1] if len(splits) == 2 else None,
    )


def _pairs(path: Path, keys: set[str]) -> list[tuple[str, str]]:
    for pairs in (
        [("x_train", "y_train"), ("x_test", "y_test")],
        [("x_train", "y_train")],
        [("images", "labels")],
    ):
        if keys == {key for pair in pairs for key in pair}:
            return pairs
    raise InputError(
        f"{path} holds the arrays {', '.join(sorted(keys)) or 'none'}",
        NAMES,
        "save them under these names with numpy.savez_compressed, and no others",
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
                "an array of numbers",
                "save it with a number type, such as images.astype('uint8')",
            ) from error
        raise damaged(path, f"{key}: {error}") from error
    if rest:
        raise damaged(path, f"{key} has more bytes than its shape needs")
    return array


def _split(x: str, images: Array, y: str, labels: Array, resize: bool) -> Split:
    checked = _images(x, images, resize)
    if labels.ndim == 2 and labels.shape[1] == 1:  # as Keras gives the labels of CIFAR
        labels = labels[:, 0]
    if labels.shape != (len(checked),) or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(
            f"{y} is {labels.dtype} of shape {labels.shape}",
            f"whole numbers of shape ({len(checked)},), one for each picture",
            "correct the labels; of one-hot labels, take labels.argmax(axis=1)",
        )
    numbers = labels.astype(np.int64)
    if numbers.min() < 0:
        raise InputError(f"{y} has the label {numbers.min()}", "0 or more", "correct the labels")
    return Split(checked, numbers)


def _images(x: str, images: Array, resize: bool) -> Images:
    what = f"{x} is {images.dtype} of shape {images.shape}"
    if images.dtype != np.uint8:
        raise InputError(what, IMAGES, "of values in [0, 1], save (images * 255).astype('uint8')")
    if images.ndim != 4 or images.shape[-1] != 3 or 0 in images.shape:
        raise InputError(
            what,
            IMAGES,
            "of channels first, save images.transpose(0, 2, 3, 1); of gray pictures, "
            "save images.repeat(3, axis=-1)",
        )
    if images.shape[1:3] == SIZE:
        return images
    if not resize:
        raise InputError(what, IMAGES, "give --resize to have them resized, or do it yourself")
    return np.stack([np.asarray(resized(Image.fromarray(image))) for image in images])


def _classes(y: str, labels: Labels) -> tuple[str, ...]:
    used = np.unique(labels)
    if len(used) < 2:
        raise InputError(
            f"{y} has only the label {used[0]}", "at least two classes", "add pictures of others"
        )
    if used[-1] != len(used) - 1:
        missing = np.setdiff1d(np.arange(len(used)), used)[0]
        raise InputError(
            f"{y} goes up to {used[-1]}, but no picture has the label {missing}",
            "labels numbered from 0 with no gaps",
            "number them anew: numpy.unique(labels, return_inverse=True)[1]",
        )
    return tuple(str(label) for label in used)
