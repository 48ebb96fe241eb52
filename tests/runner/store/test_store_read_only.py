"""What `runner sql` runs on cannot write: every way to try is refused, and the rows stay."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from runner.errors import InputError
from runner.store.engine import Store
from runner.store.read_only import ask, sqlite
from runner.store.schema import Base
from runner.store.sqlite import sqlite3
from tests.runner.store.making import make_trial, run, value

WRITES = (
    "DELETE FROM epochs",
    "UPDATE jobs SET state = 'failed'",
    "INSERT INTO artifacts (sha256, size, content) VALUES ('a', 1, '')",
    "DROP TABLE epochs",
    "DROP VIEW v_trials",
    "CREATE TABLE other (a integer)",
    "CREATE TEMP TABLE other (a integer)",
    "CREATE TEMP TABLE other AS SELECT 1",
    "ALTER TABLE jobs ADD COLUMN a integer",
    "EXPLAIN ANALYZE DELETE FROM epochs",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "ANALYZE",
    "REINDEX TABLE epochs",
    "VACUUM",
    "SELECT * INTO other FROM jobs",
)
ON_SQLITE = (
    "WITH a AS (SELECT 1) DELETE FROM epochs",
    "REPLACE INTO alembic_version VALUES ('0001')",
    "PRAGMA writable_schema = ON",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA user_version = 3",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "SELECT * FROM pragma_journal_mode('delete')",
    "SELECT * FROM pragma_query_only(0)",
    "ATTACH 'OTHER' AS other",
    "ATTACH ':memory:' AS other",
    "ATTACH 'file:OTHER?mode=rwc' AS other",
    "DETACH main",
    "VACUUM INTO 'OTHER'",
    "SELECT load_extension('OTHER')",
    "SELECT writefile('OTHER', 'x')",
    "CREATE TEMP TRIGGER a AFTER INSERT ON jobs BEGIN DELETE FROM epochs; END",
    "CREATE VIRTUAL TABLE other USING fts5(a)",
)
ON_POSTGRESQL = (
    "WITH gone AS (DELETE FROM epochs RETURNING epoch) SELECT * FROM gone",
    "SET TRANSACTION READ WRITE",
    "SET default_transaction_read_only = off",
    "RESET ROLE",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "COPY epochs TO STDOUT",
    "COPY epochs TO 'OTHER'",
    "COPY (SELECT 1) TO PROGRAM 'touch OTHER'",
    "SELECT lo_export(1, 'OTHER')",
    "SELECT set_config('role', 'postgres', true), lo_export(1, 'OTHER')",
    "SELECT lo_creat(-1)",
    "SELECT pg_read_file('OTHER')",
    "SELECT nextval('jobs_id_seq')",
    "SELECT setval('jobs_id_seq', 99)",
    "SELECT * FROM jobs FOR UPDATE",
    "LOCK TABLE jobs",
    "TRUNCATE jobs CASCADE",
    "DO $$ BEGIN COMMIT; DELETE FROM epochs; END $$",
    "SELECT query_to_xml('DELETE FROM epochs', true, true, '')",
    "NOTIFY other",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
)
SEVERAL = (
    "SELECT 1; DELETE FROM epochs",
    "SELECT 1; COMMIT; DELETE FROM epochs",
    "COMMIT; DELETE FROM epochs",
    "SELECT 1; SELECT 2",
)


def content(store: Store) -> dict[str, list[Any]]:
    """Return every row of every table."""
    with store.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {table.name}"))))  # noqa: S608 (our own)
            for table in Base.metadata.sorted_tables
        }


def answer_to(store: Store, statement: str, seconds: float | None = None) -> list[Any]:
    with ask(store.url, statement, seconds) as answer:
        return list(answer.rows)


def test_nothing_that_writes_is_run(store: Store, tmp_path: Path) -> None:
    trial = make_trial(store)
    of_database = ON_SQLITE if store.url.startswith("sqlite") else ON_POSTGRESQL
    before, other = content(store), tmp_path / "other"
    for statement in (*WRITES, *of_database, *SEVERAL):
        with pytest.raises(InputError) as refused:
            answer_to(store, statement.replace("OTHER", str(other)))
        assert refused.value.fix, statement
    assert content(store) == before
    assert not other.exists()
    # The connections of the store go on.
    assert value(store, "SELECT max(id) FROM trials") == trial


def test_the_refusal_says_what_was_tried(store: Store) -> None:
    with pytest.raises(InputError, match="read-only, and this was refused: DELETE FROM epochs"):
        answer_to(store, "DELETE  FROM\n  epochs")
    with pytest.raises(InputError, match="more than one statement; none was run"):
        answer_to(store, "SELECT 1; SELECT 2")


def test_the_connection_itself_cannot_write(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check of what a statement does, the file still cannot be written."""
    monkeypatch.setattr(sqlite._Guard, "authorize", lambda *_: sqlite3.SQLITE_OK)
    before = content(sqlite_store)
    for statement in ("DELETE FROM epochs", "CREATE TABLE other (a)", "PRAGMA user_version = 3"):
        with pytest.raises(InputError, match="read-only"):
            answer_to(sqlite_store, statement)
    assert content(sqlite_store) == before


