"""What the tables say of jobs, read past the store's own queries."""

from typing import Any

from sqlalchemy import text

from runner.store.engine import Store

JOBS = "SELECT id, state, attempts, lost, cancel_requested_at IS NOT NULL AS cancel FROM jobs"
OPEN = "SELECT job_id, number, heartbeats FROM attempts WHERE state = 'running'"
ENDED = "SELECT job_id, count(*) AS found FROM attempts WHERE state = 'succeeded' GROUP BY job_id"
TRIALS = "SELECT job_id, count(*) AS found FROM trials GROUP BY job_id"
LEFT = "SELECT id, message_of FROM jobs WHERE message_of IS NOT NULL"
TABLES = ("jobs", "attempts", "events", "epochs", "checkpoints", "trials", "artifacts")


def read_jobs(store: Store) -> tuple[list[Any], list[Any], dict[int, int], dict[int, int]]:
    """Return the jobs, the open attempts, and how many successes and trials each job has."""
    with store.read() as connection:
        return (
            [tuple(row) for row in connection.execute(text(JOBS))],
            [tuple(row) for row in connection.execute(text(OPEN))],
            {row.job_id: row.found for row in connection.execute(text(ENDED))},
            {row.job_id: row.found for row in connection.execute(text(TRIALS))},
        )


def messages_left(store: Store) -> list[tuple[int, int]]:
    """Return the jobs whose message names another one, and that one."""
    with store.read() as connection:
        return [(row.id, row.message_of) for row in connection.execute(text(LEFT))]


def every_row(store: Store) -> list[Any]:
    """Return every row of every table about jobs."""
    with store.read() as connection:
        return [
            sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}"))))  # noqa: S608
            for table in TABLES
        ]
