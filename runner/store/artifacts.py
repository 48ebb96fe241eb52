"""Immutable bytes under the name of their SHA-256: models, images and other arrays."""

import io
import zlib
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, func, select, text
from sqlalchemy.types import LargeBinary

from runner.errors import InputError
from runner.store.engine import Store
from runner.store.schema import Artifact

# Weights shrink by a tenth at any level, and masks to almost nothing.
FASTEST = 1

# Of an artifact that is only named: its bytes were left out of an import.
MISSING = b""

# Both databases know this clause, and SQLAlchemy has no word for it that serves both.
INSERT_IF_NEW = text(
    "INSERT INTO artifacts (sha256, size, content) VALUES (:sha256, :size, :content)"
    " ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, content = excluded.content"
    " WHERE length(artifacts.content) = 0"
).bindparams(bindparam("content", type_=LargeBinary()))


STORED = select(Artifact.sha256).where(
    Artifact.sha256 == bindparam("name"), func.length(Artifact.content) > 0
)
STORED_AND_LOCKED = STORED.with_for_update(read=True, key_share=True)


class WeightsLeftOutError(InputError):
    """Refuse what needs weights that an import left out."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} are not in the database: it was imported without them",
            "a trial whose weights are in the database",
            "import the experiment exported with --weights, or train the trial again",
        )


def put_artifact(connection: Connection, content: bytes) -> str:
    """Store bytes, once however often they are put; return their SHA-256.

    They stay until the transaction ends, in which something has to refer to them: what was there
    already is locked, so that whoever removes unused artifacts waits. SQLite has locked everything.
    """
    name = sha256(content).hexdigest()
    # Again if they were removed just now, or if someone else stored them at the same moment.
    while connection.scalar(STORED_AND_LOCKED, {"name": name}) is None:
        packed = zlib.compress(content, FASTEST)
        row = {"sha256": name, "size": len(content), "content": packed}
        if connection.execute(INSERT_IF_NEW, row).rowcount:
            break
    return name


def put_missing(connection: Connection, name: str) -> None:
    """Name an artifact without its bytes, unless it is there; `put_artifact` completes it."""
    there = select(Artifact.sha256).where(Artifact.sha256 == name)
    while connection.scalar(there.with_for_update(read=True, key_share=True)) is None:
        connection.execute(INSERT_IF_NEW, {"sha256": name, "size": 0, "content": MISSING})


def get_artifact(store: Store, name: str) -> bytes:
    """Return the bytes with this SHA-256; raise InputError if they are missing or damaged."""
    with store.read() as connection:
        row = connection.execute(
            select(Artifact.size, Artifact.content).where(Artifact.sha256 == name)
        ).one_or_none()
    if row is None:
        raise _refusal(store, f"artifact {name} is missing")
    if row.size == 0 and row.content == MISSING:
        raise WeightsLeftOutError(f"the weights {name[:12]} of a trial")
    try:
        # No more than its size, whatever the damage: a few bytes can stand for gigabytes.
        content = zlib.decompressobj().decompress(row.content, row.size + 1)
    except zlib.error:
        content = b""
    if sha256(content).hexdigest() != name:
        raise _refusal(store, f"artifact {name} is damaged")
    return content


def is_stored(connection: Connection, name: str) -> bool:
    """Return whether the bytes with this SHA-256 are stored; an import may have left them out."""
    return connection.scalar(STORED, {"name": name}) is not None


def put_array(connection: Connection, array: NDArray[Any]) -> str:
    """Store an array with its type and shape; return the name of the artifact."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return put_artifact(connection, content.getvalue())


def get_array(store: Store, name: str) -> NDArray[Any]:
    """Return the array that was put under this name."""
    array: NDArray[Any] = np.load(io.BytesIO(get_artifact(store, name)), allow_pickle=False)
    return array


def _refusal(store: Store, what: str) -> InputError:
    return InputError(
        f"{what} in the {store.name}",
        "the bytes that were stored under this name",
        "restore the database from a backup, or run the job that created it again",
    )
