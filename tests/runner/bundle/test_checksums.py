"""A bundle that is not whole is noticed before anything is read from it."""

import subprocess
from pathlib import Path

import pytest

from runner.bundle.checksums import check_files, write_checksums
from runner.errors import InputError

FILES = {"model.keras": 100, "params.json": 100}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_text(name)
    write_checksums(tmp_path)
    return tmp_path


def test_a_whole_bundle_has_one_digest_and_sha256sum_agrees(bundle: Path) -> None:
    assert len(check_files(bundle, FILES)) == 64
    assert check_files(bundle, FILES) == check_files(bundle, FILES)
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=bundle, capture_output=True, check=False
    )
    assert checked.returncode == 0


def test_a_changed_file_is_named(bundle: Path) -> None:
    (bundle / "params.json").write_text("{}")
    with pytest.raises(InputError, match=r"the SHA-256 of params\.json does not match"):
        check_files(bundle, FILES)


def test_a_missing_file_is_named(bundle: Path) -> None:
    (bundle / "model.keras").unlink()
    with pytest.raises(InputError, match=r"model\.keras is missing"):
        check_files(bundle, FILES)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "SHA256SUMS is missing"), ("no digest", "SHA256SUMS cannot be read")],
)
def test_a_bundle_without_checksums_that_can_be_read_is_refused(
    bundle: Path, content: str | None, words: str
) -> None:
    (bundle / "SHA256SUMS").unlink()
    if content:
        (bundle / "SHA256SUMS").write_text(content)
    with pytest.raises(InputError, match=words):
        check_files(bundle, FILES)


def test_a_file_that_no_bundle_has_is_refused(bundle: Path) -> None:
    (bundle / "numpy.py").write_text("")
    with pytest.raises(InputError, match=r"'numpy\.py' is not a file of a bundle"):
        check_files(bundle, FILES)


def test_a_file_that_is_too_large_is_refused_unread(bundle: Path) -> None:
    (bundle / "model.keras").open("wb").truncate(2**40)
    with pytest.raises(InputError, match=r"model\.keras is larger than 100 bytes"):
        check_files(bundle, FILES)


def test_a_link_or_a_directory_in_the_place_of_a_file_is_refused(bundle: Path) -> None:
    (bundle / "params.json").unlink()
    (bundle / "params.json").symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"params\.json is not a regular file"):
        check_files(bundle, FILES)
    (bundle / "params.json").unlink()
    (bundle / "params.json").mkdir()
    with pytest.raises(InputError, match=r"params\.json is not a regular file"):
        check_files(bundle, FILES)
