"""Find a data set by its name, read it, and divide it into train, validation and test."""

import shlex
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifar_model.data import cifar, class_folders, digits, npz, shapes, shortcut
from cifar_model.data.dataset import Dataset, Pictures, Split
from cifar_model.data.description import DatasetSpec
from cifar_model.data.sizes import check_image_size, fitted
from cifar_model.errors import InputError, guess, shown

BUILT_IN: dict[str, Callable[[], Pictures]] = {
    "shapes": shapes.read,
    "shortcut": shortcut.read,
    "digits": digits.read,
}
FROM_PATH: dict[str, Callable[[Path, int | None], Pictures]] = {
    "folder": class_folders.read_folder,
    "zip": class_folders.read_zip,
    "npz": lambda path, _: npz.read(path),
}

# A copy of a well-known data set is named as what it is, whatever its file is called.
KNOWN_TITLES = {
    "86cbf80e65086e71bb0fb86deb1065854d25dca961e9e210a5e5fe276cde1d62": "CIFAR-10 (JPEG copy)",
}

# A fifth of the images is for testing, and a fifth of the rest for validation. As with an
# official test split, the split seed does not change which images are for testing.
HELD_OUT = 5
TEST_SEED = 0

Rows = NDArray[np.int64]


def names() -> tuple[str, ...]:
    """Return the names that `--dataset` takes."""
    return (*cifar.OFFICIAL, *BUILT_IN, *(f"{kind}:PATH" for kind in FROM_PATH))


def is_here(name: str, directory: Path) -> bool:
    """Tell whether an official data set is on this machine, so that nothing is downloaded."""
    return cifar.is_here(cifar.OFFICIAL[name], directory)


def files_of(name: str, directory: Path) -> list[Path]:
    """Return the files and folders that a data set is read from; none of one that is built in.

    Raises OSError where `load` is going to download it or to say what is wrong.
    """
    if name in BUILT_IN:
        return []
    if name in cifar.OFFICIAL:
        return cifar.files_of(cifar.OFFICIAL[name], directory)
    kind, _, place = name.partition(":")
    if kind not in FROM_PATH or not place:
        raise FileNotFoundError(name)
    path = Path(place).expanduser().resolve()
    return class_folders.paths_below(path) if path.is_dir() else [path]


def load(spec: DatasetSpec, directory: Path) -> Dataset:
    """Return the data set, checked; `directory` is where the official archives are kept."""
    if spec.split_seed < 0:
        raise InputError(
            f"split seed {spec.split_seed} is negative", "0 or more", "choose another seed"
        )
    check_image_size(spec.image_size)
    try:
        name, pictures = _read(spec, directory)
    except OSError as error:
        raise InputError(
            f"cannot read {error.filename}: {error.strerror}",
            "files and folders that this user can read",
            "correct the path or its permissions, or remove broken links",
        ) from error
    pictures = fitted(pictures, spec.image_size)
    fingerprint = pictures.fingerprint()
    train, validation, test = _divide(pictures, spec.split_seed)
    whole = Dataset(
        name=name,
        title=KNOWN_TITLES.get(fingerprint, pictures.title),
        fingerprint=fingerprint,
        classes=pictures.classes,
        train=train,
        validation=validation,
        test=test,
    )
    return cut(whole, spec.train_size)


def cut(whole: Dataset, train_size: int | None) -> Dataset:
    """Return a data set with the first training images only; all with None."""
    if train_size is None:
        return whole
    if not 1 <= train_size <= len(whole.train):
        raise InputError(
            f"--train-size {train_size} is out of range for {whole.title}",
            f"a whole number from 1 to {len(whole.train)}, the size of its train split",
            f"use --train-size {len(whole.train)} or less",
        )
    return replace(whole, train=whole.train.take(slice(train_size)))


def _read(spec: DatasetSpec, directory: Path) -> tuple[str, Pictures]:
    if spec.name in BUILT_IN:
        return spec.name, BUILT_IN[spec.name]()
    if spec.name in cifar.OFFICIAL:
        return spec.name, cifar.read(cifar.OFFICIAL[spec.name], directory)
    kind, colon, place = spec.name.partition(":")
    if not colon or kind not in FROM_PATH:
        raise _unknown(spec.name)
    if not place:
        raise InputError(
            f"data set {spec.name!r} has no path", f"{kind}:PATH", "write the path after the colon"
        )
    path = _path(place)
    if not path.exists():
        raise InputError(
            f"{path} does not exist", f"the path of a {kind} data set", "correct the path"
        )
    try:
        return f"{kind}:{path}", FROM_PATH[kind](path, spec.image_size)
    except InputError as error:
        if (official := cifar.directory_of(path)) is None:
            raise
        raise InputError(
            f"{path} contains the original files of {official[0]}, not a {kind} data set",
            f"--dataset {official[0]}",
            _use_official(*official),
        ) from error


def _path(place: str) -> Path:
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in place):
        raise InputError(
            f"the path {place!r} contains control characters or is not valid UTF-8",
            "a path of printable characters in UTF-8",
            "rename it",
        )
    try:
        return Path(place).expanduser().resolve()
    except (RuntimeError, OSError) as error:  # an unknown ~user, links in a circle, too long
        raise InputError(f"{shown(place)}: {error}", "a path", "correct the path") from error


def _unknown(name: str) -> InputError:
    kinds = {f"{kind}:": kind for kind in FROM_PATH}
    head, colon, place = name.partition(":")
    known = [*cifar.OFFICIAL, *BUILT_IN, *kinds]
    fix = guess(head.lower() + colon, known, "choose one of them")
    # Also `cifar10:PATH`: its files are found through a setting, not by their path.
    place = place if head in cifar.OFFICIAL else name
    path = _path(place)
    if place and path.exists():
        fix = _for_path(place, path)
    return InputError(f"unknown data set {shown(name)}", f"one of {', '.join(names())}", fix)


def _for_path(name: str, path: Path) -> str:
    if (official := cifar.directory_of(path)) is not None:
        return _use_official(*official)
    if path.is_dir():
        return f"for this path use folder:{name}"
    if not zipfile.is_zipfile(path):
        return "unpack it and use folder:PATH"
    return f"for this path use {'npz' if path.suffix == '.npz' else 'zip'}:{name}"


def _use_official(name: str, directory: Path) -> str:
    return (
        f"set RUNNER_DATA_DIR={shlex.quote(str(directory))}, also for the workers, and use "
        f"--dataset {name}"
    )


def _divide(pictures: Pictures, seed: int) -> tuple[Split, Split, Split]:
    train, test, validation = pictures.train, pictures.test, pictures.validation
    rest = np.arange(len(train))
    if test is None:
        rest, held_out = _hold_out(rest, TEST_SEED)
        test = train.take(held_out)
    if validation is None:
        rest, held_out = _hold_out(rest, seed)
        validation = train.take(held_out)
    if not len(test) or not len(validation):
        raise InputError(
            f"{pictures.title} has too few images to split",
            f"at least {HELD_OUT} images for training and validation, and one for testing",
            "add images",
        )
    # What is not divided is not copied: images may take gigabytes.
    return train if len(rest) == len(train) else train.take(rest), validation, test


def _hold_out(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    order = permutation(len(rows), seed)
    held_out = len(rows) // HELD_OUT
    return rows[order[held_out:]], rows[order[:held_out]]


def permutation(count: int, seed: int) -> NDArray[np.int64]:
    """Return the numbers below `count` in an order that a seed decides, on every version."""
    # numpy promises that raw bits stay the same from version to version; its shuffles may change.
    return np.argsort(np.random.PCG64(seed).random_raw(count), kind="stable")
