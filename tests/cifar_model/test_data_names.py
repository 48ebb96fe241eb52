"""What folders and files of a data set are called: splits, encodings, Unicode, twice the same."""

import re
import shlex
import subprocess
import sys
import unicodedata
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cifar_model.picture_files import loaded, picture, refusal, two_classes, zip_of

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


def renamed_zip(folder: Path, *changes: tuple[str, str], utf8: bool = True) -> Path:
    """Zip a folder with changed names; without the mark that says that they are UTF-8."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(zip_of(folder)) as archive:
        members = [(member.filename, archive.read(member)) for member in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            for old, new in changes:
                name = name.replace(old, new)  # noqa: PLW2901
            archive.writestr(zipfile.ZipInfo(name) if utf8 else Unmarked(name), content)
    return path


class Unmarked(zipfile.ZipInfo):
    """A member whose name is stored as it is, as bytes of CP437 and without a mark."""

    __slots__ = ()

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 (zipfile's name)
        return self.filename.encode("cp437"), self.flag_bits & ~0x800


@pytest.mark.parametrize(
    "names", [("train", "valid", "test"), ("Train", "Val", "TEST"), ("train", "validation", "test")]
)
def test_a_validation_split_of_its_own_is_used(names: tuple[str, str, str], tmp_path: Path) -> None:
    folder = tmp_path / "pets"
    for name, count in zip(names, (10, 4, 3), strict=True):
        two_classes(folder / name, count)
    for place in (f"folder:{folder}", f"zip:{zip_of(folder)}"):
        dataset = loaded(place)
        sizes = len(dataset.train), len(dataset.validation), len(dataset.test)
        assert sizes == (20, 8, 6)
        assert dataset.classes == ("cat", "dog")


def test_which_split_is_which_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    for folder, held_out in (("a", "test"), ("b", "valid")):
        two_classes(tmp_path / folder / "train", 10)
        two_classes(tmp_path / folder / held_out, 4)
    first, second = (loaded(f"folder:{tmp_path / name}") for name in ("a", "b"))
    assert first.fingerprint != second.fingerprint
    assert (len(first.test), len(second.validation)) == (8, 8)


def test_two_folders_for_one_split_are_refused(tmp_path: Path) -> None:
    for name in ("train", "val", "valid"):
        two_classes(tmp_path / "pets" / name, 5)
    assert "val and valid" in refusal(f"folder:{tmp_path / 'pets'}").what


def test_a_class_in_two_unicode_forms_is_one_class(tmp_path: Path) -> None:
    for split, name in (("train", DECOMPOSED), ("test", COMPOSED)):
        folder = two_classes(tmp_path / "pets" / split, 5)
        (folder / "cat").rename(folder / name)
    folder = tmp_path / "pets"
    for place in (f"folder:{folder}", f"zip:{zip_of(folder)}"):
        assert loaded(place).classes == (COMPOSED, "dog")


def test_names_that_differ_in_their_unicode_form_only_are_doubled(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    for name in (COMPOSED, DECOMPOSED):
        picture(1).save(folder / "cat" / f"{name}.png")
    for place in (f"folder:{folder}", f"zip:{zip_of(folder)}"):
        error = refusal(place)
        assert f"with the same name: cat/{COMPOSED}.png" in error.what


def test_a_member_that_occurs_twice_is_refused_by_name(tmp_path: Path) -> None:
    path = zip_of(two_classes(tmp_path / "pets"))
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("cat/000.png", archive.read("dog/000.png"))
    assert "several members with the same name: cat/000.png" in refusal(f"zip:{path}").what
    np.savez(tmp_path / "twice.npz", images=np.zeros(3), labels=np.zeros(3))
    with zipfile.ZipFile(tmp_path / "twice.npz", "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("images.npy", b"")
    error = refusal(f"npz:{tmp_path / 'twice.npz'}")
    assert "several members with the same name: images.npy" in error.what


def test_backslashes_divide_folders_as_slashes_do(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    right = loaded(f"folder:{folder}")
    assert loaded(f"zip:{renamed_zip(folder, ('/', chr(92)))}").fingerprint == right.fingerprint


def test_utf_8_without_its_mark_is_read_as_utf_8(tmp_path: Path) -> None:
    stored = "猫".encode().decode("cp437")
    path = renamed_zip(two_classes(tmp_path / "pets"), ("cat", stored), utf8=False)
    assert loaded(f"zip:{path}").classes == ("dog", "猫")


def test_the_hint_for_names_in_another_encoding_unpacks_them(tmp_path: Path) -> None:
    # Of these bytes those of the cat would be UTF-8 as well.
    cat, dog = (sign.encode("gbk").decode("cp437") for sign in "猫狗")
    folder = two_classes(tmp_path / "pets")
    path = renamed_zip(folder, ("cat", cat), ("dog", dog), utf8=False)
    error = refusal(f"zip:{path}")
    assert f"names that are not UTF-8: {dog}, {cat}" in error.what
    command = re.search("`python3 (.+?)`", error.fix)
    name = re.search("use (folder:.+)", error.fix)
    assert command
    assert name
    subprocess.run([sys.executable, *shlex.split(command[1])], check=True)
    assert loaded(name[1]).classes == ("狗", "猫")


def test_a_file_name_in_another_encoding_does_not_matter(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    path = renamed_zip(folder, ("000", "für".encode("cp850").decode("cp437")), utf8=False)
    assert loaded(f"zip:{path}").classes == ("cat", "dog")


def test_a_class_name_is_as_short_as_a_file_system_wants_it(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    longest = "c" * 255
    assert loaded(f"zip:{renamed_zip(folder, ('cat', longest))}").classes == (longest, "dog")
    error = refusal(f"zip:{renamed_zip(folder, ('cat', longest + 'c'))}")
    assert "a name of 256 characters" in error.what
    assert "at most 255" in error.expected


@pytest.mark.parametrize("name", ["cat/\x1b[2J.txt", "\x1b]0;title\x07/000.png"])
def test_no_name_in_a_zip_reaches_the_terminal_as_it_is(name: str, tmp_path: Path) -> None:
    path = zip_of(two_classes(tmp_path / "pets"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"")
    error = refusal(f"zip:{path}")
    assert "\\x1b" in error.what
    assert str(error).replace("\n", "").isprintable()


@pytest.mark.parametrize("name", ["pets\x1b[2J", "pets\udcff"])
def test_a_path_that_cannot_be_shown_is_refused(name: str, tmp_path: Path) -> None:
    two_classes(tmp_path / name)
    error = refusal(f"folder:{tmp_path / name}")
    assert "control characters" in error.what
    assert str(error).replace("\n", "").isprintable()


def test_pictures_too_deep_for_a_class_folder_are_refused_from_folder_and_zip(
    tmp_path: Path,
) -> None:
    folder = two_classes(tmp_path / "pets")
    deep = folder / "cat" / "a" / "b" / "c"
    deep.mkdir(parents=True)
    picture(1).save(deep / "000.png")
    for place in (f"folder:{folder}", f"zip:{zip_of(folder)}"):
        assert "not images in a class folder: cat/a/b/c" in refusal(place).what


def test_a_small_picture_taken_sideways_is_turned_as_a_large_one_is(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    upright = np.zeros((32, 32, 3), np.uint8)
    upright[:16] = 255
    turned = Image.Exif()
    turned[0x0112] = 6
    image = Image.fromarray(np.rot90(upright).copy())
    image.save(folder / "cat" / "000.png", exif=turned)
    dataset = loaded(f"folder:{folder}")
    splits = (dataset.train, dataset.validation, dataset.test)
    images = np.concatenate([split.images for split in splits])
    assert sum(np.array_equal(found, upright) for found in images) == 1
