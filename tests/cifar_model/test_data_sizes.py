"""The images of a data set have one size and one number of channels, or are refused."""

from pathlib import Path

import numpy as np
import pytest

from cifar_model.data import DatasetSpec, load, sizes
from tests.cifar_model.picture_files import loaded, picture, refusal, two_classes, zip_of


def test_mixed_sizes_are_refused_with_image_size_as_the_fix(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    picture(1, (48, 40)).save(folder / "cat" / "000.png")
    error = refusal(f"folder:{folder}")
    assert "1 of 12" in error.what
    assert "not 32x32 like the others: cat/000.png (48x40)" in error.what
    assert "--image-size" in error.fix
    assert loaded(f"folder:{folder}", image_size=32).train.images.shape == (8, 32, 32, 3)


def test_resizing_keeps_what_is_already_right(tmp_path: Path) -> None:
    name = f"folder:{two_classes(tmp_path / 'pets')}"
    assert loaded(name, image_size=32).fingerprint == loaded(name).fingerprint


@pytest.mark.parametrize("size", [(64, 64), (48, 40), (8, 8), (512, 9)])
def test_images_of_any_one_size_are_read_as_they_are(size: tuple[int, int], tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets", 3, size=size)
    read = [loaded(f"folder:{folder}"), loaded(f"zip:{zip_of(folder)}")]
    assert read[0].train.images.shape[1:] == (size[1], size[0], 3)
    assert read[0].fingerprint == read[1].fingerprint
    assert read[0].to_json()["shape"] == [size[1], size[0], 3]


@pytest.mark.parametrize("size", [(7, 64), (64, 513)])
def test_too_small_and_too_large_images_are_refused_unless_they_are_resized(
    size: tuple[int, int], tmp_path: Path
) -> None:
    folder = two_classes(tmp_path / "pets", size=size)
    error = refusal(f"folder:{folder}")
    assert f"cat/000.png of pets (folder) is {size[0]}x{size[1]}" in error.what
    assert "8 to 512 pixels" in error.expected
    assert "--image-size" in error.fix
    assert loaded(f"folder:{folder}", image_size=64).train.images.shape == (8, 64, 64, 3)


@pytest.mark.parametrize("size", [7, 513])
def test_an_image_size_out_of_range_is_refused(size: int) -> None:
    assert "8 to 512" in refusal("shapes", image_size=size).expected


def test_grayscale_images_keep_their_one_channel(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "digits", size=(28, 28), mode="L")
    images = loaded(f"folder:{folder}").train.images
    assert images.shape == (8, 28, 28, 1)
    resized = loaded(f"folder:{folder}", image_size=64)
    assert resized.train.images.shape == (8, 64, 64, 1)


@pytest.mark.parametrize("image_size", [None, 64])
def test_a_mix_of_grayscale_and_rgb_images_is_refused(
    image_size: int | None, tmp_path: Path
) -> None:
    folder = two_classes(tmp_path / "pets")
    picture(0, (32, 32), "L").save(folder / "cat" / "000.png")
    error = refusal(f"folder:{folder}", image_size=image_size)
    assert "1 of 12 images of pets (folder) are not RGB like the others" in error.what
    assert "cat/000.png (grayscale)" in error.what
    assert "convert('RGB')" in error.fix
    gray = two_classes(tmp_path / "gray", mode="L")
    picture(0).save(gray / "cat" / "000.png")
    assert "convert('L')" in refusal(f"folder:{gray}", image_size=image_size).fix


def test_images_that_take_too_much_memory_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "MOST_BYTES", 2**20)
    folder = two_classes(tmp_path / "pets")
    assert len(loaded(f"folder:{folder}", image_size=128).train) == 8
    for name in (f"folder:{folder}", "digits"):
        error = refusal(name, image_size=256)
        assert "of memory at 256x256" in error.what
        assert "smaller --image-size" in error.fix


def test_a_built_in_data_set_is_resized_and_says_so() -> None:
    plain, large = (load(DatasetSpec("digits", image_size=size), Path()) for size in (32, 64))
    assert plain.title == load(DatasetSpec("digits"), Path()).title
    assert large.title == f"{plain.title}, resized to 64x64"
    assert large.train.images.shape[1:] == (64, 64, 3)
    assert np.array_equal(large.train.labels, plain.train.labels)
    # What was drawn is still there, twice as large.
    halved = large.train.images[:50].reshape(50, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    assert abs(halved - plain.train.images[:50]).mean() < 10
