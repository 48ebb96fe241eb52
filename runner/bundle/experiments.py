"""Carry experiments, or one unfinished training, from one store to another."""

from collections.abc import Sequence
from pathlib import Path

from runner import provenance
from runner.bundle import contents, rows
from runner.bundle.checksums import check_files, write_checksums
from runner.bundle.places import new_directory
from runner.needs import check_allowed
from runner.settings import Settings
from runner.store.artifacts import get_artifact
from runner.store.copies.reading import read_checkpoint, read_experiments, read_training
from runner.store.copies.tables import Rows, artifacts_of
from runner.store.copies.writing import Copied, write_copy
from runner.store.engine import Store

MOST_BYTES = {rows.NAME: rows.MOST_BYTES, contents.NAME: contents.MOST_BYTES}


def export_experiments(
    store: Store, experiments: Sequence[int], out: Path, *, weights: bool
) -> list[int]:
    """Write experiments to a new directory, with those about them; return the numbers of all."""
    return _export(store, read_experiments(store, experiments, weights=weights), out, weights)


def export_checkpoint(store: Store, job: int, out: Path) -> int:
    """Write an unfinished training to a new directory; return the epoch after which it goes on."""
    found = read_training(store, job)
    _export(store, found, out, weights=True)
    return max(int(row["epoch"]) for row in found["checkpoints"])


def import_experiments(store: Store, path: Path) -> list[Copied]:
    """Store the experiments of a directory, unless they are there already.

    Raises InputError, and stores nothing, if a file is not what `runner export` would write.
    """
    check_files(path, MOST_BYTES)
    found, weights = rows.read_rows(path / rows.NAME)
    for experiment in found["experiments"]:
        check_allowed(Settings.from_environment(), experiment["configuration"].get("network"))
    needed = _needed(found, weights)
    return write_copy(store, found, contents.Contents(path / contents.NAME, needed))


def is_experiment(path: Path) -> bool:
    """Return whether a directory has an exported experiment, not the bundle of a trial."""
    return (path / rows.NAME).exists()


def _export(store: Store, found: Rows, out: Path, weights: bool) -> list[int]:
    checkpoints = {row["sha256"] for row in found["checkpoints"]}

    def read(name: str) -> bytes:
        return read_checkpoint(store, name) if name in checkpoints else get_artifact(store, name)

    with new_directory(out) as directory:
        rows.write_rows(directory / rows.NAME, found, provenance.collect(), weights=weights)
        contents.write_contents(directory / contents.NAME, _needed(found, weights), read)
        write_checksums(directory)
    return [experiment["id"] for experiment in found["experiments"]]


def _needed(found: Rows, weights: bool) -> set[str]:
    """Return the names of the artifacts and checkpoints that belong to the rows."""
    artifacts = artifacts_of(found)
    kept = {name for name, are_weights in artifacts.items() if weights or not are_weights}
    return kept | {row["sha256"] for row in found["checkpoints"]}
