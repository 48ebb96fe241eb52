"""`runner explanations`: the stored explanations of all experiments, filtered and added up."""

import json
from typing import Any

import click

from cifar_model.explanation.settings import METHODS
from runner.cli.options import format_option


@click.command()
@click.option("--experiment", type=int, help="Only those that this experiment made.")
@click.option("--trial", type=int, help="Only those of this trial.")
@click.option("--verdict", type=click.Choice(["sound", "weak", "void"]), help="Only these.")
@click.option("--method", type=click.Choice(METHODS), help="Only those by this method.")
@click.option("--class", "label", metavar="NAME", help="Only those that explain this class.")
@click.option("--true-class", metavar="NAME", help="Only pictures of this class.")
@click.option("--predicted-class", metavar="NAME", help="Only pictures predicted as this class.")
@click.option(
    "--newest",
    type=click.IntRange(0, 10_000),
    default=20,
    show_default=True,
    help="How many are shown one by one, the newest first.",
)
@format_option
def explanations(label: str | None, newest: int, form: str, **chosen: Any) -> None:
    """Show explanations by verdict and class, over all experiments, and what they come to."""
    from pathlib import Path

    from runner.report.explanation_search import search_document, search_parts
    from runner.report.terminal import as_terminal
    from runner.settings import Settings
    from runner.store.engine import open_store
    from runner.store.explanations import Wanted

    asked = {name: chosen.pop(name) for name in ("true_class", "predicted_class")}
    asked["class"] = label
    wanted = Wanted(**chosen, classes={of: name for of, name in asked.items() if name is not None})
    settings = Settings.from_environment()
    document = search_document(open_store(settings.database_url), wanted, newest)
    if form == "json":
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(as_terminal("Explanations", search_parts(document), Path()), nl=False)


COMMANDS = [explanations]
