"""What a data set is, remembered while its files do not change."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.errors import InputError
from runner.datasets import decoded, described
from runner.datasets.described import describe, read
from tests.cifar_model.picture_files import two_classes, zip_of
from tests.processes import as_another_user
from tests.runner.store.making import InProcesses


class Reading:
    """Count how often data sets are read."""

    def __init__(self) -> None:
        self.times = 0

    def load(self, spec: DatasetSpec, directory: Path) -> Dataset:
        self.times += 1
        return load(spec, directory)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    found = Reading()
    monkeypatch.setattr(described, "load", found.load)
    return found


def folder(path: Path) -> str:
    return f"folder:{two_classes(path / 'pictures')}"


def zip_file(path: Path) -> str:
    return f"zip:{zip_of(two_classes(path / 'pictures'))}"


def arrays(path: Path) -> str:
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    np.savez(path / "arrays.npz", images=images, labels=np.arange(20) % 4)
    return f"npz:{path / 'arrays.npz'}"


def built_in(path: Path) -> str:  # noqa: ARG001 (it is in no file)
    return "shapes"


@pytest.fixture
def an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rely on files that were written just now: nobody can set the time of a file's last change."""
    monkeypatch.setattr(described, "SETTLED_SECONDS", -3600.0)


@pytest.fixture
def name(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Offer a small data set whose files have not changed for long."""
    request.getfixturevalue("an_hour_later")
    return arrays(tmp_path)


@pytest.mark.usefixtures("an_hour_later")
@pytest.mark.parametrize("write", [folder, zip_file, arrays, built_in])
def test_files_that_stay_as_they_are_are_read_once(
    tmp_path: Path, reading: Reading, write: Callable[[Path], str]
) -> None:
    name, data = write(tmp_path), tmp_path / "data"
    for spec in (DatasetSpec(name), DatasetSpec(name, train_size=4), DatasetSpec(name, None, 16)):
        before = reading.times
        expected = load(spec, data).to_json()
        assert [describe(spec, data) for _ in range(3)] == [expected] * 3
        assert reading.times == before + 1


@pytest.mark.usefixtures("an_hour_later")
def test_files_that_change_are_read_again(tmp_path: Path, reading: Reading) -> None:
    spec, data = DatasetSpec(folder(tmp_path)), tmp_path / "data"
    pictures = tmp_path / "pictures"
    first = describe(spec, data)
    one, other = (pictures / kind / "000.png" for kind in ("cat", "dog"))
    content, times = one.read_bytes(), one.stat()
    one.write_bytes(other.read_bytes())
    changed = describe(spec, data)
    assert changed == load(spec, data).to_json()
    assert changed["fingerprint"] != first["fingerprint"]
    one.write_bytes(content)
    os.utime(one, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert describe(spec, data) == first
    one.write_bytes(other.read_bytes())
    os.utime(one, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert describe(spec, data) == changed, "a time that was set says nothing"
    (pictures / "dog" / "more.png").write_bytes(other.read_bytes())
    assert describe(spec, data)["images"] != first["images"]
    assert reading.times == 5


def test_a_file_that_was_written_a_moment_ago_is_not_relied_on(
    tmp_path: Path, reading: Reading
) -> None:
    spec = DatasetSpec(arrays(tmp_path))
    assert describe(spec, tmp_path / "data") == describe(spec, tmp_path / "data")
    assert reading.times == 2


@pytest.mark.usefixtures("an_hour_later")
def test_images_that_are_slow_to_read_are_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec, data = DatasetSpec(folder(Path()), train_size=5), tmp_path / "data"
    expected = load(spec, data)
    monkeypatch.setattr(decoded, "SLOW_SECONDS", 0)
    first = read(spec, data)
    monkeypatch.setattr(decoded, "load", None)
    for found in (first, read(spec, data)):
        assert found.to_json() == expected.to_json()
        assert np.array_equal(found.train.images, expected.train.images)
        assert np.array_equal(found.test.labels, expected.test.labels)


def test_more_training_images_than_there_are_are_refused_each_time(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "SLOW_SECONDS", 0)
    for _ in range(2):
        with pytest.raises(InputError, match="out of range"):
            read(DatasetSpec(name, train_size=1000), tmp_path)


def test_what_no_copy_is_kept_of_is_read_once(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Reading()
    monkeypatch.setattr(decoded, "load", reading.load)
    monkeypatch.setattr(decoded, "SLOW_SECONDS", 0)
    (tmp_path / "file").touch()
    for expected in (1, 2):
        read(DatasetSpec(name), tmp_path / "file")
        assert reading.times == expected, "nothing can be written, so each call reads it"


@pytest.mark.usefixtures("an_hour_later")
def test_files_with_the_same_images_keep_their_own_names_and_titles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "SLOW_SECONDS", 0)
    one = Path(arrays(tmp_path).removeprefix("npz:"))
    other = one.with_name("other.npz")
    other.write_bytes(one.read_bytes())
    for spec in (DatasetSpec(f"npz:{file}") for file in (one, other, one, other)):
        expected = load(spec, tmp_path).to_json()
        assert read(spec, tmp_path).to_json() == expected
        assert describe(spec, tmp_path) == expected


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"name": "shapes"}'])
def test_a_damaged_description_is_written_again(
    tmp_path: Path, reading: Reading, name: str, content: str
) -> None:
    expected = describe(DatasetSpec(name), tmp_path)
    (kept,) = (tmp_path / described.FOLDER).iterdir()
    kept.write_text(content)
    assert [describe(DatasetSpec(name), tmp_path) for _ in range(2)] == [expected] * 2
    assert reading.times == 2


def test_what_is_refused_is_refused_again(tmp_path: Path, name: str) -> None:
    wrong = (DatasetSpec(name, 10**9), DatasetSpec("zip:/nowhere.zip"), DatasetSpec("other"))
    for spec in (*wrong, *wrong):
        with pytest.raises(InputError):
            describe(spec, tmp_path)
    assert not (tmp_path / described.FOLDER).exists()


def test_a_directory_that_cannot_be_written_to_changes_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    found = describe(DatasetSpec(name), tmp_path / "file")
    assert found == load(DatasetSpec(name), tmp_path).to_json()


def test_the_newest_are_kept(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(described, "KEPT", 2)
    for size in (1, 2, 3):
        describe(DatasetSpec(name, size), tmp_path)
    assert len(list((tmp_path / described.FOLDER).iterdir())) == 2


def test_files_that_change_while_they_are_read_are_not_relied_on(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_and_change(spec: DatasetSpec, directory: Path) -> Dataset:
        found = load(spec, directory)
        Path(spec.name.removeprefix("npz:")).touch()
        return found

    monkeypatch.setattr(described, "load", load_and_change)
    describe(DatasetSpec(name), tmp_path)
    assert not (tmp_path / described.FOLDER).exists()


def test_a_description_in_a_directory_of_another_user_is_relied_on(
    reading: Reading, in_processes: InProcesses
) -> None:
    with tempfile.TemporaryDirectory() as data:
        directory = Path(data)
        expected = describe(DatasetSpec("shapes"), directory)
        for place in (directory, directory / described.FOLDER):
            place.chmod(0o555)

        def read(_: int) -> object:
            as_another_user()
            return describe(DatasetSpec("shapes"), directory), reading.times

        assert in_processes(1, read) == [(expected, 1)]
        for place in (directory, directory / described.FOLDER):
            place.chmod(0o755)
