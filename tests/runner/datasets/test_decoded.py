"""Decoded data sets that workers share: what is kept, what is found, and what is not trusted."""

import mmap
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.data.dataset import Split
from runner.datasets import decoded
from tests.processes import as_another_user
from tests.runner.store.making import InProcesses

SPEC = DatasetSpec("digits", train_size=50)


@pytest.fixture
def whole(tmp_path: Path) -> Dataset:
    """Offer a data set as it is read."""
    return load(DatasetSpec("digits"), tmp_path)


@pytest.fixture
def place(whole: Dataset, tmp_path: Path) -> Path:
    decoded.keep(whole, 0, tmp_path)
    return tmp_path / "decoded" / f"{whole.fingerprint}-0"


def memory_of(array: object) -> object:
    while isinstance(array, np.ndarray):
        array = array.base
    return array


def same(one: Split, other: Split) -> bool:
    return np.array_equal(one.images, other.images) and np.array_equal(one.labels, other.labels)


def test_a_copy_is_the_data_set_and_its_images_are_not_in_the_memory_of_the_process(
    whole: Dataset, place: Path, tmp_path: Path
) -> None:
    found = decoded.find(SPEC, whole.fingerprint, tmp_path)
    assert found is not None
    assert place.is_dir()
    read = load(SPEC, tmp_path)
    for split in decoded.SPLITS:
        assert same(getattr(found, split), getattr(read, split))
    assert found.to_json() == read.to_json()
    assert isinstance(memory_of(found.train.images), mmap.mmap)
    with pytest.raises(ValueError, match="read-only"):
        found.train.images[0] = 0


def test_another_split_or_other_images_have_no_copy(
    whole: Dataset, place: Path, tmp_path: Path
) -> None:
    assert place.is_dir()
    assert decoded.find(DatasetSpec("digits", split_seed=1), whole.fingerprint, tmp_path) is None
    assert decoded.find(SPEC, "0" * 64, tmp_path) is None


@pytest.mark.parametrize(
    "damage", ["changed", "truncated", "empty", "an archive", "removed", "no JSON", "a list"]
)
def test_a_damaged_copy_is_not_used_but_written_anew(
    whole: Dataset, place: Path, tmp_path: Path, damage: str
) -> None:
    file = place / "train-images.npy"
    match damage:
        case "changed":
            with file.open("r+b") as changed:
                changed.seek(-1, os.SEEK_END)
                last = changed.read(1)
                changed.seek(-1, os.SEEK_END)
                changed.write(bytes([last[0] ^ 1]))
        case "truncated":
            os.truncate(file, file.stat().st_size // 2)
        case "empty":
            os.truncate(file, 0)
        case "an archive":
            file.write_bytes(b"PK\x03\x04")
        case "removed":
            (place / "test-labels.npy").unlink()
        case _:
            (place / "about.json").write_text({"no JSON": "{", "a list": "[]"}[damage])
    assert decoded.find(SPEC, whole.fingerprint, tmp_path) is None
    decoded.keep(whole, 0, tmp_path)
    assert decoded.find(SPEC, whole.fingerprint, tmp_path) is not None


def written(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.npy"))


def copies(tmp_path: Path) -> list[str]:
    return sorted(found.name for found in (tmp_path / "decoded").iterdir() if found.is_dir())


def test_only_the_copies_that_were_used_last_are_kept(
    whole: Dataset, place: Path, tmp_path: Path
) -> None:
    for seed in range(1, 3):
        decoded.keep(whole, seed, tmp_path)
    for seed in range(3):
        os.utime(place.with_name(f"{whole.fingerprint}-{seed}"), (seed, seed))
    decoded.mark_used(DatasetSpec("digits"), whole.fingerprint, tmp_path)
    decoded.keep(whole, 3, tmp_path)
    assert copies(tmp_path) == [f"{whole.fingerprint}-{seed}" for seed in (0, 2, 3)]


def test_what_a_process_that_died_left_behind_is_removed(
    whole: Dataset, place: Path, tmp_path: Path
) -> None:
    for name in (f".{whole.fingerprint}-1", ".another"):
        place.with_name(name).mkdir()
        (place.with_name(name) / "train-images.npy").touch()
    decoded.keep(whole, 1, tmp_path)
    assert copies(tmp_path) == [f"{whole.fingerprint}-{seed}" for seed in (0, 1)]


def test_processes_that_decode_at_the_same_time_do_not_fill_the_disk_together(
    whole: Dataset, tmp_path: Path, in_processes: InProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sum(array.nbytes for _, array in decoded._arrays(whole))
    # As if the disk had room for one and a half copies.
    monkeypatch.setattr(decoded, "SPARE_BYTES", 0)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: SimpleNamespace(free=1.5 * size - written(path))
    )
    in_processes(4, lambda number: decoded.keep(whole, number, tmp_path))
    assert len(copies(tmp_path)) == 1


def test_no_copy_is_made_that_would_fill_the_disk(
    whole: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "SPARE_BYTES", shutil.disk_usage(tmp_path).total)
    decoded.keep(whole, 0, tmp_path)
    assert copies(tmp_path) == []


def test_a_directory_that_cannot_be_written_to_is_left_alone(
    whole: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    decoded.keep(whole, 0, tmp_path / "file")
    assert decoded.find(SPEC, whole.fingerprint, tmp_path / "file") is None


def test_what_is_slow_to_read_is_read_once(
    whole: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "SLOW_SECONDS", 3600)
    decoded.load_once(SPEC, "", tmp_path)
    assert not (tmp_path / "decoded").exists(), "it is quick to read"
    monkeypatch.setattr(decoded, "SLOW_SECONDS", 0)
    for _ in range(2):
        read = decoded.load_once(SPEC, whole.fingerprint, tmp_path)
        assert same(read.train, whole.train.take(slice(50)))
        assert isinstance(memory_of(read.test.images), mmap.mmap)
        monkeypatch.setattr(decoded, "load", None)


def test_what_this_user_may_not_read_is_left_alone(
    whole: Dataset, place: Path, tmp_path: Path, in_processes: InProcesses
) -> None:
    place.parent.chmod(0)

    def read(_: int) -> object:
        as_another_user()
        decoded.keep(whole, 0, tmp_path)
        return decoded.find(SPEC, whole.fingerprint, tmp_path)

    assert in_processes(1, read) == [None]
    place.parent.chmod(0o755)
    assert decoded.find(SPEC, whole.fingerprint, tmp_path) is not None
