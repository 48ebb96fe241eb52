"""What the live page asks for, done as the command line does it."""

import io
import tempfile
import zipfile
from pathlib import Path

from runner.bundle.exporting import export_bundle
from runner.store.engine import Store


def bundle_archive(store: Store, trial: int) -> bytes:
    """Return what `runner export` writes for a trial, as a zip archive."""
    written = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="runner-ui-") as place:
        directory = Path(place) / f"trial-{trial}"
        names = export_bundle(store, trial, directory)
        with zipfile.ZipFile(written, "w") as archive:
            for name in names:
                archive.write(directory / name, f"{directory.name}/{name}")
    return written.getvalue()
