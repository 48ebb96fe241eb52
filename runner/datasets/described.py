"""What a data set is, remembered while its files do not change: to read large ones takes long."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cifar_model.data
from cifar_model.data import Dataset, DatasetSpec, Description, files_of, load
from runner.datasets.decoded import load_anew, load_once

# In the directory of the data sets.
FOLDER = "described"
# The newest ones; each has less than a kilobyte, or a few for many classes.
KEPT = 100
# A file that was changed this recently may change again without a change of its times.
SETTLED_SECONDS = 2.0
# What the images depend on besides their files.
LIBRARIES = ("numpy", "pillow")

# Path, inode and size, and when the content and when the inode last changed.
File = tuple[str, int, int, int, int]


def describe(spec: DatasetSpec, directory: Path) -> dict[str, Any]:
    """Return what is stored of a data set: `load(spec, directory).to_json()`.

    Raises InputError as `load` does. A worker compares the fingerprint with that of the images.
    """
    described, _ = _describe(spec, directory, load)
    return described


def read(spec: DatasetSpec, directory: Path) -> Dataset:
    """Return a data set as `load` does; one that is slow to read is decoded once."""
    described, found = _describe(spec, directory, load_anew)
    if found is None:
        found = load_once(spec, described["fingerprint"], directory)
        if found.fingerprint == described["fingerprint"]:
            found = replace(found, name=described["name"], title=described["title"])
    return found


def _describe(
    spec: DatasetSpec, directory: Path, read_files: Callable[[DatasetSpec, Path], Dataset]
) -> tuple[dict[str, Any], Dataset | None]:
    """Return the description, and the data set if that had to be read."""
    began = time.time_ns()
    place, files = _place(spec, directory)
    if place is not None and (known := _read(place, spec)):
        return known, None
    found = read_files(spec, directory)
    described = found.to_json()
    newest = max((changed for *_, changed in files), default=0)
    is_settled = began - newest > SETTLED_SECONDS * 1e9
    # The files may have changed while they were read.
    if place is not None and is_settled and _place(spec, directory)[0] == place:
        # Without it everything works, only slower.
        with suppress(OSError):
            _write(place, described)
    return described, found


def _place(spec: DatasetSpec, directory: Path) -> tuple[Path | None, list[File]]:
    """Return where a description is kept, by all that it depends on, and the files of that."""
    try:
        files = [_file(path) for path in sorted(files_of(spec.name, directory))]
    except (OSError, RuntimeError, ValueError):
        # `load` says what is wrong.
        return None, []
    code = hashlib.sha256()
    for module in sorted(Path(cifar_model.data.__file__).parent.glob("*.py")):
        code.update(module.read_bytes())
    versions = [version(name) for name in LIBRARIES]
    depends = json.dumps([spec.to_json(), files, code.hexdigest(), versions])
    return directory / FOLDER / f"{hashlib.sha256(depends.encode()).hexdigest()}.json", files


def _file(path: Path) -> File:
    about = path.stat()
    return str(path), about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns


def _read(place: Path, spec: DatasetSpec) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(place.read_text())
        Description.from_json(spec.to_json() | found)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # In a directory of another user it cannot be noted that it was used.
    with suppress(OSError):
        os.utime(place)
    return found


def _write(place: Path, described: dict[str, Any]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(f".{os.getpid()}")
    try:
        unfinished.write_text(json.dumps(described))
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)
    kept = sorted(place.parent.iterdir(), key=lambda found: found.stat().st_mtime)
    for old in kept[:-KEPT]:
        old.unlink(missing_ok=True)
