"""The SHA-256 of every file of a bundle, in the form that `sha256sum -c` reads."""

from hashlib import sha256
from pathlib import Path

from runner.errors import InputError

NAME = "SHA256SUMS"


def write_checksums(directory: Path) -> None:
    """Write the checksums of all that is in a directory."""
    lines = [f"{_digest(path)}  {path.name}\n" for path in sorted(directory.iterdir())]
    (directory / NAME).write_text("".join(lines))


def check_checksums(directory: Path, required: tuple[str, ...]) -> str:
    """Return the digest of the whole bundle; raise InputError if a file is missing or changed."""
    try:
        content = (directory / NAME).read_text()
        pairs = [line.split("  ", 1) for line in content.splitlines()]
        found = {name: digest for digest, name in pairs}
    except (OSError, ValueError) as error:
        raise _refusal(directory, f"it has no {NAME} that can be read") from error
    for name in required:
        path = directory / name
        if name not in found or not path.is_file():
            raise _refusal(directory, f"it has no {name}")
        if _digest(path) != found[name]:
            raise _refusal(directory, f"its {name} was changed: the SHA-256 is another")
    return sha256(content.encode()).hexdigest()


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _refusal(directory: Path, what: str) -> InputError:
    return InputError(
        f"{directory} is not a whole bundle: {what}",
        "a directory that `runner export` wrote",
        "export the trial again, or copy the bundle anew",
    )
