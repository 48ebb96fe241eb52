"""Data sets, what holds for npz: read, checked, or refused with a reason."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cifar_model.data import archives
from tests.cifar_model.picture_files import loaded, picture, refusal, two_classes

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
LABELS = np.arange(20) % 4


def saved(path: Path, **arrays: Any) -> str:
    np.savez(path / "arrays.npz", **arrays)
    return f"npz:{path / 'arrays.npz'}"


def refused(path: Path, **changes: Any) -> str:
    error = refusal(saved(path, **({"images": IMAGES, "labels": LABELS} | changes)))
    return f"{error.what} | {error.expected} | {error.fix}"


def test_images_and_labels_are_read(tmp_path: Path) -> None:
    dataset = loaded(saved(tmp_path, images=IMAGES, labels=LABELS))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (13, 3, 4)
    assert dataset.classes == ("0", "1", "2", "3")
    assert dataset.title == "arrays (npz)"


def test_the_arrays_of_keras_are_read_with_their_test_split(tmp_path: Path) -> None:
    labels = LABELS[:, np.newaxis].astype(np.uint8)
    name = saved(
        tmp_path, x_train=IMAGES[:15], y_train=labels[:15], x_test=IMAGES[15:], y_test=labels[15:]
    )
    dataset = loaded(name)
    assert np.array_equal(dataset.test.images, IMAGES[15:])
    assert np.array_equal(dataset.test.labels, LABELS[15:])
    assert dataset.test.labels.dtype == np.int64


def test_without_a_test_split_test_pictures_come_from_train(tmp_path: Path) -> None:
    assert len(loaded(saved(tmp_path, x_train=IMAGES, y_train=LABELS)).test) == 4


def test_compression_does_not_change_the_data(tmp_path: Path) -> None:
    plain = loaded(saved(tmp_path, images=IMAGES, labels=LABELS)).fingerprint
    np.savez_compressed(tmp_path / "small.npz", images=IMAGES, labels=LABELS)
    assert loaded(f"npz:{tmp_path / 'small.npz'}").fingerprint == plain


def test_the_pictures_of_a_folder_have_its_fingerprint_if_the_classes_are_named_alike(
    tmp_path: Path,
) -> None:
    folder = two_classes(tmp_path / "pets")
    (folder / "cat").rename(folder / "0")
    (folder / "dog").rename(folder / "1")
    images = np.stack([np.asarray(picture(number)) for number in range(12)])
    name = saved(tmp_path, images=images, labels=np.arange(12) // 6)
    assert loaded(name).fingerprint == loaded(f"folder:{folder}").fingerprint


def test_arrays_of_other_names_are_refused(tmp_path: Path) -> None:
    message = refusal(saved(tmp_path, pictures=IMAGES, labels=LABELS))
    assert "labels, pictures" in message.what
    assert "x_train and y_train" in message.expected
    assert "y_test" in refused(tmp_path, x_test=IMAGES)
    assert "none" in refusal(saved(tmp_path)).what


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES.astype(np.float32) / 255, "float32"),
        (IMAGES.astype(np.int64), "int64"),
        (IMAGES.transpose(0, 3, 1, 2), "transpose"),
        (IMAGES[..., :1].transpose(0, 3, 1, 2), "transpose"),
        (IMAGES[0, 0], "(32, 3)"),
        (IMAGES[:0], "(0, 32, 32, 3)"),
    ],
)
def test_images_of_another_type_or_shape_are_refused(
    images: Any, message: str, tmp_path: Path
) -> None:
    text = refused(tmp_path, images=images, labels=LABELS[: len(images)])
    assert message in text
    assert "uint8 images with values from 0 to 255" in text


@pytest.mark.parametrize("images", [IMAGES[..., 0], IMAGES[..., :1]])
def test_grayscale_images_need_no_channel(images: Any, tmp_path: Path) -> None:
    dataset = loaded(saved(tmp_path, images=images, labels=LABELS))
    assert dataset.train.images.shape == (13, 32, 32, 1)
    with_channel = loaded(saved(tmp_path, images=IMAGES[..., :1], labels=LABELS))
    assert dataset.fingerprint == with_channel.fingerprint


def test_images_of_any_one_size_are_read(tmp_path: Path) -> None:
    dataset = loaded(saved(tmp_path, images=IMAGES[:, :20, :12], labels=LABELS))
    assert dataset.train.images.shape == (13, 20, 12, 3)
    error = refusal(saved(tmp_path, images=IMAGES[:, :7], labels=LABELS))
    assert "are 32x7" in error.what


@pytest.mark.parametrize(
    ("test", "named", "fix"),
    [
        (
            IMAGES[:, :16],
            "the test split are 32x16, and those of the train split are 32x32",
            "size",
        ),
        (IMAGES[..., 0], "the test split are grayscale, and those of the train", "convert"),
    ],
)
def test_splits_of_different_images_are_refused(
    test: Any, named: str, fix: str, tmp_path: Path
) -> None:
    name = saved(tmp_path, x_train=IMAGES, y_train=LABELS, x_test=test, y_test=LABELS)
    error = refusal(name)
    assert named in error.what
    assert fix in error.fix


def test_images_of_another_size_are_resized_on_request(tmp_path: Path) -> None:
    dataset = loaded(saved(tmp_path, images=IMAGES[:, :16], labels=LABELS), image_size=32)
    assert dataset.train.images.shape == (13, 32, 32, 3)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS[:-1], "(19,)"),
        (LABELS.astype(np.float64), "float64"),
        (np.array(["cat", "dog"] * 10), "<U3"),
        (np.eye(4, dtype=np.int64)[LABELS], "argmax"),
        (LABELS - 1, "the label -1"),
        (LABELS.astype(np.uint64) + np.uint64(2**64 - 4), "the label 18446744073709551612"),
        (LABELS + 1, "no image has the label 0"),
        (LABELS * 10**12, "no image has the label 1"),
        (LABELS * 0, "only the label 0"),
        (np.array([None] * 20), "Python objects"),
    ],
)
def test_labels_of_another_type_shape_or_range_are_refused(
    labels: Any, message: str, tmp_path: Path
) -> None:
    assert message in refused(tmp_path, labels=labels)


def test_a_test_label_that_was_never_trained_is_refused(tmp_path: Path) -> None:
    name = saved(tmp_path, x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS + 1)
    error = refusal(name)
    assert "y_test of arrays.npz has the label 4" in error.what
    assert "0 to 3" in error.expected


class Trap:
    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.touched,)


def test_pickled_code_in_an_array_is_refused_and_not_run(tmp_path: Path) -> None:
    trap = np.empty(20, object)
    trap[:] = Trap(tmp_path / "touched")
    assert "Python objects" in refused(tmp_path, labels=trap)
    assert not (tmp_path / "touched").exists()


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "arrays.npy", IMAGES)
    path = (tmp_path / "arrays.npy").rename(tmp_path / "arrays.npz")
    assert f"{path} is damaged or not a zip archive" in refusal(f"npz:{path}").what


@pytest.mark.parametrize("place", [0.1, 0.5, 0.95])
def test_a_flipped_bit_is_refused_with_the_array(place: float, tmp_path: Path) -> None:
    name = saved(tmp_path, images=IMAGES, labels=LABELS)
    path = tmp_path / "arrays.npz"
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 16
    path.write_bytes(content)
    error = refusal(name)
    assert "arrays.npz is damaged" in error.what
    assert "images" in error.what


def test_an_npz_cut_short_is_refused(tmp_path: Path) -> None:
    name = saved(tmp_path, images=IMAGES, labels=LABELS)
    path = tmp_path / "arrays.npz"
    path.write_bytes(path.read_bytes()[:-100])
    assert "arrays.npz is damaged" in refusal(name).what


def test_an_npz_that_declares_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 2**20)
    np.savez_compressed(
        tmp_path / "bomb.npz", images=np.zeros((1000, 32, 32, 3), np.uint8), labels=LABELS
    )
    assert "would unpack to" in refusal(f"npz:{tmp_path / 'bomb.npz'}").what


def test_a_header_that_claims_more_than_there_is_is_refused(tmp_path: Path) -> None:
    for claimed in ("(9999999999, 32, 32, 3)", "(21, 32, 32, 3)", "(19, 32, 32, 3)"):
        header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {claimed}, }}\n"
        array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
        with zipfile.ZipFile(tmp_path / "liar.npz", "w") as archive:
            archive.writestr("images.npy", array + IMAGES.tobytes())
            archive.writestr("labels.npy", b"")
        assert "images" in refusal(f"npz:{tmp_path / 'liar.npz'}").what
