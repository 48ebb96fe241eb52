"""Read a zip that may be damaged or hostile: bounded in size, every failure with its reason."""

import os
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cifar_model.errors import InputError, listed

MAX_BYTES = 4 * 2**30  # unpacked; CIFAR-10 is 0.2 GB

LAST_RECORD = struct.Struct("<4s6xH10x")  # its signature and the number of members

ENCRYPTED, UTF8 = 1, 1 << 11  # flags of a member

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
        _check_count(path, archive)
        _check_names(path, archive)
        if any(member.flag_bits & ENCRYPTED for member in archive.infolist()):
            raise damaged(path, "it is encrypted with a password")
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MAX_BYTES:
            raise InputError(
                f"{path} would unpack to {unpacked / 2**30:.1f} GB",
                f"at most {MAX_BYTES >> 30} GB",
                "if you trust it, unpack it yourself and use folder:PATH",
            )
        yield archive


def read_names(archive: zipfile.ZipFile) -> tuple[list[str], set[str]]:
    """Return the members' names with slashes, and those of them in an encoding that is unknown."""
    members = archive.infolist()
    # Python reads as CP437 what does not say that it is UTF-8; most of it is UTF-8 still. One
    # program wrote them all, so one name that is not says it of all.
    unmarked = [member.filename for member in members if _is_unmarked(member)]
    try:
        decoded = {name: name.encode("cp437").decode("utf-8") for name in unmarked}
        unknown = set()
    except UnicodeDecodeError:
        decoded, unknown = {}, {_with_slashes(name) for name in unmarked}
    names = [decoded.get(member.filename, member.filename) for member in members]
    return [_with_slashes(name) for name in names], unknown


def _is_unmarked(member: zipfile.ZipInfo) -> bool:
    is_marked = member.flag_bits & UTF8 or member.filename != member.orig_filename
    return not is_marked and not member.filename.isascii()


def _with_slashes(name: str) -> str:
    return name.replace("\\", "/")  # old Windows programs divide folders by backslashes


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a member; never more than the archive declared."""
    with archive.open(member) as file:
        # Asking for a number keeps a member that unpacks to more than it declares from doing so.
        return file.read(member.file_size + 1)


def _check_count(path: Path, archive: zipfile.ZipFile) -> None:
    # zipfile does not compare the members it found with how many the archive says it has, so a
    # damaged list of members would go unnoticed. The number is in the last record of the file.
    with path.open("rb") as file:
        file.seek(-LAST_RECORD.size - len(archive.comment), os.SEEK_END)
        signature, members = LAST_RECORD.unpack(file.read(LAST_RECORD.size))
    if signature != b"PK\5\6" or members not in {len(archive.infolist()) % 2**16, 2**16 - 1}:
        raise damaged(path, "its central directory is incomplete")


def _check_names(path: Path, archive: zipfile.ZipFile) -> None:
    counts = Counter(name for name in archive.namelist() if not name.endswith("/"))
    doubled = [name for name, count in counts.items() if count > 1]
    if doubled:
        raise InputError(
            f"{path} has several members with the same name: {listed(doubled)}",
            "a unique name for every member",
            "create the archive again without duplicate names",
        )


def damaged(path: Path, reason: str) -> InputError:
    """Return the error for an archive whose bytes are not what was written."""
    return InputError(
        f"{path} is damaged or not a zip archive: {reason}",
        "a complete zip archive without a password",
        "copy or download it again",
    )
