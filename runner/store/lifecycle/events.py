"""Dated facts about jobs, which are never changed, and text that every database can hold."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert

from runner.store.schema import Event


def record_event(
    connection: Connection,
    jobs: Sequence[int],
    name: str,
    *,
    attempt: int | None = None,
    detail: str | None = None,
) -> None:
    """Record an event of each of these jobs, or of one attempt at a single one."""
    shared = {"name": name, "attempt": attempt, "detail": storable(detail)}
    if jobs:
        connection.execute(insert(Event), [{"job_id": job, **shared} for job in jobs])


def storable(words: str | None) -> str | None:
    """Replace what PostgreSQL or UTF-8 cannot hold; a traceback may quote anything."""
    if words is None:
        return None
    return words.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
