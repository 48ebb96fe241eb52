"""The address of the database: checked when it is read, and named without its secrets."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from runner.encryption import postgresql_tls
from runner.errors import InputError

POSTGRESQL_NAMES = ("postgres", "postgresql", "postgresql+psycopg")


def database_url(given: str) -> URL:
    """Check a database URL; raise InputError that does not repeat it, for it may hold a password.

    The path of a SQLite file is made absolute, so that it does not move with the directory.
    """
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise _refusal("the database URL is not a URL") from None
    if url.drivername in POSTGRESQL_NAMES:
        url = url.set(drivername="postgresql+psycopg")
        return url.update_query_dict(postgresql_tls(url.host, url.query))
    if url.drivername != "sqlite":
        raise _refusal(f"the database URL begins with {url.drivername!r}")
    if url.host or url.query or url.database in (None, "", ":memory:"):
        raise _refusal("the database URL names no file; one in memory is shared with no worker")
    return url.set(database=str(Path(str(url.database)).absolute()))


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
        "correct RUNNER_DATABASE_URL, or unset it to use a local file",
    )
