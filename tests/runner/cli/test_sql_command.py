"""`runner sql` writes an answer in every form, and its page says what it does."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import JSON, Boolean, Integer, String
from sqlalchemy.types import TypeEngine

from runner.cli.sql import sql
from runner.errors import InputError
from runner.store.engine import Store
from runner.store.opening import NoStoreYet
from runner.store.read_only import ask
from runner.store.schema.base import UtcDateTime
from runner.store.schema.views import VIEWS
from tests.pseudo_terminal import run_in_terminal
from tests.runner.reports.stored import store_evaluation, store_explanation, store_folds, store_tune
from tests.runner.store.making import run

PAGE = Path(__file__).parents[3] / "docs" / "sql.md"

TRIALS = "SELECT number, val_accuracy, reason, lr FROM v_trials ORDER BY number"
NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
    " SELECT i, i AS j FROM n"
)


@pytest.fixture
def filled(sqlite_store: Store) -> Store:
    store_tune(sqlite_store, [[0.5], [0.25, 0.75], []])
    return sqlite_store


def environment(store: Store) -> dict[str, str]:
    home = str(Path(store.url.removeprefix("sqlite:///")).parent)
    return {"RUNNER_DATABASE_URL": store.url, "RUNNER_HOME": home}


def call(store: Store, *arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(
        sql, arguments, env=environment(store), input=given, catch_exceptions=False
    )


def test_a_table_has_every_row_and_column_where_it_is_piped(filled: Store) -> None:
    first, _, *rows = call(filled, TRIALS).stdout.splitlines()
    assert first.split() == ["number", "val_accuracy", "reason", "lr"]
    assert [row.split() for row in rows] == [
        ["1", "0.5", "-", "0.01"],
        ["2", "0.75", "-", "0.02"],
        ["3", "-", "-", "0.03"],
    ]
    wide = call(filled, "SELECT * FROM v_explanations").stdout
    assert "insertion_area" in wide
    assert "(no rows)" in wide
    assert len(call(filled, NUMBERS.format(5000)).stdout.splitlines()) == 5002


def test_csv_has_full_precision_and_no_formula(filled: Store) -> None:
    statement = "SELECT 0.1 + 0.2 AS sum, NULL AS none, '=1+1' AS formula, 'a,\"b' AS text"
    text = call(filled, statement, "--format", "csv").stdout
    assert list(csv.reader(io.StringIO(text))) == [
        ["sum", "none", "formula", "text"],
        ["0.30000000000000004", "", "'=1+1", 'a,"b'],
    ]


def test_json_is_one_document(filled: Store) -> None:
    document = json.loads(call(filled, TRIALS, "--format", "json").stdout)
    assert document == {
        "columns": ["number", "val_accuracy", "reason", "lr"],
        "rows": [[1, 0.5, None, 0.01], [2, 0.75, None, 0.02], [3, None, None, 0.03]],
    }
    statement = "SELECT 1e999 AS a, '\\u001b[31m' AS b, 2 AS a WHERE 1 = {}"
    some = json.loads(call(filled, statement.format(1), "--format", "json").stdout)
    assert some == {"columns": ["a", "b", "a"], "rows": [["inf", "\\u001b[31m", 2]]}
    none = json.loads(call(filled, statement.format(0), "--format", "json").stdout)
    assert none["rows"] == []


def test_parquet_has_a_type_for_each_column(filled: Store, tmp_path: Path) -> None:
    out = tmp_path / "answer.parquet"
    mixed = "SELECT number, val_accuracy, reason, CASE number WHEN 1 THEN 'a' ELSE 2 END AS mixed"
    call(filled, f"{mixed} FROM v_trials", "--format", "parquet", "--out", str(out))
    table = pyarrow.parquet.read_table(out)
    assert [str(field.type) for field in table.schema] == ["int64", "double", "string", "string"]
    assert table.column("val_accuracy").to_pylist() == [0.5, 0.75, None]
    with pytest.raises(InputError, match="more than one column a"):
        call(filled, "SELECT 1 AS a, 2 AS a", "--format", "parquet", "--out", str(out))
    # A double does not have every whole number of this size.
    large = f"SELECT {2**63 - 1} AS number UNION ALL SELECT 1.5"
    call(filled, large, "--format", "parquet", "--out", str(out))
    assert pyarrow.parquet.read_table(out)["number"].to_pylist() == [str(2**63 - 1), "1.5"]


def test_what_is_no_file_is_written_and_not_replaced(filled: Store, tmp_path: Path) -> None:
    pipe, link, file = (tmp_path / name for name in ("pipe", "link", "file"))
    os.mkfifo(pipe)
    link.symlink_to(file)
    call(filled, "SELECT 1 AS a", "--format=csv", f"--out={link}")
    assert (link.is_symlink(), file.read_text()) == (True, "a\n1\n")
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
        call(filled, "SELECT 1 AS a", "--format=csv", f"--out={pipe}")
        assert reader.communicate()[0] == "a\n1\n"
    assert pipe.is_fifo()


def test_a_file_is_written_when_all_of_it_is_there(filled: Store, tmp_path: Path) -> None:
    out = tmp_path / "answer.csv"
    call(filled, TRIALS, "--format", "csv", "--out", str(out))
    before = out.read_text()
    assert before.startswith("number,val_accuracy")
    # Stopped in the middle of its rows.
    with pytest.raises(InputError, match="stopped after"):
        call(filled, NUMBERS.format(10**9), "--format=csv", f"--out={out}", "--timeout=0.3")
    assert out.read_text() == before
    assert list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*")) == []


def test_a_statement_comes_from_a_file_or_stdin(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "question.sql").write_text("-- how many?\nSELECT count(*) AS trials FROM v_trials;")
    expected = "trials\n3\n"
    assert call(filled, f"--file={tmp_path}/question.sql", "--format=csv").stdout == expected
    count = "SELECT count(*) AS trials FROM v_trials"
    for arguments in (["-"], ["--file", "-"]):
        assert call(filled, *arguments, "--format=csv", given=count).stdout == expected


def test_bad_input_is_refused(filled: Store, tmp_path: Path) -> None:
    for arguments, what in {
        (): "no statement",
        ("SELECT 1", "--file", "x"): "two",
        ("--file", str(tmp_path / "none.sql")): "cannot be read",
        ("SELECT 1", "--format=csv", "--rows=3"): "--rows is given with --format csv",
        ("SELECT 1", "--out", str(tmp_path / "no" / "a.csv")): "does not exist",
        ("SELECT 1", "--out", filled.url.removeprefix("sqlite:///")): "is a SQLite database",
        ("SELECT 1", "--timeout", "nan"): "--timeout nan is not valid",
        ("",): "empty",
        ("-",): "empty",
        ("DELETE FROM jobs",): "read-only",
    }.items():
        with pytest.raises(InputError, match=what):
            call(filled, *arguments)
    with pytest.raises(NoStoreYet, match="no results store yet"):
        CliRunner().invoke(
            sql, ["SELECT 1"], env={"RUNNER_HOME": str(tmp_path)}, catch_exceptions=False
        )


def command(statement: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "runner", "sql", statement, *options]


def test_a_terminal_shows_as_much_as_fits_and_nothing_that_it_would_obey(filled: Store) -> None:
    shown = run_in_terminal(command("SELECT * FROM v_trials"), environment=environment(filled))
    assert shown.code == 0
    assert shown.widest <= 80
    assert "experiment  trial" in shown.text
    assert "more columns (--format csv has all)" in shown.text
    many = run_in_terminal(command(NUMBERS.format(1000)), environment=environment(filled))
    assert len(many.lines) == 43
    assert many.lines[-1].startswith("... and 960 rows: --rows 0 shows all of them")
    endless = run_in_terminal(
        command(NUMBERS.format(10**9), "--rows", "3"), environment=environment(filled)
    )
    assert endless.lines[-1].startswith("... and more than 10,000 rows")
    for form in ("table", "csv", "json"):
        statement = "SELECT char(27) || '[31m' AS red"
        sent = run_in_terminal(
            command(statement, "--format", form), environment=environment(filled)
        )
        assert "\x1b" not in sent.text
        assert "[31m" in sent.text


def test_ctrl_c_ends_the_command(filled: Store) -> None:
    endless = subprocess.Popen(
        command(NUMBERS.format(10**12), "--format", "csv"),
        env=os.environ | environment(filled),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert endless.stdout is not None
    assert endless.stdout.readline() == "i,j\n"
    endless.send_signal(signal.SIGINT)
    _, errors = endless.communicate(timeout=60)
    assert endless.returncode == 130
    assert errors.strip() == "interrupted"


def section(heading: str) -> str:
    return PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]


def documented(heading: str) -> dict[str, str]:
    """Return the columns of a table of the page with their types."""
    return dict(re.findall(r"(?m)^\| `(\w+)` \| ([^|]+) \| .+ \|$", section(heading)))


def type_of(column: TypeEngine[object]) -> str:
    kinds = {
        UtcDateTime: "time",
        Boolean: "true or false",
        Integer: "integer",
        JSON: "JSON",
        String: "text",
    }
    return next((name for kind, name in kinds.items() if isinstance(column, kind)), "number")


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_has_every_column_with_its_type(view: str) -> None:
    columns = {column.name: type_of(column.type) for column in VIEWS[view].selected_columns}
    machine = {} if view == "v_epochs" else documented("Machine and times")
    assert documented("Columns of every view") | machine | documented(view) == columns


EXAMPLES = re.findall(r"```sql\n(SELECT.*?)```", section("Examples"), re.DOTALL)


def test_every_example_of_the_page_has_an_answer(store: Store) -> None:
    store_tune(store, [[0.5, 0.25], [0.1, 0.3]], optimizer="nadam")
    failed = store_tune(store, [[0.5]])
    store_evaluation(store)
    store_folds(store, [0.5, 0.7], folds=2)
    store_explanation(store)
    run(store, "UPDATE explanations SET predicted_label = 1, true_label = 0")
    run(store, f"UPDATE jobs SET attempts = 2 WHERE experiment_id = {failed}")  # noqa: S608 (our own)
    run(store, f"INSERT INTO experiment_tags VALUES ({failed}, 'baseline')")  # noqa: S608 (our own)
    assert len(EXAMPLES) >= 8
    for statement in EXAMPLES:
        with ask(store.url, statement, None) as answer:
            assert list(answer.rows), statement
