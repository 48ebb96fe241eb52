"""What several commands share: they open the store, and print what was written of a report."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from runner.cli.wording.fitting import columns_of, has_color, say

if TYPE_CHECKING:
    from runner.reports.formats.terminal import View
    from runner.reports.output import Written
    from runner.settings import Settings
    from runner.store.engine import Store


def open_store() -> tuple["Settings", "Store"]:
    """Return the settings and their store; raise as `find_store` does if there is none."""
    from runner.settings import Settings
    from runner.store.opening import find_store

    settings = Settings.from_environment()
    return settings, find_store(settings)


@contextmanager
def answered_if_nothing_is_stored(form: str, **document: Any) -> Iterator[None]:
    """End the command with exit code 0 if there never was a store; as JSON with this document."""
    from runner.store.opening import NoStoreYet

    try:
        yield
    except NoStoreYet as missing:
        say(f"{missing.what}\n  to start: {missing.fix}")
        if form == "json":
            click.echo(json.dumps(document))
        sys.exit(0)


def report_view(form: str, *, wide: bool, columns: str | None = None) -> "View":
    """Return how the format `table` is shown; refuse its options with another format."""
    if form != "table" and (wide or columns is not None):
        option = "--wide" if wide else "--columns"
        raise click.UsageError(f"{option} is for --format table: other formats have every column")
    return terminal_view(wide=wide, columns=columns)


def terminal_view(*, wide: bool = False, columns: str | None = None) -> "View":
    """Return how texts are shown on stdout: as wide as the terminal, or everything if it is none.

    `columns` are names separated by commas. Colors are left out if NO_COLOR is set.
    """
    from runner.reports.formats.terminal import View

    return View(
        width=None if wide else columns_of(sys.stdout),
        color=has_color(sys.stdout),
        columns=[name.strip() for name in columns.split(",")] if columns is not None else (),
    )


def show_written(written: "Written") -> None:
    """Print the text that is for stdout, and on stderr the files that were written."""
    from runner.reports.output import summarised

    if written.text is not None:
        click.echo(written.text, nl=False)
    for path in summarised(written.files):
        say(f"written: {path}")
