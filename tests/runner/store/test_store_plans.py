"""The queries that are asked all the time read an index, on both databases."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text

from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle import outbox
from runner.store.lifecycle.attempts import open_attempts
from runner.store.lifecycle.job_lifecycle import claim, heartbeat
from runner.store.lifecycle.tuning import order
from tests.runner.store.making import job_ids, make_claim, make_experiment, make_worker

# A table and how a plan may find its rows.
Reads = dict[str, set[str]]

JOBS_BY_ID = {"pk_jobs", "INTEGER PRIMARY KEY", "sqlite_autoindex_jobs_1"}
ASKED: dict[str, tuple[Callable[[Store, int, int], Any], Reads]] = {
    "which experiments have new jobs to send": (
        lambda store, *_: outbox.experiments_to_send(store, begun=False),
        {"jobs": {"ix_jobs_new", "ix_jobs_sent"}},
    ),
    "which experiments have begun jobs to send": (
        lambda store, *_: outbox.experiments_to_send(store, begun=True),
        {"jobs": {"ix_jobs_begun", "ix_jobs_sent"}},
    ),
    "which new jobs to send": (
        lambda store, experiment, _: outbox.take_unsent(store, experiment, begun=False),
        {"jobs": {"ix_jobs_new", "ix_jobs_sent", *JOBS_BY_ID}},
    ),
    "which begun jobs to send": (
        lambda store, experiment, _: outbox.take_unsent(store, experiment, begun=True),
        {"jobs": {"ix_jobs_begun", "ix_jobs_sent", *JOBS_BY_ID}},
    ),
    "how many jobs were sent": (
        lambda store, *_: outbox.count_sent(store),
        {"jobs": {"ix_jobs_sent"}},
    ),
    "which jobs were sent": (
        lambda store, *_: outbox.sent_jobs(store, 0),
        {"jobs": {"ix_jobs_sent"}},
    ),
    "a claim": (
        lambda store, _, job: claim(store, job, "worker"),
        {"jobs": {*JOBS_BY_ID, "ix_jobs_message_of"}},
    ),
    "which job a message is for": (
        lambda store, _, job: order.new_job(store, job),
        {"jobs": {*JOBS_BY_ID, "ix_jobs_message_of", "ix_jobs_experiment_id_state"}},
    ),
    "which jobs may be done before it": (
        lambda store, experiment, _: order.next_jobs(store, experiment),
        {"jobs": {"ix_jobs_sent", *JOBS_BY_ID}},
    ),
    "which jobs are being done": (
        lambda store, experiment, _: order.running_jobs(store, experiment),
        {"jobs": {"ix_jobs_experiment_id_state"}},
    ),
    "a heartbeat": (
        lambda store, *_: heartbeat(store, make_claim(store, "worker").key),
        {"attempts": {"uq_attempts_open", "pk_attempts", "sqlite_autoindex_attempts_1"}},
    ),
    "which attempts are open": (
        lambda store, *_: open_attempts(store),
        {"attempts": {"uq_attempts_open"}},
    ),
    "the newest experiments": (
        lambda store, *_: queries.experiments(store, 20),
        {"jobs": {"ix_jobs_experiment_id_state", "uq_jobs_point"}},
    ),
}


@pytest.mark.parametrize("question", ASKED)
def test_what_is_asked_all_the_time_reads_an_index(store: Store, question: str) -> None:
    ask, reads = ASKED[question]
    keep_defaults(store, reads)
    experiment = make_experiment(store, 50)
    make_worker(store)
    job = job_ids(store, experiment)[0]
    asked = statements_of(store, lambda: ask(store, experiment, job))
    read: set[str] = set()
    for statement, parameters in asked:
        for step in plan(store, statement, parameters):
            for table in reads:
                if re.search(rf"(SCAN|SEARCH|Scan.* on) {table}\b", step):
                    read.add(table)
                    assert any(index in step for index in reads[table]), f"{step}: {statement}"
    assert read == reads.keys()


def keep_defaults(store: Store, reads: Reads) -> None:
    """Let PostgreSQL plan by its defaults: in the few rows here, every index costs the same."""
    with store.write() as connection:
        if connection.dialect.name == "postgresql":
            for table in reads:
                connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))
                # It may have looked at the table already.
                of = f"'{table}'::regclass"
                connection.execute(text(f"DELETE FROM pg_statistic WHERE starelid = {of}"))  # noqa: S608 (our own)
                unknown = "UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid ="
                connection.execute(text(f"{unknown} {of}"))


def statements_of(store: Store, ask: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Return the statements that a call sends to the database."""
    found: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.split(maxsplit=1)[0] in ("SELECT", "UPDATE", "WITH", "DELETE"):
            found.append((statement, parameters))

    event.listen(store._engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(store._engine, "before_cursor_execute", note)
    return found


def plan(store: Store, statement: str, parameters: Any) -> list[str]:
    """Return the steps in which a database would find the rows."""
    with store.write() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return [row.detail for row in rows]
        # So few rows are read, and sorted, faster without an index; what matters is that there is
        # one.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL enable_sort = off"))
        connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
