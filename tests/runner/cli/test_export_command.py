"""What `runner export` refuses before it opens a store."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli import cli
from runner.errors import InputError


def export(out: Path, *arguments: str) -> None:
    CliRunner().invoke(cli, ["export", *arguments, "--out", str(out)], catch_exceptions=False)


@pytest.mark.parametrize("arguments", [(), ("1", "--experiment", "1"), ("1", "--checkpoint", "1")])
def test_one_thing_is_exported(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="give one thing to export"):
        export(tmp_path / "out", *arguments)


@pytest.mark.parametrize("arguments", [("1",), ("--checkpoint", "1")])
def test_only_experiments_are_exported_without_weights(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(InputError, match="--no-weights is for experiments only"):
        export(tmp_path / "out", *arguments, "--no-weights")
