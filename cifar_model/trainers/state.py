"""What is kept of a trainer between two epochs: its checkpoint and the files it saved, as bytes."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from cifar_model.errors import CheckpointError

# Members of an archive have no date of their own: the same content always gives the same bytes.
DATE = (1980, 1, 1, 0, 0, 0)
FILES = "files/"

# The forms in which a trainer's model is kept: see cifar_model.trainers.keeping.
LOAD, KERAS, PICKLE = "load", "keras", "pickle"


@dataclass(frozen=True, slots=True)
class State:
    """The newest epoch that was reported, the checkpoint after it, and the files saved by then."""

    epoch: int
    checkpoint: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)

    def pack(self) -> bytes:
        """Return it as bytes."""
        files = {FILES + name: content for name, content in self.files.items()}
        about = json.dumps({"epoch": self.epoch}).encode()
        return pack_files({"state.json": about, "checkpoint": self.checkpoint, **files})

    @classmethod
    def unpack(cls, content: bytes) -> "State":
        """Read what `pack` wrote; raise CheckpointError if the bytes are damaged."""
        try:
            members = unpack_files(content)
            epoch = int(json.loads(members.pop("state.json"))["epoch"])
            checkpoint = members.pop("checkpoint")
        except (ValueError, KeyError, zipfile.BadZipFile) as error:
            raise CheckpointError(f"the checkpoint is damaged: {error}") from error
        files = {name.removeprefix(FILES): saved for name, saved in members.items()}
        return cls(epoch, checkpoint, files)


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Return named contents as one zip archive, in the order of the names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, DATE), files[name])
    return content.getvalue()


def unpack_files(content: bytes) -> dict[str, bytes]:
    """Return the contents of an archive by their names."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
