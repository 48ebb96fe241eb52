"""Data sets, what holds for class folders: read, checked, or refused with a reason."""

import os
import shutil
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cifar_model.data import archives
from tests.cifar_model.picture_files import (
    REAL_PICTURES,
    loaded,
    picture,
    refusal,
    two_classes,
    write_pictures,
    zip_of,
)


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that says how large it is, and then has nothing in it."""
    chunk = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    start = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return start + (0).to_bytes(4) + b"IDAT" + zlib.crc32(b"IDAT").to_bytes(4)


def test_a_folder_and_a_zip_of_the_same_pictures_are_the_same_data(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    stored = loaded(f"zip:{zip_of(folder)}")
    deflated = loaded(f"zip:{zip_of(folder, zipfile.ZIP_DEFLATED)}")
    read = loaded(f"folder:{folder}")
    assert stored.fingerprint == deflated.fingerprint == read.fingerprint
    assert np.array_equal(stored.train.images, read.train.images)
    assert np.array_equal(stored.test.labels, read.test.labels)
    assert (read.title, stored.title) == ("pets (folder)", "pets (zip)")


def test_one_other_pixel_or_class_name_is_other_data(tmp_path: Path) -> None:
    first = loaded(f"folder:{two_classes(tmp_path / 'first')}").fingerprint
    renamed = two_classes(tmp_path / "renamed")
    (renamed / "cat").rename(renamed / "bat")
    assert loaded(f"folder:{renamed}").fingerprint != first
    touched = two_classes(tmp_path / "touched")
    image = Image.open(touched / "cat" / "000.png")
    image.putpixel((0, 0), (1, 2, 3))
    image.save(touched / "cat" / "000.png")
    assert loaded(f"folder:{touched}").fingerprint != first


def test_labels_are_the_places_of_the_sorted_folder_names(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pets" / "zebra")
    write_pictures(tmp_path / "pets" / "ant", first=100)
    dataset = loaded(f"folder:{tmp_path / 'pets'}")
    zebras = {np.asarray(picture(number)).tobytes() for number in range(6)}
    assert dataset.classes == ("ant", "zebra")
    for image, label in zip(dataset.train.images, dataset.train.labels, strict=True):
        assert label == (image.tobytes() in zebras)


def test_the_test_folder_is_the_test_split(tmp_path: Path) -> None:
    two_classes(tmp_path / "pets" / "train", 5)
    write_pictures(tmp_path / "pets" / "test" / "cat", 1, first=100)
    write_pictures(tmp_path / "pets" / "test" / "dog", 1, first=200)
    for name in (f"folder:{tmp_path / 'pets'}", f"zip:{zip_of(tmp_path / 'pets')}"):
        dataset = loaded(name)
        assert (len(dataset.train), len(dataset.validation)) == (8, 2)
        assert np.array_equal(dataset.test.images[1], np.asarray(picture(200)))
        assert dataset.test.labels.tolist() == [0, 1]


def test_without_a_test_folder_test_pictures_come_from_train(tmp_path: Path) -> None:
    two_classes(tmp_path / "pets" / "train", 25)
    dataset = loaded(f"folder:{tmp_path / 'pets'}")
    assert (dataset.classes, len(dataset.test)) == (("cat", "dog"), 10)


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    write_pictures(tmp_path / "vehicles" / "train")
    write_pictures(tmp_path / "vehicles" / "bus", first=10)
    assert loaded(f"folder:{tmp_path / 'vehicles'}").classes == ("bus", "train")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".bmp", ".webp", ".tif"])
def test_every_common_format_is_read(suffix: str, tmp_path: Path) -> None:
    write_pictures(tmp_path / "pets" / "cat", suffix=suffix)
    write_pictures(tmp_path / "pets" / "dog", suffix=suffix, first=6)
    dataset = loaded(f"folder:{tmp_path / 'pets'}")
    assert dataset.train.images.shape == (8, 32, 32, 3)


def test_notes_and_what_desktops_leave_are_no_pictures(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    before = loaded(f"folder:{folder}").fingerprint
    (folder / "README.txt").write_text("about these pets")
    (folder / "cat" / "Thumbs.db").write_text("")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "000.png").write_text("")
    assert loaded(f"folder:{folder}").fingerprint == before
    (folder / "__MACOSX" / "cat").mkdir(parents=True)
    (folder / "__MACOSX" / "cat" / "._000.png").write_text("")
    assert loaded(f"zip:{zip_of(folder)}").fingerprint == before


def test_a_picture_taken_sideways_is_turned_before_it_is_resized(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    upright = np.zeros((64, 48, 3), np.uint8)
    upright[:32] = 255
    turned_right = Image.Exif()
    turned_right[0x0112] = 6
    Image.fromarray(np.rot90(upright).copy()).save(
        folder / "cat" / "000.jpg", exif=turned_right, quality=95
    )
    images = np.concatenate(
        [
            split.images
            for dataset in [loaded(f"folder:{folder}", image_size=32)]
            for split in (dataset.train, dataset.validation, dataset.test)
        ]
    )
    halves = (images[:, :14].min(axis=(1, 2, 3)) > 200) & (images[:, 18:].max(axis=(1, 2, 3)) < 55)
    assert halves.sum() == 1


@pytest.mark.parametrize("mode", ["LA", "P", "RGBA", "1", "I;16"])
def test_pictures_that_are_neither_rgb_nor_grayscale_are_refused(mode: str, tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    for number in range(6):
        Image.new(mode, (32, 32)).save(folder / "dog" / f"{number:03}.png")
    error = refusal(f"folder:{folder}")
    assert "6 of 12" in error.what
    assert f"dog/000.png (mode {mode})" in error.what
    assert "and 1 more" in error.what
    assert "convert('RGB')" in error.fix


def test_a_cmyk_jpeg_is_refused(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    Image.new("CMYK", (32, 32)).save(folder / "dog" / "000.jpg")
    assert "dog/000.jpg (mode CMYK)" in refusal(f"folder:{folder}", image_size=32).what


def test_unreadable_pictures_are_named_and_counted(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    (folder / "cat" / "000.png").write_bytes(b"")
    (folder / "cat" / "001.png").write_text("no image at all")
    whole = (folder / "dog" / "002.png").read_bytes()
    (folder / "dog" / "002.png").write_bytes(whole[: len(whole) // 2])
    for error in (refusal(f"folder:{folder}"), refusal(f"zip:{zip_of(folder)}")):
        assert "3 of 12" in error.what
        assert "unreadable" in error.what
        assert all(name in error.what for name in ("cat/000.png", "cat/001.png", "dog/002.png"))


def test_a_pipe_is_unreadable_and_not_waited_for(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    os.mkfifo(folder / "cat" / "pipe.png")
    assert "cat/pipe.png (not an image)" in refusal(f"folder:{folder}").what


@pytest.mark.parametrize("size", [(20_000, 10_000), (9_000, 9_000), (2**31 - 1, 2**31 - 1)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_huge_picture_is_refused_by_its_header(size: tuple[int, int], tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    (folder / "cat" / "000.png").write_bytes(png_header(*size))
    error = refusal(f"folder:{folder}", image_size=32)
    # It has no pixels at all, so whoever tries to decode it calls it unreadable.
    assert "too large" in error.what
    assert "cat/000.png" in error.what
    assert "64 megapixels" in error.expected


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    with (folder / "cat" / "000.png").open("r+b") as file:
        file.truncate(2**36)
    assert "cat/000.png (65536 MB)" in refusal(f"folder:{folder}").what


def test_one_class_is_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pets" / "cat")
    error = refusal(f"folder:{tmp_path / 'pets'}")
    assert "only the class 'cat'" in error.what
    assert "at least two classes" in error.expected


def test_no_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()
    assert "no classes" in refusal(f"folder:{tmp_path / 'pets'}").what
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    assert "no classes" in refusal(f"zip:{tmp_path / 'empty.zip'}").what


def test_an_empty_class_is_refused(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    (folder / "fish").mkdir()
    for error in (refusal(f"folder:{folder}"), refusal(f"zip:{zip_of(folder)}")):
        assert "without images: fish" in error.what


def test_a_class_without_test_pictures_is_refused(tmp_path: Path) -> None:
    two_classes(tmp_path / "pets" / "train")
    write_pictures(tmp_path / "pets" / "test" / "cat", 2)
    assert "without images: test/dog" in refusal(f"folder:{tmp_path / 'pets'}").what


@pytest.mark.parametrize(
    "place", ["000.png", "cat/old/000.png", "cat/notes.txt", "cat/old/notes.txt", "cat/000.heic"]
)
def test_a_file_that_is_not_a_picture_in_a_class_folder_is_refused(
    place: str, tmp_path: Path
) -> None:
    folder = two_classes(tmp_path / "pets")
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_bytes(b"")
    error = refusal(f"folder:{folder}")
    assert "1 of 13" in error.what
    assert place in error.what


def test_a_zip_of_the_folder_itself_is_refused_with_the_fix(tmp_path: Path) -> None:
    two_classes(tmp_path / "outer" / "pets")
    error = refusal(f"zip:{zip_of(tmp_path / 'outer')}")
    assert "12 of 12" in error.what
    assert "zip its contents" in error.fix


def test_a_class_name_that_cannot_be_printed_is_refused(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    write_pictures(folder / "\x1b[2Jfish")
    error = refusal(f"folder:{folder}")
    assert "\x1b" not in str(error)
    assert "fish" in error.what


def test_a_broken_link_is_refused(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    (folder / "cat" / "link.png").symlink_to(tmp_path / "nowhere")
    assert "link.png" in refusal(f"folder:{folder}").what


def test_links_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets")
    (folder / "cat" / "circle").symlink_to(folder)
    assert "cat/circle/cat/000.png" in refusal(f"folder:{folder}").what


@pytest.mark.parametrize("keep", [0, 10, 5_000, -1, -30])
def test_a_zip_cut_short_is_refused(keep: int, tmp_path: Path) -> None:
    path = zip_of(two_classes(tmp_path / "pets"))
    path.write_bytes(path.read_bytes()[:keep])
    error = refusal(f"zip:{path}")
    assert f"{path} is damaged or not a zip archive" in error.what


def test_the_pictures_that_a_flipped_bit_damaged_are_named(tmp_path: Path) -> None:
    path = zip_of(two_classes(tmp_path / "pets"))
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("cat/003.png").header_offset
    content = bytearray(path.read_bytes())
    content[start + 1000] ^= 4
    path.write_bytes(content)
    error = refusal(f"zip:{path}")
    assert "1 of 12" in error.what
    assert "cat/003.png (Bad CRC" in error.what


def test_no_flipped_bit_changes_the_data_unnoticed(tmp_path: Path) -> None:
    path = zip_of(two_classes(tmp_path / "pets", 3))
    content, right = path.read_bytes(), loaded(f"zip:{path}")
    outcomes: set[bool | str] = set()
    for place in range(len(content) - 600, len(content), 2):  # the list of members
        damaged = bytearray(content)
        damaged[place] ^= 1 << place // 2 % 8
        path.write_bytes(damaged)
        try:
            outcomes.add(loaded(f"zip:{path}").fingerprint == right.fingerprint)
        except ValueError:
            outcomes.add("refused")
    assert outcomes == {True, "refused"}


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    path = zip_of(two_classes(tmp_path / "pets", 1))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "password" in refusal(f"zip:{path}").what


def test_a_zip_that_declares_too_much_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 10 * 2**20)
    folder = two_classes(tmp_path / "pets", 1)
    for number in range(3):
        (folder / "cat" / f"bomb{number}.bmp").write_bytes(bytes(4 * 2**20))
    error = refusal(f"zip:{zip_of(folder, zipfile.ZIP_DEFLATED)}")
    assert "would unpack to" in error.what
    assert "folder:PATH" in error.fix


def test_a_member_that_declares_too_much_is_refused_unread(tmp_path: Path) -> None:
    folder = two_classes(tmp_path / "pets", 1)
    with (folder / "cat" / "bomb.bmp").open("wb") as file:
        file.truncate(65 * 2**20)
    assert "cat/bomb.bmp (65 MB)" in refusal(f"zip:{zip_of(folder, zipfile.ZIP_DEFLATED)}").what


def test_a_member_that_unpacks_to_more_than_it_declares_is_cut_there(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/bomb.png", bytes(50 * 2**20))
    content = bytearray(path.read_bytes())
    size = content.index(b"PK\x01\x02") + 24
    content[size : size + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive, pytest.raises(zipfile.BadZipFile, match="CRC"):
        archives.read_member(archive, archive.infolist()[0])


def test_real_pictures_are_read_from_a_zip_and_from_a_folder(tmp_path: Path) -> None:
    if REAL_PICTURES is None:
        pytest.skip("RUNNER_TEST_PICTURES names no zip of real images")
    with zipfile.ZipFile(REAL_PICTURES) as archive:
        classes = sorted({name.split("/")[1] for name in archive.namelist()})
        for split, count in (("train", 10), ("test", 2)):
            for name in classes:
                for number in range(count):
                    archive.extract(f"{split}/{name}/{number:04}.jpg", tmp_path / "cifar")
    folder = tmp_path / "cifar"
    first = Image.open(folder / "test" / "airplane" / "0000.jpg")
    read = loaded(f"folder:{folder}")
    zipped = loaded(f"zip:{zip_of(folder)}")
    assert read.fingerprint == zipped.fingerprint
    assert read.classes == tuple(classes)
    assert (len(read.train), len(read.validation), len(read.test)) == (80, 20, 20)
    assert np.array_equal(read.test.images[0], np.asarray(first))
    shutil.rmtree(folder)
    assert loaded(zipped.name).fingerprint == zipped.fingerprint
