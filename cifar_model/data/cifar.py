"""The data sets `cifar10` and `cifar100`: the official archives, extracted folders, or a download.

An archive is used only if its SHA-256 is the official one. Whatever the file, its pickles are read
by an unpickler that knows arrays and nothing else.
"""

import gzip
import hashlib
import io
import os
import pickle
import tarfile
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from cifar_model.data.dataset import Labels, Pictures, Split
from cifar_model.data.download import download
from cifar_model.data.pickles import read_dictionary
from cifar_model.errors import InputError

MAX_BYTES = 256 * 2**20  # of an archive or one of its files; the largest is 170 MB
SHAPE = (3, 32, 32)  # how the official files hold an image


@dataclass(frozen=True)
class Official:
    """Describe an official archive: where it is, what it hashes to, and what is in it."""

    title: str
    url: str
    sha256: str
    folder: str
    train: tuple[str, ...]
    test: str
    labels: str
    names: tuple[str, str]  # the file of class names, and their key in it

    @property
    def archive(self) -> str:
        """Return the file name of the archive."""
        return self.url.rsplit("/", 1)[1]

    @property
    def tar(self) -> str:
        """Return the file name of the archive after a browser has unzipped it."""
        return self.archive.removesuffix(".gz")

    @property
    def files(self) -> tuple[str, ...]:
        """Return the names of all files that are read."""
        return (*self.train, self.test, self.names[0])


OFFICIAL = {
    "cifar10": Official(
        title="CIFAR-10",
        url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        folder="cifar-10-batches-py",
        train=tuple(f"data_batch_{number}" for number in range(1, 6)),
        test="test_batch",
        labels="labels",
        names=("batches.meta", "label_names"),
    ),
    "cifar100": Official(
        title="CIFAR-100",
        url="https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        folder="cifar-100-python",
        train=("train",),
        test="test",
        labels="fine_labels",
        names=("meta", "fine_label_names"),
    ),
}


