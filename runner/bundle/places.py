"""A directory that is written beside its place and moved there when it is whole."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.errors import InputError


@contextmanager
def new_directory(out: Path) -> Iterator[Path]:
    """Give a directory that becomes `out` when the block ends without an error.

    Raises InputError if `out` exists, or the directory in which it would be does not.
    """
    out = out.absolute()
    if out.exists() or not out.parent.is_dir():
        raise InputError(
            f"--out {out}: " + ("it already exists" if out.exists() else "no such directory"),
            "a path that does not exist yet, in a directory that exists",
            "choose another",
        )
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as place:
        directory = Path(place) / "bundle"
        directory.mkdir()
        yield directory
        shutil.move(directory, out)
