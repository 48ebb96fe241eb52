"""Data sets, what holds for cifar: read, checked, or refused with a reason."""

import gzip
import hashlib
import io
import pickle
import shlex
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cifar_model.data import Dataset, DatasetSpec, cifar, load
from cifar_model.data.pickles import read_dictionary
from cifar_model.errors import InputError

CIFAR10, CIFAR100 = cifar.OFFICIAL["cifar10"], cifar.OFFICIAL["cifar100"]

# What Python 2 wrote, as in the official files: one black image that is a frog.
PYTHON_2_BATCH = (
    b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    b"(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xff"
    b"J\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00" + bytes(3072) + b"tbU\x06labels]K\x06au."
)


@pytest.fixture(autouse=True)
def empty_keras_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the real cache and the network out of these tests; return a cache of their own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name, official in cifar.OFFICIAL.items():
        url = f"http://localhost:9/{official.archive}"  # nobody answers there
        monkeypatch.setitem(cifar.OFFICIAL, name, replace(official, url=url))
    return tmp_path / "keras" / "datasets"


def batch(count: int, seed: int, key: str = "labels", classes: int = 10) -> dict[bytes, Any]:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 3072), dtype=np.uint8)
    return {b"data": pixels, key.encode(): [number % classes for number in range(count)]}


