"""The directories of reports under RUNNER_HOME that belong to experiments."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from runner.errors import InputError
from runner.failpoints import failpoint


def report_directories(home: Path, experiments: Iterable[int]) -> list[Path]:
    """Return the existing directories of these experiments."""
    places = [home / "reports" / f"experiment-{number}" for number in experiments]
    return [place for place in places if place.is_dir() and not place.is_symlink()]


def size_of(directories: Iterable[Path]) -> int:
    """Return the bytes of all files in directories."""
    files = (file for place in directories for file in place.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files)


def remove(directories: Iterable[Path]) -> None:
    """Remove directories; raise InputError for one that cannot be removed."""
    for place in directories:
        try:
            shutil.rmtree(place)
        except OSError as error:
            raise InputError(
                f"{place} cannot be removed: {error.strerror}",
                "a directory that this user can write to",
                "remove it by hand; everything in the database was removed",
            ) from error
        failpoint("delete_report")
