"""The processes that execute jobs: when they came, when they were last seen, when they went."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sqlalchemy import insert, update

from runner.provenance import DISTRIBUTION
from runner.store.engine import Store
from runner.store.schema import Worker, now


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A worker, by a name that no other process ever had; `offers` says which jobs it takes."""

    name: str
    host: str
    pid: int
    process_started: str
    device: str
    offers: Mapping[str, Any] | None = None


def worker_seen(store: Store, process: WorkerProcess) -> None:
    """Note that a worker lives.

    One that is not listed is new, or the database was restored from an older copy.
    """
    with store.write() as connection:
        known = connection.execute(
            update(Worker).where(Worker.name == process.name).values(seen_at=now())
        ).rowcount
        if not known:
            row = asdict(process) | {"version": _software_version()}
            connection.execute(insert(Worker), row)


def worker_stopped(store: Store, name: str) -> None:
    """Note that a worker has ended as it should."""
    with store.write() as connection:
        connection.execute(update(Worker).where(Worker.name == name).values(stopped_at=now()))


def _software_version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "not installed"
