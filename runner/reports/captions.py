"""What stands under each picture: which code and machines it comes from, and the exact command."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.reports.model import SHORT, Picture

Row = Mapping[str, Any]


def captioned(pictures: Sequence[Picture], caption: str) -> list[Picture]:
    """Return the pictures with what stands under each."""
    return [replace(picture, caption=caption) for picture in pictures]


def origin(commands: Sequence[str], provenance: Row, machines: Sequence[Row], again: str) -> str:
    """Return in one line what made the numbers of a picture, and what draws it again."""
    devices = dict.fromkeys(f"{machine['host']} ({machine['device']})" for machine in machines)
    said = [
        f"Made by: {'; '.join(commands)}",
        f"code: {code_of(provenance)}",
        *([f"on {', '.join(devices)}"] if devices else []),
        f"drawn by: {again}",
    ]
    return " \N{MIDDLE DOT} ".join(said)


def code_of(provenance: Row) -> str:
    """Return the version of the code, and its commit where it is known."""
    version, commit = provenance.get("version") or "unknown version", provenance.get("commit")
    if not commit:
        return version
    return f"{version}, commit {commit[:SHORT]}{', changed' if provenance.get('dirty') else ''}"


def caption_of(document: Row) -> str:
    """Return what stands under the pictures of an experiment's report."""
    return origin(
        [document["provenance"]["command"]],
        document["provenance"],
        document["machines"],
        f"runner report {document['experiment']} --format html",
    )
