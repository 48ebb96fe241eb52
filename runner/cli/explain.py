"""`runner explain --judge`: judge stored explanations again by the newest rules."""

import json
from dataclasses import asdict

import click

from runner.cli.options import EXPERIMENT, format_option
from runner.cli.output import open_store


@click.command()
@click.option(
    "--judge",
    "experiment",
    type=EXPERIMENT,
    required=True,
    metavar="EXPERIMENT",
    help="Judge the explanations of this experiment again.",
)
@format_option
def explain(experiment: int, form: str) -> None:
    """Judge stored explanations again by the newest rules, without computing them again."""
    from runner.store.lifecycle.judging import judge_again

    _, store = open_store()
    done = judge_again(store, experiment)
    if form == "json":
        click.echo(json.dumps(asdict(done)))
        return
    words = f"{done.judged} judged by rules {done.rules}, {done.changed} verdicts changed"
    kept = f"; {done.kept} without evidence keep their verdict" if done.kept else ""
    click.echo(f"experiment {experiment}: {words}{kept}")


COMMANDS = [explain]
