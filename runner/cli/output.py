"""What several commands print: that nothing is stored yet, and what was written of a report."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from runner.reports.formats.terminal import View
    from runner.reports.output import Written


@contextmanager
def answered_if_nothing_is_stored(form: str, **document: Any) -> Iterator[None]:
    """End the command with exit code 0 if there never was a store; as JSON with this document."""
    from runner.store.opening import NoStoreYet

    try:
        yield
    except NoStoreYet as missing:
        click.echo(f"{missing.what}\n  to start: {missing.fix}", err=True)
        if form == "json":
            click.echo(json.dumps(document))
        sys.exit(0)


def terminal_view(*, wide: bool = False, columns: str | None = None) -> "View":
    """Return how texts are shown on stdout: as wide as the terminal, or everything if it is none.

    `columns` are names separated by commas. Colors are left out if NO_COLOR is set.
    """
    from runner.reports.formats.terminal import View

    terminal = sys.stdout.isatty()
    return View(
        width=shutil.get_terminal_size().columns if terminal and not wide else None,
        color=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        columns=[name.strip() for name in columns.split(",")] if columns is not None else (),
    )


def show_written(written: "Written") -> None:
    """Print the text that is for stdout, and on stderr the files that were written."""
    from runner.reports.output import summarised

    if written.text is not None:
        click.echo(written.text, nl=False)
    for path in summarised(written.files):
        click.echo(f"written: {path}", err=True)
