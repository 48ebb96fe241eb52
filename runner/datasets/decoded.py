"""Data sets in decoded form, which the processes of a host share by memory map.

To decode 60,000 JPEG images takes 12 s of CPU time, and each process would hold its own copy. What
is quick to read is not kept. A copy is found by its fingerprint and its split seed, and used if its
bytes have the checksum that was written with them; one that is damaged is written again. It may be
deleted at any time.
"""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from cifar_model.data import load
from cifar_model.data.dataset import Array, Dataset, Split
from cifar_model.data.description import DatasetSpec
from cifar_model.data.loading import cut

# In the directory of the data sets.
FOLDER = "decoded"
# The newest ones, by their last use.
KEPT = 3
# CPU time. A copy is worth its place on the disk if reading takes longer.
SLOW_SECONDS = 2.0
# What a copy leaves free on the disk.
SPARE_BYTES = 2**30
# Held by the process that writes.
LOCK = ".lock"

SPLITS = ("train", "validation", "test")
ABOUT = "about.json"


def load_once(spec: DatasetSpec, fingerprint: str, directory: Path) -> Dataset:
    """Return a data set, decoded once on this host unless it is quick to read.

    The fingerprint is that of the result only if there was a copy: otherwise the files may have
    changed.
    """
    found = find(spec, fingerprint, directory)
    return load_anew(spec, directory) if found is None else found


def load_anew(spec: DatasetSpec, directory: Path) -> Dataset:
    """Return a data set that is read from its files, and keep a copy if that was slow."""
    began = time.process_time()
    whole = load(replace(spec, train_size=None), directory)
    if time.process_time() - began > SLOW_SECONDS:
        keep(whole, spec.split_seed, directory)
        found = find(spec, whole.fingerprint, directory)
        if found is not None:
            # The copy may be of other files with the same images.
            return replace(found, name=whole.name, title=whole.title)
    return cut(whole, spec.train_size)


def keep(dataset: Dataset, split_seed: int, directory: Path) -> None:
    """Write a copy of a whole data set, unless it is there or would fill the disk."""
    place = _place(directory, dataset.fingerprint, split_seed)
    # Without a copy everything works, only slower.
    with suppress(OSError), _locked(place.parent):
        if place.exists():
            return
        for unfinished in place.parent.glob(".*"):
            # A process that died left it behind.
            if unfinished.is_dir():
                shutil.rmtree(unfinished)
        needed = sum(array.nbytes for _, array in _arrays(dataset)) + SPARE_BYTES
        if shutil.disk_usage(place.parent).free < needed:
            return
        _write(dataset, place)
        _forget_old(place.parent)


def mark_used(spec: DatasetSpec, fingerprint: str, directory: Path) -> None:
    """Note that the copy of a data set, if there is one, is in use: the oldest are deleted."""
    with suppress(OSError):
        os.utime(_place(directory, fingerprint, spec.split_seed))


def find(spec: DatasetSpec, fingerprint: str, directory: Path) -> Dataset | None:
    """Return the data set with this fingerprint; None if there is no copy."""
    place = _place(directory, fingerprint, spec.split_seed)
    try:
        about = json.loads((place / ABOUT).read_text())
        found = Dataset(
            name=spec.name,
            title=about["title"],
            fingerprint=fingerprint,
            classes=tuple(about["classes"]),
            **{split: _read(place, split) for split in SPLITS},
        )
        is_whole = _sha256(found) == about["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        # So that `keep` writes it again.
        shutil.rmtree(place, ignore_errors=True)
        return None
    mark_used(spec, fingerprint, directory)
    return cut(found, spec.train_size)


def _place(directory: Path, fingerprint: str, split_seed: int) -> Path:
    return directory / FOLDER / f"{fingerprint}-{split_seed}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time write into a folder, so that they do not fill the disk together."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(dataset: Dataset, place: Path) -> None:
    unfinished = place.with_name(f".{place.name}")
    unfinished.mkdir()
    try:
        for name, array in _arrays(dataset):
            np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
        about = {"title": dataset.title, "classes": dataset.classes, "sha256": _sha256(dataset)}
        (unfinished / ABOUT).write_text(json.dumps(about))
        unfinished.rename(place)
    finally:
        # The disk may be full.
        shutil.rmtree(unfinished, ignore_errors=True)


def _read(place: Path, split: str) -> Split:
    images, labels = (
        np.lib.format.open_memmap(place / f"{split}-{part}.npy", mode="r")
        for part in ("images", "labels")
    )
    return Split(np.asarray(images), np.array(labels))


def _arrays(dataset: Dataset) -> Iterator[tuple[str, Array]]:
    for name in SPLITS:
        split: Split = getattr(dataset, name)
        yield f"{name}-images", split.images
        yield f"{name}-labels", split.labels


def _sha256(dataset: Dataset) -> str:
    digest = hashlib.sha256()
    for name, array in _arrays(dataset):
        digest.update(json.dumps([name, array.shape, array.dtype.str]).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _forget_old(folder: Path) -> None:
    copies = [place for place in folder.iterdir() if not place.name.startswith(".")]
    for place in sorted(copies, key=lambda place: place.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(place, ignore_errors=True)
