"""Read a zip that may be damaged or hostile: bounded in size, every failure with its reason."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cifar_model.errors import InputError

MAX_BYTES = 4 * 2**30  # unpacked; CIFAR-10 is 0.2 GB

# What zipfile and the decompressors raise on damaged or encrypted archives.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip; raise InputError if it is none, is damaged, or would unpack to too much."""
    if not path.is_file():
        raise InputError(f"{path} is not a file", "a zip archive", "use folder:PATH for a folder")
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise damaged(path, str(error)) from error
    with archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MAX_BYTES:
            raise InputError(
                f"{path} would unpack to {unpacked / 2**30:.1f} GB",
                f"at most {MAX_BYTES >> 30} GB",
                "if you trust it, unpack it yourself and use folder:PATH",
            )
        yield archive


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a member; never more than the archive declared."""
    with archive.open(member) as file:
        # Asking for a number keeps a member that unpacks to more than it declares from doing so.
        return file.read(member.file_size + 1)


def damaged(path: Path, reason: str) -> InputError:
    """Return the error for an archive whose bytes are not what was written."""
    return InputError(
        f"{path} is damaged or not a zip archive: {reason}",
        "a whole zip archive without a password",
        "copy or download it again",
    )