def read(official: Official, directory: Path) -> Pictures:
    """Read the images from `directory`, else from the Keras cache, else download them."""
    place = _find(official, directory)
    if place is None:
        place = directory.absolute() / official.archive
        download(official.url, official.sha256, place)
    if place.is_dir():
        title = f"{official.title} (extracted folder)"  # nobody vouches for its pixels
        contents = _folder_files(official, place)
    elif place.name == official.tar:
        title = f"{official.title} (unzipped archive)"
        contents = _tar_files(official, place, _bounded(official, place))
    else:
        title = official.title
        contents = _archive_files(official, place)
    batches = {name: _dictionary(official, place / name, contents[name]) for name in contents}
    classes = _classes(official, place, batches)
    parts = [_split(official, place / name, batches[name], len(classes)) for name in official.train]
    train = Split(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
    test = _split(official, place / official.test, batches[official.test], len(classes))
    return Pictures(title, classes, train, test)


def is_here(official: Official, directory: Path) -> bool:
    """Tell whether the archive or its folder is on this machine, so that nothing is downloaded."""
    return _find(official, directory) is not None


def files_of(official: Official, directory: Path) -> list[Path]:
    """Return the files that `read` reads; raise FileNotFoundError if it downloads them first."""
    place = _find(official, directory)
    if place is None:
        raise FileNotFoundError(official.archive)
    return [place / name for name in official.files] if place.is_dir() else [place]


def directory_of(path: Path) -> tuple[str, Path] | None:
    """Return the data set that a path is of, and the folder to read it from, if it is official."""
    for name, official in OFFICIAL.items():
        places = (official.archive, official.tar, official.folder)
        if path.name in places:
            return name, path.parent
        if any((path / place).exists() for place in places):
            return name, path
    return None


def _find(official: Official, directory: Path) -> Path | None:
    if all((directory / name).is_file() for name in official.files):
        return directory  # the extracted folder itself
    keras = _keras_home() / "datasets"
    places = (
        directory / official.archive,
        directory / official.folder,
        directory / official.tar,
        keras / f"{official.folder}-target_archive",  # Keras 3
        keras / f"{official.folder}-target" / official.folder,
        keras / f"{official.folder}.tar.gz",  # Keras 2
        keras / official.folder,
    )
    return next((place for place in places if place.exists()), None)


def _keras_home() -> Path:
    named = os.environ.get("RUNNER_KERAS_HOME") or os.environ.get("KERAS_HOME") or "~/.keras"
    try:
        return Path(named).expanduser()
    except RuntimeError:
        # A user without a home: nothing is found there.
        return Path(named)


def _archive_files(official: Official, place: Path) -> dict[str, bytes]:
    content = _bounded(official, place)
    digest = hashlib.sha256(content).hexdigest()
    if digest != official.sha256:
        raise _refusal(
            official,
            f"{place} is damaged or is not the official archive: its SHA-256 is {digest}",
            f"the official archive, with SHA-256 {official.sha256}",
        )
    return _tar_files(official, place, gzip.decompress(content))


def _tar_files(official: Official, place: Path, content: bytes) -> dict[str, bytes]:
    files = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for name in official.files:
                member = archive.extractfile(f"{official.folder}/{name}")
                files[name] = member.read() if member else b""  # a folder of that name
    except (tarfile.TarError, KeyError, EOFError, OSError, ValueError) as error:
        raise _refusal(
            official,
            f"{place} is not the official archive, unzipped: {error}",
            f"a tar archive with {', '.join(official.files)} in {official.folder}/",
        ) from error
    return files


def _folder_files(official: Official, place: Path) -> dict[str, bytes]:
    missing = [name for name in official.files if not (place / name).is_file()]
    if missing:
        raise _refusal(
            official, f"{place} lacks {', '.join(missing)}", f"all of {', '.join(official.files)}"
        )
    return {name: _bounded(official, place / name) for name in official.files}


def _bounded(official: Official, place: Path) -> bytes:
    if place.stat().st_size > MAX_BYTES:
        raise _refusal(
            official,
            f"{place} is too large",
            f"at most {MAX_BYTES >> 20} MB, like the official archive",
        )
    return place.read_bytes()


def _dictionary(official: Official, place: Path, content: bytes) -> dict[str, Any]:
    try:
        return read_dictionary(content)
    except pickle.UnpicklingError as error:
        raise _refusal(
            official, f"{place} cannot be read: {error}", "a pickle of arrays, lists and text"
        ) from error


def _classes(
    official: Official, place: Path, batches: dict[str, dict[str, Any]]
) -> tuple[str, ...]:
    file, key = official.names
    found = batches[file].get(key)
    if not isinstance(found, list) or not all(isinstance(name, str | bytes) for name in found):
        raise _refusal(official, f"{place / file} has no list {key}", "a list of class names")
    return tuple(
        name.decode("utf-8", "replace") if isinstance(name, bytes) else name for name in found
    )


def _split(official: Official, place: Path, batch: dict[str, Any], classes: int) -> Split:
    images, labels = batch.get("data"), _labels(batch.get(official.labels), classes)
    if (
        not isinstance(images, np.ndarray)
        or images.dtype != np.uint8
        or images.shape != (len(labels), prod(SHAPE))
        or not len(labels)
    ):
        raise _refusal(
            official,
            f"{place} does not contain images with labels",
            f"data: uint8 (n, {prod(SHAPE)}); {official.labels}: n numbers, 0 to {classes - 1}",
        )
    channels_last = images.reshape(-1, *SHAPE).transpose(0, 2, 3, 1)
    return Split(np.ascontiguousarray(channels_last), labels)


def _labels(found: object, classes: int) -> Labels:
    """Return the labels, or none at all if one of them is not the number of a class."""
    numbers = found.tolist() if isinstance(found, np.ndarray) else found
    if not isinstance(numbers, list) or not all(
        type(number) is int and 0 <= number < classes for number in numbers
    ):
        return np.empty(0, np.int64)
    return np.array(numbers, np.int64)


def _refusal(official: Official, what: str, expected: str) -> InputError:
    return InputError(
        what,
        expected,
        f"delete it and download {official.url} again; or use `--dataset shapes`, which needs no "
        "file",
    )
