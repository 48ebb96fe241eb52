"""`runner diff`: how the explanations of two experiments differ on the same images."""

from pathlib import Path

import click

from runner.cli.options import NUMBER
from runner.cli.report_output import show_written


@click.command()
@click.argument("first", metavar="EXPERIMENT", type=NUMBER)
@click.argument("second", metavar="EXPERIMENT", type=NUMBER)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "markdown", "html"]),
    default="table",
    show_default=True,
    help="table: for people; json, csv: every image; markdown, html: a report with figures.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report to this file instead of stdout (html: a file under RUNNER_HOME).",
)
def diff(first: int, second: int, form: str, out: Path | None) -> None:
    """Compare the explanations of two experiments. Shows where they differ most."""
    from runner.reports.explanation.difference import difference_document, difference_report
    from runner.reports.output import choose_destination, write_report
    from runner.settings import Settings
    from runner.store.opening import find_store

    if first == second:
        raise click.UsageError("name two different experiments")
    settings = Settings.from_environment()
    store = find_store(settings)
    destination = choose_destination(settings.home, f"diff-{first}-{second}", form, out)
    written = write_report(
        difference_report(difference_document(store, (first, second))), form, destination
    )
    show_written(written)


COMMANDS = [diff]
