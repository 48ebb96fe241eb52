"""The processes that execute jobs: when they came, when they were last seen, when they went."""

from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import insert, update

from runner.provenance import DISTRIBUTION
from runner.store.engine import Store
from runner.store.schema import Worker, now


def worker_seen(
    store: Store, name: str, *, host: str, pid: int, process_started: str, device: str
) -> None:
    """Note that a worker lives, under a name that no other process ever had.

    One that is not listed is new, or the database was restored from an older copy.
    """
    with store.write() as connection:
        known = connection.execute(
            update(Worker).where(Worker.name == name).values(seen_at=now())
        ).rowcount
        if not known:
            row = {
                "name": name,
                "host": host,
                "pid": pid,
                "process_started": process_started,
                "device": device,
                "version": _software_version(),
            }
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
