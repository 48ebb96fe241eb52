"""The files of a bundle: which there are, how large they may be, and the SHA-256 of each."""

import stat
from collections.abc import Mapping
from hashlib import file_digest, sha256
from pathlib import Path

from runner.errors import InputError

NAME = "SHA256SUMS"
# Of a bundle's seven lines at most.
MOST_BYTES = 4096


def write_checksums(directory: Path) -> None:
    """Write the checksums of all that is in a directory."""
    lines = [f"{_digest(path)}  {path.name}\n" for path in sorted(directory.iterdir())]
    (directory / NAME).write_text("".join(lines))


def check_files(directory: Path, most_bytes: Mapping[str, int], optional: str = "") -> str:
    """Return the digest of the whole bundle, which holds these files, each no larger than that.

    One of them is optional. Nothing is read before its size is known. Raises InputError if a file
    is missing, changed, too large or not of a bundle.
    """
    found = {path.name for path in directory.iterdir()}
    known = {name: most_bytes[name] for name in most_bytes if name != optional or name in found}
    allowed = {**known, NAME: MOST_BYTES}
    if foreign := sorted(found - set(allowed)):
        raise _refusal(directory, f"{foreign[0]!r} is not a file of a bundle")
    for name, most in allowed.items():
        if name not in found:
            raise _refusal(directory, f"{name} is missing")
        status = (directory / name).lstat()
        if not stat.S_ISREG(status.st_mode):
            raise _refusal(directory, f"{name} is not a regular file")
        if status.st_size > most:
            raise _refusal(directory, f"{name} is larger than {most:,} bytes")
    return _check_digests(directory, known)


def _check_digests(directory: Path, names: Mapping[str, int]) -> str:
    try:
        content = (directory / NAME).read_text()
        pairs = [line.split("  ", 1) for line in content.splitlines()]
        found = {name: digest for digest, name in pairs}
    except ValueError as error:
        raise _refusal(directory, f"{NAME} cannot be read") from error
    for name in names:
        if found.get(name) != _digest(directory / name):
            raise _refusal(directory, f"the SHA-256 of {name} does not match")
    return sha256(content.encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _refusal(directory: Path, what: str) -> InputError:
    return InputError(
        f"{directory} is not a complete bundle: {what}",
        "a directory that `runner export` wrote",
        "export the trial again, or copy the bundle again",
    )
