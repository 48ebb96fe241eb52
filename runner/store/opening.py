"""The store that the settings name: a missing one is not silently a new one."""

from pathlib import Path

from runner.errors import InputError
from runner.settings import Settings
from runner.store.engine import Store, StoreUnavailable, open_store
from runner.store.url import sqlite_file

# What only a command that had a store leaves in a home, and SQLite beside its file.
LEFT_IN_HOME = ("run", "logs", "reports")
LEFT_BESIDE_FILE = ("-journal", "-wal", "-shm")


class NoStoreYet(InputError):  # noqa: N818 (its parent is an error by name)
    """Report a home in which nothing was ever stored."""


def find_store(settings: Settings) -> Store:
    """Open the store, and make none.

    Raises NoStoreYet where there never was one, and StoreUnavailable where there was.
    """
    path = missing_file(settings)
    if path is None:
        return open_store(settings.database_url, make=False)
    raise NoStoreYet(
        f"there is no results store yet: looked for {path}",
        "a store; the first `runner submit` creates it",
        "submit an experiment, or select another home: RUNNER_HOME=DIRECTORY runner ...",
    )


def make_store(settings: Settings) -> Store:
    """Open the store; make it where there never was one.

    Raises StoreUnavailable where there was one that is gone.
    """
    missing_file(settings)
    return open_store(settings.database_url)


def missing_file(settings: Settings) -> Path | None:
    """Return where the store's file is missing, or None; raise StoreUnavailable if it is lost."""
    path = sqlite_file(settings.database_url)
    if path is None:
        return None
    try:
        if settings.home.is_file():
            raise StoreUnavailable(
                f"the home {settings.home} is a file",
                "a directory, which contains the results",
                "correct RUNNER_HOME, or use the directory that the file is in",
            )
        # Before the file: what another process makes now, it makes after the file.
        found = [place for name in LEFT_IN_HOME if (place := settings.home / name).exists()]
        if not path.exists():
            beside = (path.with_name(path.name + ending) for ending in LEFT_BESIDE_FILE)
            found += [place for place in beside if place.exists()]
        elif not path.is_file() or path.stat().st_size:
            return None
    except OSError as error:
        raise StoreUnavailable(
            f"the SQLite database {path} cannot be accessed: {error.strerror}",
            "a file in a directory that this user can read and write",
            "correct RUNNER_HOME or RUNNER_DATABASE_URL, or the permissions of the directory",
        ) from error
    if found:
        raise StoreUnavailable(
            f"the SQLite database {path} is missing, but files that belong to it exist: "
            f"{', '.join(map(str, found))}",
            "the database file, which contains the results",
            "restore the file, or set RUNNER_DATABASE_URL or RUNNER_HOME to where the results "
            "are; `runner db upgrade` creates a new, empty database",
        )
    return path
