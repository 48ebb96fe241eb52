"""`runner report`: what came out."""

from pathlib import Path

import click


@click.command()
@click.argument("experiment", type=int, required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "markdown", "html"]),
    default="table",
    show_default=True,
    help="table for people; json, csv: all that is known; html: one file with its pictures.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report to this file, its pictures beside it; else to stdout (html: to a file).",
)
def report(experiment: int | None, form: str, out: Path | None) -> None:
    """Show what an experiment found; without a number, the newest that has results."""
    from runner.report.document import report_document
    from runner.report.produce import choose_place, produce, summarised
    from runner.settings import Settings
    from runner.store.engine import open_store

    settings = Settings.from_environment()
    store = open_store(settings.database_url)
    document = report_document(store, experiment)
    number = document["experiment"]
    if experiment is None:
        click.echo(f"experiment {number}, the newest that has results", err=True)
    produced = produce(store, document, form, choose_place(settings.home, number, form, out))
    if produced.text is not None:
        click.echo(produced.text, nl=False)
    for written in summarised(produced.files):
        click.echo(f"written: {written}", err=True)


COMMANDS = [report]
