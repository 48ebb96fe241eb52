"""Data sets in decoded form, which the workers of a host share by memory map.

To decode 60,000 JPEG images takes 12 s of CPU time, and each process would hold its own copy. What
is quick to read is not kept. A copy is found by its fingerprint and its split seed, and used if its
bytes have the checksum that was written with them; one that is damaged is written anew. It may be
deleted at any time.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from cifar_model.data import load
from cifar_model.data.dataset import Array, Dataset, Split
from cifar_model.data.description import DatasetSpec

# In the directory of the data sets.
FOLDER = "decoded"
# The newest ones, by their last use.
KEPT = 3
# CPU time. A copy is worth its place on the disk if reading takes longer.
SLOW_SECONDS = 2.0
# What a copy leaves free on the disk.
SPARE_BYTES = 2**30
# What was being written for so long was left behind by a process that died.
UNFINISHED_SECONDS = 3600.0

SPLITS = ("train", "validation", "test")
ABOUT = "about.json"


def load_once(spec: DatasetSpec, fingerprint: str, directory: Path) -> Dataset:
    """Return a data set, decoded once on this host unless it is quick to read.

    The fingerprint is that of the result only if there was a copy: otherwise the files may have
    changed.
    """
    if found := find(spec, fingerprint, directory):
        return found
    began = time.process_time()
    whole = load(replace(spec, train_size=None), directory)
    if time.process_time() - began > SLOW_SECONDS:
        keep(whole, spec.split_seed, directory)
    return _cut(whole, spec)


def keep(dataset: Dataset, split_seed: int, directory: Path) -> None:
    """Write a copy of a whole data set, if there is place for it."""
    place = _place(directory, dataset.fingerprint, split_seed)
    if place.exists():
        return
    # Without a copy everything works, only slower.
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        _forget_unfinished(place.parent)
        needed = sum(array.nbytes for _, array in _arrays(dataset)) + SPARE_BYTES
        if shutil.disk_usage(place.parent).free < needed:
            return
        unfinished = Path(tempfile.mkdtemp(prefix=".", dir=place.parent))
        try:
            for name, array in _arrays(dataset):
                np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
            about = {"title": dataset.title, "classes": dataset.classes, "sha256": _sha256(dataset)}
            (unfinished / ABOUT).write_text(json.dumps(about))
            unfinished.chmod(0o755)
            unfinished.rename(place)
        finally:
            # Another process may have been faster; the disk may be full.
            shutil.rmtree(unfinished, ignore_errors=True)
        _forget_old(place.parent)


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
        # So that `keep` writes it anew.
        shutil.rmtree(place, ignore_errors=True)
        return None
    with suppress(OSError):
        os.utime(place)
    return _cut(found, spec)


def _cut(whole: Dataset, spec: DatasetSpec) -> Dataset:
    return replace(whole, train=whole.train.take(slice(spec.train_size)))


def _place(directory: Path, fingerprint: str, split_seed: int) -> Path:
    return directory / FOLDER / f"{fingerprint}-{split_seed}"


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


def _forget_unfinished(folder: Path) -> None:
    for unfinished in folder.glob(".*"):
        if time.time() - unfinished.stat().st_mtime > UNFINISHED_SECONDS:
            shutil.rmtree(unfinished, ignore_errors=True)
