"""The address of the database: checked when it is read, and named without its secrets."""

import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from runner.encryption import postgresql_tls
from runner.errors import InputError

# SQLite opens no file whose path has more bytes than 512, with the endings of its own files.
LONGEST_PATH = 500

POSTGRESQL_NAMES = ("postgres", "postgresql", "postgresql+psycopg")


def database_url(given: str) -> URL:
    """Check a database URL; raise InputError that does not repeat it, for it may hold a password.

    The path of a SQLite file is made absolute, so that it does not move with the directory.
    """
    if given.startswith("sqlite:"):
        return URL.create("sqlite", database=str(_sqlite_path(given)))
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise _refusal("the database URL is not a valid URL") from None
    if url.drivername in POSTGRESQL_NAMES:
        url = url.set(drivername="postgresql+psycopg")
        return url.update_query_dict(postgresql_tls(url.host, url.query))
    raise _refusal(f"the database URL begins with {url.drivername!r}")


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite database; None for other databases."""
    checked = database_url(url)
    return Path(str(checked.database)) if checked.drivername == "sqlite" else None


def _sqlite_path(given: str) -> Path:
    """Return the absolute path that a URL names; `%3F` and the like stand for a sign."""
    matched = re.fullmatch(r"sqlite:///([^?]+)", given)
    if matched is None or matched[1] == ":memory:":
        raise _refusal(
            "the database URL names no file, or contains a question mark (write %3F in a file "
            "name); an in-memory database cannot be shared with workers"
        )
    path = Path(os.fsdecode(unquote_to_bytes(os.fsencode(matched[1]))))
    try:
        path = path.expanduser() if matched[1].startswith("~") else path
    except RuntimeError:
        raise _refusal(
            "the database URL begins with ~, but there is no such home directory"
        ) from None
    path = path.absolute()
    if len(os.fsencode(path)) > LONGEST_PATH or "\0" in str(path):
        raise _refusal(
            f"the path of the SQLite database has {len(os.fsencode(path))} bytes or a NUL "
            f"character; SQLite allows at most {LONGEST_PATH} bytes and no NUL"
        )
    return path


def name_of(url: URL) -> str:
    """Name a database for people: neither user nor password."""
    if url.drivername == "sqlite":
        return f"SQLite database {url.database}"
    host = url.host or url.query.get("host") or "localhost"
    return f"PostgreSQL database {url.database} at {host}:{url.port or 5432}"


def _refusal(what: str) -> InputError:
    return InputError(
        what,
        "sqlite:///PATH or postgresql://USER@HOST/NAME",
        "correct RUNNER_DATABASE_URL or RUNNER_HOME, or unset both to use ./results/runner.db",
    )
