"""Dated facts about jobs, which are never changed, and text that every database can hold."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, insert, literal, select

from runner.store.schema import Event, Job

INSERT = insert(Event)


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
    if len(jobs) == 1:
        connection.execute(INSERT, {"job_id": jobs[0], **shared})
    elif jobs:
        connection.execute(INSERT, [{"job_id": job, **shared} for job in jobs])


def record_events(connection: Connection, jobs: ColumnElement[bool], name: str) -> None:
    """Record an event of each job that meets a condition."""
    chosen = select(Job.id, literal(name)).where(jobs).order_by(Job.id)
    connection.execute(insert(Event).from_select(["job_id", "name"], chosen))


def storable(words: str | None) -> str | None:
    """Replace what PostgreSQL or UTF-8 cannot hold; a traceback may quote anything."""
    if words is None:
        return None
    return words.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