def write_cifar10(folder: Path, protocol: int = 4) -> Path:
    """Write the layout of the official archive with 12 images."""
    folder.mkdir(parents=True)
    for number, name in enumerate((*CIFAR10.train, CIFAR10.test)):
        (folder / name).write_bytes(pickle.dumps(batch(2, number), protocol))
    names = [f"class {number}".encode() for number in range(10)]
    (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": names}, protocol))
    return folder


def archive_of(folder: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name)
    return path


def make_official(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    site: str = "http://localhost:9",
    name: str = "cifar10",
) -> None:
    """Let this archive be the official one; the real one is too large to try."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    official = cifar.OFFICIAL[name]
    official = replace(official, sha256=digest, url=f"{site}/{official.archive}")
    monkeypatch.setitem(cifar.OFFICIAL, name, official)


def cifar10(directory: Path) -> Dataset:
    return load(DatasetSpec("cifar10"), directory)


def refusal(directory: Path, name: str = "cifar10") -> InputError:
    with pytest.raises(InputError) as caught:
        load(DatasetSpec(name), directory)
    return caught.value


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder over HTTP."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("localhost", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_an_extracted_folder_is_read(protocol: int, tmp_path: Path) -> None:
    write_cifar10(tmp_path / CIFAR10.folder, protocol)
    dataset = cifar10(tmp_path)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (8, 2, 2)
    assert dataset.classes == tuple(f"class {number}" for number in range(10))
    assert (dataset.name, dataset.title) == ("cifar10", "CIFAR-10 (extracted folder)")
    pixels = batch(2, 5)[b"data"].reshape(2, 3, 32, 32)
    for channel in range(3):
        assert np.array_equal(dataset.test.images[..., channel], pixels[:, channel])
    assert dataset.test.labels.tolist() == [0, 1]


def test_the_data_directory_may_be_the_extracted_folder_itself(tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / "renamed")
    assert cifar10(folder).title == "CIFAR-10 (extracted folder)"


@pytest.mark.parametrize("protocol", [2, 5])
def test_labels_that_numpy_made_are_read(protocol: int, tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / CIFAR10.folder)
    content = {"data": batch(2, 5)[b"data"], "labels": [np.int64(3), np.uint8(4)]}
    (folder / "test_batch").write_bytes(pickle.dumps(content, protocol))
    assert cifar10(tmp_path).test.labels.tolist() == [3, 4]


@pytest.mark.parametrize("kind", ["", "folder:", "zip:", "cifar10:"])
@pytest.mark.parametrize("place", ["archive", "tar", "folder", "above"])
def test_the_hint_for_a_path_to_the_official_files_works(
    kind: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_cifar10(tmp_path / "made here" / CIFAR10.folder)
    path = folder
    if place in ("archive", "tar"):
        path = archive_of(folder, tmp_path / "put there" / CIFAR10.archive)
        make_official(path, monkeypatch)
    if place == "tar":
        content = gzip.decompress(path.read_bytes())
        path.unlink()
        path = path.with_suffix("")
        path.write_bytes(content)
    error = refusal(tmp_path, f"{kind}{path.parent if place == 'above' else path}")
    words = shlex.split(error.fix)
    [directory] = [word for word in words if word.startswith("RUNNER_DATA_DIR=")]
    dataset = load(DatasetSpec(words[-1]), Path(directory.removeprefix("RUNNER_DATA_DIR=")[:-1]))
    assert (dataset.name, len(dataset.test)) == ("cifar10", 2)


def test_a_file_that_is_no_unzipped_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / CIFAR10.tar).write_bytes(b"x" * 1000)
    error = refusal(tmp_path)
    assert f"{tmp_path / CIFAR10.tar} is not the official archive, unzipped" in error.what
    assert CIFAR10.archive in error.fix


def test_pictures_of_every_batch_are_read(tmp_path: Path) -> None:
    write_cifar10(tmp_path / CIFAR10.folder)
    dataset = cifar10(tmp_path)
    expected = np.concatenate([batch(2, number)[b"data"] for number in range(5)])
    found = np.concatenate([dataset.train.images, dataset.validation.images])
    flat = found.transpose(0, 3, 1, 2).reshape(10, 3072)
    assert sorted(row.tobytes() for row in flat) == sorted(row.tobytes() for row in expected)


def test_the_pickles_of_python_2_are_read(tmp_path: Path) -> None:
    (write_cifar10(tmp_path / CIFAR10.folder) / "test_batch").write_bytes(PYTHON_2_BATCH)
    test = cifar10(tmp_path).test
    assert test.images.shape == (1, 32, 32, 3)
    assert test.labels.tolist() == [6]


def write_cifar100(folder: Path) -> Path:
    """Write the layout of the official archive with 104 images, all its keys and its other file."""
    folder.mkdir(parents=True)
    for name, count in (("train", 100), ("test", 4)):
        content = batch(count, count, "fine_labels", 100)
        content |= {b"coarse_labels": [number % 20 for number in range(count)]}
        content |= {b"filenames": [b"bos_taurus_s_000507.png"] * count}
        content |= {b"batch_label": b"training batch 1 of 1"}
        (folder / name).write_bytes(pickle.dumps(content, 2))
    names = [f"fine {number}".encode() for number in range(100)]
    coarse = [f"coarse {number}".encode() for number in range(20)]
    meta = {b"fine_label_names": names, b"coarse_label_names": coarse}
    (folder / "meta").write_bytes(pickle.dumps(meta, 2))
    (folder / "file.txt~").write_bytes(b"")
    return folder


def test_cifar100_has_its_fine_labels(tmp_path: Path) -> None:
    write_cifar100(tmp_path / CIFAR100.folder)
    dataset = load(DatasetSpec("cifar100"), tmp_path)
    assert len(dataset.classes) == 100
    assert dataset.test.labels.tolist() == [0, 1, 2, 3]


def test_cifar100_is_read_from_an_archive_of_the_official_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_cifar100(tmp_path / "made" / CIFAR100.folder)
    make_official(archive_of(folder, tmp_path / CIFAR100.archive), monkeypatch, name="cifar100")
    dataset = load(DatasetSpec("cifar100"), tmp_path)
    assert dataset.title == "CIFAR-100"
    assert dataset.classes[:2] == ("fine 0", "fine 1")
    assert (len(dataset.train) + len(dataset.validation), len(dataset.test)) == (100, 4)
    pixels = batch(4, 4, "fine_labels", 100)[b"data"]
    assert (dataset.test.images[3] == pixels[3].reshape(3, 32, 32).transpose(1, 2, 0)).all()
    assert dataset.fingerprint == load(DatasetSpec("cifar100"), folder.parent).fingerprint


def test_an_archive_that_is_not_the_official_one_is_refused_unread(tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / "made" / CIFAR10.folder)
    archive_of(folder, tmp_path / CIFAR10.archive)
    error = refusal(tmp_path)
    assert f"{tmp_path / CIFAR10.archive} is damaged or is not the official archive" in error.what
    assert CIFAR10.sha256 in error.expected
    assert "--dataset shapes" in error.fix


def test_the_official_archive_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_cifar10(tmp_path / "made" / CIFAR10.folder)
    make_official(archive_of(folder, tmp_path / CIFAR10.archive), monkeypatch)
    dataset = cifar10(tmp_path)
    assert dataset.title == "CIFAR-10"
    assert dataset.fingerprint == cifar10(folder.parent).fingerprint


@pytest.mark.parametrize(
    "place", ["cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"]
)
def test_a_folder_in_the_keras_cache_is_read(place: str, empty_keras_cache: Path) -> None:
    write_cifar10(empty_keras_cache / place)
    assert len(cifar10(Path("no-such-directory")).test) == 2


@pytest.mark.parametrize(
    "place", ["cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"]
)
def test_an_archive_in_the_keras_cache_is_read_if_it_is_official(
    place: str, tmp_path: Path, empty_keras_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive_of(write_cifar10(tmp_path / CIFAR10.folder), empty_keras_cache / place)
    assert "not the official" in refusal(Path("no-such-directory")).what
    make_official(path, monkeypatch)
    assert cifar10(Path("no-such-directory")).title == "CIFAR-10"


def test_the_data_directory_comes_before_the_keras_cache(
    tmp_path: Path, empty_keras_cache: Path
) -> None:
    write_cifar10(empty_keras_cache / CIFAR10.folder)
    (write_cifar10(tmp_path / CIFAR10.folder) / "test_batch").write_bytes(PYTHON_2_BATCH)
    assert len(cifar10(tmp_path).test) == 1


def test_without_network_the_error_says_where_to_put_the_file(tmp_path: Path) -> None:
    for name, official in (("cifar10", CIFAR10), ("cifar100", CIFAR100)):
        error = refusal(tmp_path / "data", name)
        assert "cannot download" in error.what
        assert f"copy it to {tmp_path / 'data' / official.archive}" in error.fix
        assert "--dataset shapes" in error.fix
    assert not (tmp_path / "data").exists()


def test_a_download_is_checked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_cifar10(tmp_path / "made" / CIFAR10.folder)
    path = archive_of(folder, tmp_path / "site" / CIFAR10.archive)
    with served(path.parent) as site:
        make_official(path, monkeypatch, site)
        first = cifar10(tmp_path / "data").fingerprint
    assert [entry.name for entry in (tmp_path / "data").iterdir()] == [CIFAR10.archive]
    assert cifar10(tmp_path / "data").fingerprint == first  # nobody serves it any more


def test_a_download_of_something_else_is_refused_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / CIFAR10.archive).write_text("please log in to this network")
    with served(tmp_path / "site") as site:
        official = replace(CIFAR10, url=f"{site}/{CIFAR10.archive}")
        monkeypatch.setitem(cifar.OFFICIAL, "cifar10", official)
        error = refusal(tmp_path / "data")
    assert "is not the official one" in error.what
    assert list((tmp_path / "data").iterdir()) == []


def test_a_file_that_the_site_does_not_have_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path) as site:
        official = replace(CIFAR10, url=f"{site}/{CIFAR10.archive}")
        monkeypatch.setitem(cifar.OFFICIAL, "cifar10", official)
        assert "404" in refusal(tmp_path / "data").what


class Trap:
    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.touched,)


def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / CIFAR10.folder)
    content = batch(2, 0) | {b"more": Trap(tmp_path / "touched")}
    (folder / "data_batch_3").write_bytes(pickle.dumps(content))
    error = refusal(tmp_path)
    assert f"{folder / 'data_batch_3'} cannot be read: it loads" in error.what
    assert not (tmp_path / "touched").exists()
    assert pickle.loads((folder / "data_batch_3").read_bytes())  # noqa: S301 (to see that it would)
    assert (tmp_path / "touched").exists()


@pytest.mark.parametrize("command", [b"cbuiltins\neval\n", b"cos\nsystem\n", b"cnumpy\nload\n"])
def test_no_function_is_found_by_a_pickle(command: bytes, tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / CIFAR10.folder)
    (folder / "test_batch").write_bytes(command + b"(Vx\ntR.")
    asked = command[1:-1].replace(b"\n", b".").decode()
    assert f"it loads {asked}" in refusal(tmp_path).what


def test_a_batch_cut_short_or_damaged_is_refused_by_name(tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / CIFAR10.folder)
    whole = (folder / "data_batch_2").read_bytes()
    for content in (b"", whole[:100], whole[:-10], b"[" + whole, pickle.dumps([1, 2])):
        (folder / "data_batch_2").write_bytes(content)
        assert str(folder / "data_batch_2") in refusal(tmp_path).what


@pytest.mark.parametrize(
    "content",
    [
        {},
        batch(2, 0) | {b"labels": [0]},
        batch(2, 0) | {b"labels": [0, 10]},
        batch(2, 0) | {b"labels": [0, -1]},
        batch(2, 0) | {b"labels": [0, 2**80]},
        batch(2, 0) | {b"labels": [0, "1"]},
        batch(2, 0) | {b"labels": None},
        batch(2, 0) | {b"data": [[0] * 3072] * 2},
        batch(2, 0) | {b"data": np.zeros((2, 3072), np.float32)},
        batch(2, 0) | {b"data": np.zeros((2, 3071), np.uint8)},
        batch(0, 0),
    ],
)
def test_a_batch_of_another_content_is_refused(content: dict[bytes, Any], tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / CIFAR10.folder)
    (folder / "data_batch_1").write_bytes(pickle.dumps(content))
    error = refusal(tmp_path)
    assert "does not contain images with labels" in error.what
    assert "0 to 9" in error.expected


def test_labels_may_be_an_array(tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / CIFAR10.folder)
    content = batch(2, 0) | {b"labels": np.array([3, 4])}
    (folder / "test_batch").write_bytes(pickle.dumps(content))
    assert cifar10(tmp_path).test.labels.tolist() == [3, 4]


def test_missing_files_and_class_names_are_named(tmp_path: Path) -> None:
    folder = write_cifar10(tmp_path / CIFAR10.folder)
    (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": 3}))
    assert "batches.meta has no list label_names" in refusal(tmp_path).what
    (folder / "data_batch_4").unlink()
    (folder / "batches.meta").unlink()
    assert "lacks data_batch_4, batches.meta" in refusal(tmp_path).what


def test_a_file_beyond_all_measure_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / CIFAR10.archive).open("wb") as file:
        file.truncate(2**36)
    assert "too large" in refusal(tmp_path).what


def test_the_pickled_arrays_are_those_of_numpy() -> None:
    for array in (np.arange(6, dtype=">i4").reshape(2, 3), np.asfortranarray(np.eye(3)[:, :2])):
        for protocol in (3, 4, 5):
            buffer = io.BytesIO(pickle.dumps({b"array": array}, protocol))
            found = read_dictionary(buffer.getvalue())["array"]
            assert np.array_equal(found, array)
