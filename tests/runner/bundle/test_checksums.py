"""A bundle that is not whole is noticed before anything is read from it."""

import subprocess
from pathlib import Path

import pytest

from runner.bundle.checksums import check_checksums, write_checksums
from runner.errors import InputError

NAMES = ("model.keras", "params.json")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).write_text(name)
    write_checksums(tmp_path)
    return tmp_path


def test_a_whole_bundle_has_one_digest_and_sha256sum_agrees(bundle: Path) -> None:
    assert len(check_checksums(bundle, NAMES)) == 64
    assert check_checksums(bundle, NAMES) == check_checksums(bundle, NAMES)
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=bundle, capture_output=True, check=False
    )
    assert checked.returncode == 0


def test_a_changed_file_is_named(bundle: Path) -> None:
    (bundle / "params.json").write_text("{}")
    with pytest.raises(InputError, match=r"its params\.json was changed"):
        check_checksums(bundle, NAMES)


def test_a_missing_file_is_named(bundle: Path) -> None:
    (bundle / "model.keras").unlink()
    with pytest.raises(InputError, match=r"it has no model\.keras"):
        check_checksums(bundle, NAMES)


@pytest.mark.parametrize("content", [None, "no digest"])
def test_any_other_directory_is_no_bundle(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "SHA256SUMS").write_text(content)
    with pytest.raises(InputError, match="no SHA256SUMS that can be read"):
        check_checksums(tmp_path, NAMES)
