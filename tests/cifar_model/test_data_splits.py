"""Data sets, what holds for splits: read, checked, or refused with a reason."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cifar_model.data import Dataset, DatasetSpec, Description, Split, load, names
from tests.cifar_model.picture_files import loaded, refusal, two_classes, zip_of


def pixels(split: Split) -> set[bytes]:
    return {image.tobytes() for image in split.images}


def all_pixels(dataset: Dataset) -> list[bytes]:
    splits = (dataset.train, dataset.validation, dataset.test)
    return [image.tobytes() for split in splits for image in split.images]


def test_a_fifth_is_for_testing_and_a_fifth_of_the_rest_for_validation(tmp_path: Path) -> None:
    dataset = loaded(f"folder:{two_classes(tmp_path / 'pets', 25)}")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (32, 8, 10)


def test_every_picture_is_in_exactly_one_split(tmp_path: Path) -> None:
    found = all_pixels(loaded(f"folder:{two_classes(tmp_path / 'pets', 25)}"))
    assert len(found) == len(set(found)) == 50


def test_the_split_seed_changes_validation_but_not_test() -> None:
    spec = DatasetSpec("digits")
    first, again = load(spec, Path()), load(spec, Path())
    other = load(replace(spec, split_seed=1), Path())
    assert np.array_equal(first.validation.images, again.validation.images)
    assert pixels(first.validation) != pixels(other.validation)
    assert np.array_equal(first.test.images, other.test.images)
    assert first.fingerprint == other.fingerprint


def test_train_size_takes_the_first_pictures_and_leaves_the_other_splits() -> None:
    whole, part = loaded("digits"), loaded("digits", train_size=100)
    assert np.array_equal(part.train.images, whole.train.images[:100])
    assert np.array_equal(part.train.labels, whole.train.labels[:100])
    assert len(part.validation) == len(whole.validation)
    assert len(part.test) == len(whole.test)
    assert part.fingerprint == whole.fingerprint


@pytest.mark.parametrize("train_size", [0, -1, 1152])
def test_a_train_size_that_does_not_fit_is_refused_with_the_largest_that_does(
    train_size: int,
) -> None:
    error = refusal("digits", train_size=train_size)
    assert "1 to 1151" in error.expected
    assert "--train-size 1151" in error.fix
    assert len(loaded("digits", train_size=1151).train) == 1151


def test_too_few_pictures_to_divide_are_refused(tmp_path: Path) -> None:
    assert "too few" in refusal(f"folder:{two_classes(tmp_path / 'pets', 2)}").what
    assert len(loaded(f"folder:{two_classes(tmp_path / 'more', 3)}").validation) == 1


def test_a_negative_split_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        load(DatasetSpec("digits", split_seed=-1), Path())


def test_pictures_are_scaled_and_labels_one_hot() -> None:
    images = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1).repeat(3, axis=-1)
    split = Split(images, np.array([2, 0, 1]))
    assert split.scaled().dtype == np.float32
    assert split.scaled()[:, 0, 0, 0].tolist() == [0, np.float32(0.2), 1]
    assert split.scaled(np.array([2, 0])).max(axis=(1, 2, 3)).tolist() == [1, 0]
    assert split.one_hot(3).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert split.one_hot(3, slice(1)).dtype == np.float32


def test_a_specification_survives_json_beside_what_is_stored_of_its_data_set() -> None:
    spec = DatasetSpec("digits", train_size=10, image_size=16, split_seed=3)
    dataset = load(spec, Path())
    stored = spec.to_json() | dataset.to_json()
    assert DatasetSpec.from_json(stored) == spec
    assert stored["images"] == {"train": 10, "validation": 287, "test": 359}
    assert stored["shape"] == [16, 16, 3]


@pytest.mark.parametrize(("resize", "size"), [(True, 32), (False, None)])
def test_what_earlier_versions_stored_keeps_its_meaning(resize: bool, size: int | None) -> None:
    stored = load(DatasetSpec("digits"), Path()).to_json() | {"resize": resize}
    assert DatasetSpec.from_json(stored) == DatasetSpec("digits", image_size=size)
    described = Description.from_json(stored)
    assert (described.image_size, described.resize) == (size, resize)


def test_a_path_is_stored_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zip_of(two_classes(tmp_path / "pets"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert loaded("zip:../pets.zip").name == loaded("zip:~/pets.zip").name == f"zip:{path}"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("cifar-10", "'cifar10'"), ("CIFAR100", "'cifar100'"), ("fodler:x", "'folder:'"), ("", "one")],
)
def test_an_unknown_name_is_refused_with_the_closest(name: str, hint: str) -> None:
    error = refusal(name)
    assert "unknown data set" in error.what
    assert all(known in error.expected for known in names())
    assert hint in error.fix


def test_a_path_without_its_kind_is_refused_with_the_kind(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    assert f"folder:{folder}" in refusal(str(folder)).fix
    assert f"zip:{zip_of(folder)}" in refusal(str(tmp_path / "pets.zip")).fix


@pytest.mark.parametrize("kind", ["folder", "zip", "npz"])
def test_a_missing_path_is_refused(kind: str, tmp_path: Path) -> None:
    assert "does not exist" in refusal(f"{kind}:{tmp_path / 'nowhere'}").what
    assert "no path" in refusal(f"{kind}:").what


def test_a_path_of_the_wrong_kind_is_refused(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    assert "not a folder" in refusal(f"folder:{zip_of(folder)}").what
    assert "not a file" in refusal(f"zip:{folder}").what
    assert "not a file" in refusal(f"npz:{folder}").what


def test_a_home_folder_of_nobody_is_refused() -> None:
    assert "home directory" in refusal("folder:~nobody-of-this-name/pets").what