def test_a_home_with_any_signs_in_its_name_is_read(tmp_path: Path) -> None:
    directory = tmp_path / "a home? 100%#ü;mode=rw&x='1'"
    directory.mkdir()
    url = f"sqlite:///{str(directory).replace('?', '%3F').replace('100%', '100%25')}/runner.db"
    store = Store(url)
    store.upgrade()
    make_trial(store)
    assert answer_to(store, "SELECT count(*) FROM v_trials") == [[1]]


WRONG = {
    "SELECT val_acuracy FROM v_trials": ("no column val_acuracy", "did you mean val_accuracy?"),
    "SELECT t.los FROM v_trials t": ("no column t.los", "did you mean loss"),
    "SELECT * FROM v_trial": ("no table or view v_trial", "did you mean v_trials?"),
    "SELEC 1": ("SELEC", "docs/sql.md"),
    "SELECT 1 FROM\n v_trials WHERE": ("refused the statement", "docs/sql.md"),
    "SELECT unheard_of(1)": ("unheard_of", "docs/sql.md"),
    " -- nothing\n ; ": ("empty", "write one"),
    "SELECT '\0'": ("NUL", "correct"),
    "SELECT '\udcff'": ("not UTF-8", "correct"),
}


@pytest.mark.parametrize("statement", WRONG, ids=range(len(WRONG)))
def test_a_wrong_statement_is_explained(store: Store, statement: str) -> None:
    with pytest.raises(InputError) as refused:
        answer_to(store, statement)
    what, fix = WRONG[statement]
    assert what in refused.value.what
    assert fix in refused.value.fix


def test_an_error_names_what_there_is_and_where_it_stopped(store: Store) -> None:
    with pytest.raises(InputError) as refused:
        answer_to(store, "SELECT unheard_of FROM v_epochs")
    assert "v_epochs: experiment, trial, job" in refused.value.expected
    with pytest.raises(InputError, match="line 2, column 8"):
        answer_to(store, "SELECT 1\n  FORM v_trials")


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i % 1000 + 1 FROM n)"
    " SELECT count(*) FROM n WHERE i < 0"
)


def test_a_query_is_stopped_after_its_time(store: Store) -> None:
    began = time.monotonic()
    with pytest.raises(InputError, match="stopped after"):
        answer_to(store, ENDLESS, seconds=0.2)
    assert time.monotonic() - began < 20


def test_ctrl_c_stops_a_query(store: Store) -> None:
    timer = threading.Timer(0.5, lambda: signal.raise_signal(signal.SIGINT))
    began = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        answer_to(store, ENDLESS)
    assert time.monotonic() - began < 20
    timer.join()


def test_values_are_plain_on_both_databases(store: Store) -> None:
    make_trial(store)
    binary = "x'0011'" if store.url.startswith("sqlite") else "'\\x0011'::bytea"
    statement = f"SELECT {binary}, NULL, 1, 0.5, 'a', avg(epochs), sum(epochs) FROM v_trials"  # noqa: S608 (our own)
    assert answer_to(store, statement) == [["<2 bytes>", None, 1, 0.5, "a", 1, 1]]


def test_a_reader_of_postgresql_needs_only_the_right_to_select(postgresql_url: str) -> None:
    store = Store(postgresql_url)
    store.upgrade()
    make_trial(store)
    with role(store, "reader"):
        run(store, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        url = postgresql_url.replace("postgres@", "reader@")
        with ask(url, "SELECT count(*), max(current_user) FROM v_trials", None) as answer:
            assert list(answer.rows) == [[1, "reader"]]
        with (
            pytest.raises(InputError, match="permission denied"),
            ask(url, "SELECT nextval('jobs_id_seq')", None) as answer,
        ):
            list(answer.rows)
    store.close()


@contextmanager
def role(store: Store, name: str) -> Iterator[None]:
    """Make a role of a server for as long as the block lasts."""
    run(store, f"CREATE ROLE {name} LOGIN")
    yield
    run(store, f"DROP OWNED BY {name}")
    run(store, f"DROP ROLE {name}")
