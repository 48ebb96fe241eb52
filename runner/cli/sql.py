"""`runner sql`: one question to the store in SQL, on a connection that cannot write."""

import math
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import click

from cifar_model.errors import printable
from runner.cli.output import terminal_view
from runner.cli.wording.fitting import say
from runner.errors import InputError

# Of a table on a terminal, unless --rows says otherwise.
ROWS_ON_TERMINAL = 40

# Lines that are printed at once.
LINES = 1000

STDIN = "-"


@click.command()
@click.argument("statement", required=False)
@click.option(
    "--file",
    "source",
    type=click.Path(allow_dash=True, dir_okay=False, path_type=Path),
    help="Read the statement from this file (-: stdin).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="table: for people; csv and json: all rows, as they are read; parquet: a file.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write to this file instead of stdout (parquet: a file under RUNNER_HOME).",
)
@click.option(
    "--rows",
    type=click.IntRange(0, 1_000_000),
    help=f"Show at most N rows of a table; 0 shows all (default: {ROWS_ON_TERMINAL} on a"
    " terminal, else all).",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Stop the query after this time.",
)
def sql(
    statement: str | None,
    source: Path | None,
    form: str,
    out: Path | None,
    rows: int | None,
    timeout: float | None,
) -> None:
    """Run one SELECT statement on the store, which it cannot change.

    The views v_trials, v_epochs, v_evaluations and v_explanations have a row for each trial, epoch,
    evaluation and explanation of all experiments: docs/sql.md describes their columns. STATEMENT
    may be - to read it from stdin.
    """
    from runner.reports.output import choose_destination
    from runner.reports.query import QueryDocument, as_lines, write_lines, write_parquet
    from runner.settings import Settings
    from runner.store.opening import find_store
    from runner.store.read_only import ask

    if timeout is not None and not math.isfinite(timeout):
        raise InputError(f"--timeout {timeout} is not valid", "seconds", "correct --timeout")
    asked = _statement(statement, source)
    most = _most(rows, form, out)
    settings = Settings.from_environment()
    destination = choose_destination(settings.home, "sql", form, out).out
    find_store(settings).close()
    with ask(settings.database_url, asked, timeout) as answer:
        document = QueryDocument(answer.columns, answer.rows)
        if destination is None:
            _print(as_lines(document, form, most, terminal_view().width))
        elif form == "parquet":
            write_parquet(document, destination)
        else:
            write_lines(as_lines(document, form, most), destination)
    if destination is not None:
        say(f"written: {destination}")


def _statement(statement: str | None, source: Path | None) -> str:
    """Return the statement that was given, from wherever it is to be read."""
    if (statement is None) == (source is None):
        raise InputError(
            "there is no statement" if statement is None else "there are two: STATEMENT and --file",
            "one SELECT statement, or --file PATH, or - to read it from stdin",
            "give one, as in runner sql 'SELECT trial, val_accuracy FROM v_trials'",
        )
    from_stdin = STDIN in (statement, str(source))
    if source is None and not from_stdin:
        return str(statement)
    try:
        if source is None or from_stdin:
            return sys.stdin.buffer.read().decode(errors="surrogateescape")
        return source.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(
            f"{'stdin' if from_stdin else f'--file {source}'} cannot be read: {error.strerror}",
            "a file with one SELECT statement",
            "correct --file",
        ) from error


def _most(rows: int | None, form: str, out: Path | None) -> int | None:
    """Return how many rows a table shows; None for all."""
    if rows is not None and form != "table":
        raise InputError(
            f"--rows is given with --format {form}",
            "--rows with --format table; the other formats have all rows",
            "add LIMIT to the statement instead",
        )
    if rows is None and out is None and sys.stdout.isatty():
        return ROWS_ON_TERMINAL
    return rows or None


def _print(lines: Iterable[str]) -> None:
    """Print lines as they are read, without control characters on a terminal."""
    lines, is_terminal = iter(lines), sys.stdout.isatty()
    while some := "".join(islice(lines, LINES)):
        click.echo(printable(some) if is_terminal else some, nl=False)


COMMANDS = [sql]
