"""Find what keeps the store from keeping what it is given."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from runner.doctor.finding import Finding, examined, of_error
from runner.errors import InputError, UnavailableError
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.opening import missing_file
from runner.store.queries.health import (
    damage,
    database_clock,
    missing_parts,
    missing_privileges,
    missing_views,
    try_to_write,
    wal_is_safe,
)
from runner.store.sqlite import has_log, sqlite3
from runner.store.url import sqlite_file

# SQLite's locks are not to be relied on there.
NETWORK_FILE_SYSTEMS = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "beegfs", "glusterfs"),
    *("fuse.sshfs", "fuse.glusterfs"),
)

# The times of a report would be puzzling; no lease depends on a clock.
MOST_CLOCK_SECONDS = 5.0

# Of a long list of what is missing.
SHOWN = 5


def examine_database(settings: Settings) -> Iterator[Finding]:
    """Return what is wrong with the database; a SQLite file that does not exist yet is not made."""
    path = sqlite_file(settings.database_url)
    if path is not None:
        mounts = Path("/proc/self/mounts")
        yield from examined("the file system of the database", file_system(path, mounts))
        try:
            if not path.exists() and missing_file(settings):
                return
        except UnavailableError as error:
            yield of_error(error)
            return
    # Not opened as the commands do, which make an empty file a store.
    with closing(Store(settings.database_url)) as store:
        try:
            store.check_version()
        except (InputError, UnavailableError) as error:
            yield of_error(error)
            return
        if path is not None:
            versions = sqlite3.sqlite_version_info
            yield from examined("the journal mode of the database", journal(path, versions))
        yield from examined("the file of the database", damaged(store))
        yield from examined("the schema of the database", incomplete(store))
        yield from examined("the views of the database", without_views(store))
        yield from examined("write access to the database", not_writable(store))
        yield from examined("the clock of the database", wrong_clock(store))


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
            "file locks are not reliable there, and the file can be corrupted",
            "set RUNNER_HOME to a local disk, or use PostgreSQL (RUNNER_DATABASE_URL)",
        )


def damaged(store: Store) -> Iterator[Finding]:
    """Find pages of a SQLite file that contradict one another."""
    if found := damage(store):
        yield Finding(
            f"the {store.name} is damaged: {found[0]}",
            "reads may return wrong data, and writes may be lost",
            "stop all workers and restore the file from a backup",
        )


def incomplete(store: Store) -> Iterator[Finding]:
    """Find tables, constraints and indexes that somebody dropped or a restore left out."""
    if lacking := missing_parts(store):
        yield Finding(
            f"the {store.name} has no {', no '.join(lacking[:SHOWN])}"
            + (f" (and {len(lacking) - SHOWN} more)" if len(lacking) > SHOWN else ""),
            "without it, two workers can execute the same job, or results can be stored twice",
            "restore the database from a complete backup",
        )


def without_views(store: Store) -> Iterator[Finding]:
    """Find views that somebody dropped or a restore left out."""
    if lacking := missing_views(store):
        yield Finding(
            f"the {store.name} has no view {', no view '.join(lacking)}",
            "`runner sql` cannot answer questions that name it",
            "run `runner db upgrade`, which makes the views anew",
        )


def not_writable(store: Store) -> Iterator[Finding]:
    """Find a database that nobody, or this user, can write to."""
    if lacking := missing_privileges(store):
        yield Finding(
            f"this user lacks privileges on the {store.name}: {', '.join(lacking[:SHOWN])}",
            "jobs wait until the privileges are granted",
            "grant the missing privileges, or connect as the owner of the database",
        )
        return
    try_to_write(store)


def wrong_clock(store: Store) -> Iterator[Finding]:
    """Find a host whose clock is not the database's."""
    yield from clock(database_clock(store), datetime.now(UTC))


def journal(path: Path, version: tuple[int, int, int]) -> Iterator[Finding]:
    """Find a journal that can damage the file with this SQLite, or that is slower than need be."""
    logged, safe = has_log(path), wal_is_safe(version)
    words = ".".join(map(str, version))
    if logged and not safe:
        yield Finding(
            f"SQLite {words} is used with a write-ahead log (WAL)",
            "concurrent writers can corrupt the file (fixed in 3.51.3, 3.50.7 and 3.44.6)",
            "install pysqlite3 or a newer Python on every host that opens this file",
        )
    if safe and not logged:
        yield Finding(
            f"{path} has no write-ahead log (WAL), which SQLite {words} supports",
            "readers and writers block each other, so workers wait",
            "run `runner db upgrade`, which enables it",
        )


def clock(database: datetime, host: datetime) -> Iterator[Finding]:
    """Compare two clocks."""
    seconds = abs((database - host).total_seconds())
    if seconds > MOST_CLOCK_SECONDS:
        yield Finding(
            f"the clocks of this host and of the database differ by {seconds:.0f} s",
            "leases do not depend on clocks, but the times in logs and reports are inconsistent",
            "synchronize the clocks of both hosts (chrony or systemd-timesyncd)",
        )
