"""The arrays, weights and checkpoints of an exported experiment: a zip file, named by SHA-256."""

import zipfile
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

from runner.bundle.schema import refusal

NAME = "contents.zip"
MOST_BYTES = 2**36
# Of one of them: a model of the largest filters that train on one GPU.
MOST_MEMBER_BYTES = 2 * 2**30
# The same contents are the same file.
DATE = (1980, 1, 1, 0, 0, 0)


def write_contents(path: Path, names: Iterable[str], read: Callable[[str], bytes]) -> None:
    """Write the bytes that `read` returns for each name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(names):
            member = zipfile.ZipInfo(name, DATE)
            archive.writestr(member, read(name), zipfile.ZIP_DEFLATED)


class Contents:
    """The contents of a file, of which every byte has been checked."""

    def __init__(self, path: Path, needed: set[str]) -> None:
        """Raise InputError unless the file has exactly what is needed, undamaged."""
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                names = [member.filename for member in members]
                if len(names) != len(set(names)) or set(names) != needed:
                    raise refusal(NAME, ": it does not have exactly what the experiment refers to")
                if any(member.file_size > MOST_MEMBER_BYTES for member in members):
                    raise refusal(NAME, f": more than {MOST_MEMBER_BYTES:,} bytes in one piece")
                for name in names:
                    if sha256(archive.read(name)).hexdigest() != name:
                        raise refusal(NAME, f": {name} is damaged")
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, RuntimeError) as error:
            raise refusal(NAME, f": {error}") from error
        self._names = needed

    def __call__(self, name: str) -> bytes | None:
        """Return the bytes of a name; None for those that were left out."""
        if name not in self._names:
            return None
        with zipfile.ZipFile(self._path) as archive:
            return archive.read(name)
