"""Print what was written of a report: its text, or the paths of its files."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.reports.output import Written


def show_written(written: "Written") -> None:
    """Print the text that is for stdout, and on stderr the files that were written."""
    from runner.reports.output import summarised

    if written.text is not None:
        click.echo(written.text, nl=False)
    for path in summarised(written.files):
        click.echo(f"written: {path}", err=True)
