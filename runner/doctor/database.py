"""Find what keeps the store from keeping what it is given."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from runner.doctor.finding import Finding
from runner.errors import InputError, UnavailableError
from runner.settings import Settings
from runner.store.engine import open_store
from runner.store.health import database_clock, journal_mode, sqlite_file, wal_is_safe

# SQLite's locks are not to be relied on there.
NETWORK_FILE_SYSTEMS = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "beegfs", "glusterfs"),
    *("fuse.sshfs", "fuse.glusterfs"),
)

# The times of a report would be puzzling; no lease depends on a clock.
MOST_CLOCK_SECONDS = 5.0


def examine_database(settings: Settings) -> Iterator[Finding]:
    """Return what is wrong with the database; a SQLite file that does not exist yet is not made."""
    path = sqlite_file(settings.database_url)
    if path is not None:
        yield from file_system(path, Path("/proc/self/mounts"))
        if not path.exists():
            return
        yield from journal(path, sqlite3.sqlite_version_info)
    try:
        store = open_store(settings.database_url)
    except (InputError, UnavailableError) as error:
        yield Finding(error.what, f"no job can start; expected: {error.expected}", error.fix)
        return
    yield from clock(database_clock(store), datetime.now(UTC))
    store.close()


def file_system(path: Path, mounts: Path) -> Iterator[Finding]:
    """Find a SQLite file on a network file system."""
    if not mounts.exists():
        return
    found = [line.split()[1:3] for line in mounts.read_text().splitlines()]
    under = [(place, kind) for place, kind in found if path.is_relative_to(place)]
    place, kind = max(under, key=lambda mount: len(mount[0]), default=("/", ""))
    if kind in NETWORK_FILE_SYSTEMS:
        yield Finding(
            f"the SQLite database {path} is on a network file system ({kind} at {place})",
            "its locks are not to be relied on there, and the file can be damaged",
            "set RUNNER_HOME to a local disk, or use PostgreSQL: RUNNER_DATABASE_URL",
        )


def journal(path: Path, version: tuple[int, int, int]) -> Iterator[Finding]:
    """Find a journal that can damage the file with this SQLite, or that is slower than need be."""
    logged, safe = journal_mode(path) == "wal", wal_is_safe(version)
    words = ".".join(map(str, version))
    if logged and not safe:
        yield Finding(
            f"SQLite {words} with a write-ahead log",
            "several writers at once can damage the file (mended in 3.51.3, 3.50.7 and 3.44.6)",
            "use a Python with a newer SQLite on every host that opens this file",
        )
    if safe and not logged:
        yield Finding(
            f"{path} has no write-ahead log, which SQLite {words} can keep",
            "who reads waits for who writes, so workers wait for each other",
            "run `runner db upgrade`, which makes one",
        )


def clock(database: datetime, host: datetime) -> Iterator[Finding]:
    """Find a host whose clock is not the database's."""
    seconds = abs((database - host).total_seconds())
    if seconds > MOST_CLOCK_SECONDS:
        yield Finding(
            f"the clocks of this host and of the database differ by {seconds:.0f} s",
            "no lease depends on it, but logs and reports tell different times",
            "let both hosts keep time (chrony or systemd-timesyncd)",
        )
