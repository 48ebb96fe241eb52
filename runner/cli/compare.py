"""`runner compare`: whether two trials differ by more than noise."""

import json

import click

from runner.cli.options import format_option


@click.command()
@click.argument("first", metavar="TRIAL", type=int)
@click.argument("second", metavar="TRIAL", type=int)
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    default="test",
    show_default=True,
    help="The pictures on which both were evaluated.",
)
@format_option
def compare(first: int, second: int, split: str, form: str) -> None:
    """Say whether two trials differ on the same pictures by more than noise."""
    from runner.report.comparison import comparison_document
    from runner.report.comparison_text import comparison_text
    from runner.settings import Settings
    from runner.store.engine import open_store

    if first == second:
        raise click.UsageError("name two different trials")
    store = open_store(Settings.from_environment().database_url)
    document = comparison_document(store, (first, second), split)
    click.echo(json.dumps(document, indent=2) if form == "json" else comparison_text(document))


COMMANDS = [compare]
