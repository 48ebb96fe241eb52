"""The images of data sets for the page: read in a process of their own, and kept on disk.

A data set may take gigabytes of memory while it is read. The server only maps the file in which
that process leaves its validation and test splits, and opens it only once a page asks for images.
"""

import io
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cifar_model.data import DatasetSpec, Description, is_here, load
from cifar_model.data.cifar import OFFICIAL
from cifar_model.data.folds import fold_of
from cifar_model.errors import InputError
from runner.datasets.decoded import find
from runner.processes import python_command

SPLITS = ("validation", "test")
# Data sets that are kept; the one that was read first goes first.
MOST_KEPT = 3

HERE, READING, NONE = "here", "reading", "none"


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether images can be shown: `here`, `reading` or `none`, with the reason if none."""

    images: str
    reason: str


class Pictures:
    """Read data sets for whoever asks for their images; a download is never started."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._place = tempfile.TemporaryDirectory(prefix="runner-ui-", ignore_cleanup_errors=True)
        self._readers: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.RLock()
        self.thread = ThreadPoolExecutor(1, "pictures")

    def availability(self, dataset: Description) -> Availability:
        """Return whether the images of a data set are here; the first call starts to read them."""
        if (missing := self._missing(dataset)) is not None:
            return Availability(NONE, missing)
        with self._lock:
            reader = self._reader(dataset)
            if reader.poll() is None:
                return Availability(READING, "")
            if reader.returncode == 0:
                return Availability(HERE, "")
            said = (self._folder(dataset) / "reason").read_text().strip()
            return Availability(NONE, said or "The data set could not be read.")

    def png(self, dataset: Description, split: str, image: int) -> bytes:
        """Return an image of a split as PNG, once it has been read."""
        # What has been read may be removed for another data set, and is then read again.
        while (images := self._images(dataset, split)) is None:
            self._reader(dataset).wait()
        if image >= len(images):
            raise InputError(
                f"there is no image {image} in the {split} split",
                f"a number below {len(images)}",
                "choose another image",
            )
        return as_png(np.asarray(images[image]))

    def _images(self, dataset: Description, split: str) -> NDArray[np.uint8] | None:
        """Return the images of a split, which stay readable; None while they are being read."""
        with self._lock:
            found = self.availability(dataset)
            if found.images == NONE:
                raise InputError(found.reason, "a data set that is on this machine", "copy it here")
            if found.images == READING:
                return None
            images: NDArray[np.uint8] = np.load(
                self._folder(dataset) / f"{split}.npy", mmap_mode="r"
            )
            return images

    def close(self) -> None:
        """End what still reads, and remove what was read."""
        for reader in self._readers.values():
            reader.kill()
            reader.wait()
        self.thread.shutdown(wait=False, cancel_futures=True)
        self._place.cleanup()

    def _missing(self, dataset: Description) -> str | None:
        """Return why a data set is not on this machine; None if it is."""
        _, colon, place = dataset.name.partition(":")
        if colon and not Path(place).exists():
            return f"The data set is not on this machine: {place} does not exist."
        if dataset.name in OFFICIAL and not is_here(dataset.name, self._data_dir):
            return f"The data set {dataset.name} is not on this machine."
        return None

    def _reader(self, dataset: Description) -> subprocess.Popen[bytes]:
        folder = self._folder(dataset)
        with self._lock:
            if folder.name not in self._readers:
                self._remove_oldest()
                folder.mkdir(exist_ok=True)
                self._readers[folder.name] = self._start(dataset, folder)
            return self._readers[folder.name]

    def _remove_oldest(self) -> None:
        """Make room for one more data set; those that are being read stay."""
        ended = [name for name, reader in self._readers.items() if reader.poll() is not None]
        for name in ended[: max(0, len(self._readers) - MOST_KEPT + 1)]:
            del self._readers[name]
            shutil.rmtree(Path(self._place.name) / name)

    def _start(self, dataset: Description, folder: Path) -> subprocess.Popen[bytes]:
        wanted = asdict(dataset) | {"data_dir": str(self._data_dir.absolute())}
        with (folder / "reason").open("w") as reason:
            return subprocess.Popen(
                python_command("runner.ui.pictures", str(folder), json.dumps(wanted)),
                stdin=subprocess.DEVNULL,
                stdout=reason,
                # Ctrl-C is for the server, which ends its readers.
                start_new_session=True,
            )

    def _folder(self, dataset: Description) -> Path:
        splits = (dataset.split_seed, dataset.train_size, dataset.fold, dataset.folds)
        return Path(self._place.name) / "-".join(map(str, (dataset.fingerprint, *splits)))


def as_png(image: NDArray[np.uint8]) -> bytes:
    """Return an image as PNG."""
    shown = image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
    written = io.BytesIO()
    Image.fromarray(shown).save(written, "PNG")
    return written.getvalue()


def write_splits(folder: Path, wanted: dict[str, Any]) -> str:
    """Write the splits of a data set into a folder; return why not, or nothing."""
    try:
        spec, directory = DatasetSpec.from_json(wanted), Path(wanted["data_dir"])
        found = find(spec, wanted["fingerprint"], directory) or load(spec, directory)
    except InputError as error:
        return f"The data set cannot be read: {error.what}."
    if found.fingerprint != wanted["fingerprint"]:
        return "The data set on this machine is not the one that this trial was trained on."
    if wanted.get("fold") is not None:
        found = fold_of(found, wanted["fold"], wanted["folds"])
    for split in SPLITS:
        np.save(folder / f"{split}.npy", getattr(found, split).images)
    return ""


if __name__ == "__main__":
    why = write_splits(Path(sys.argv[1]), json.loads(sys.argv[2]))
    sys.stdout.write(why)
    sys.exit(1 if why else 0)
