"""Download a file whose hash is known."""

import hashlib
import logging
import os
import urllib.request
from http.client import HTTPException
from pathlib import Path

from cifar_model.errors import InputError

TIMEOUT_SECONDS = 20  # without an answer
BLOCK_BYTES = 2**20

logger = logging.getLogger(__name__)


def download(url: str, sha256: str, place: Path) -> None:
    """Put the file at `place`, whole and with its hash checked, or raise InputError."""
    logger.info("downloading %s to %s", url, place)
    elsewhere = (
        f"download the file elsewhere and copy it to {place}; or use `--dataset shapes`, which "
        "needs no file"
    )
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 (ours)
            place.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                while block := answer.read(BLOCK_BYTES):
                    file.write(block)
                    digest.update(block)
        if digest.hexdigest() == sha256:
            part.replace(place)
    except (OSError, HTTPException) as error:
        raise InputError(
            f"cannot download {url} to {place}: {error}", "a network connection", elsewhere
        ) from error
    finally:
        part.unlink(missing_ok=True)
    if digest.hexdigest() != sha256:
        raise InputError(
            f"the file downloaded from {url} is not the official one: its SHA-256 is "
            f"{digest.hexdigest()}",
            f"the official file, with SHA-256 {sha256}",
            elsewhere,
        )
