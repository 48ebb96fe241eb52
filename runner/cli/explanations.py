"""`runner explanations` and `explain`: stored explanations, added up or judged again."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from runner.cli.options import EXPERIMENT, TRIAL, Method, columns_option, format_option, wide_option
from runner.cli.output import answered_if_nothing_is_stored, open_store, report_view, show_written


@click.command()
@click.option("--experiment", type=EXPERIMENT, help="Show only explanations of this experiment.")
@click.option("--trial", type=TRIAL, help="Show only explanations of this trial.")
@click.option(
    "--verdict",
    type=click.Choice(["sound", "weak", "void"]),
    help="Show only explanations with this verdict.",
)
@click.option("--method", type=Method(), help="Show only explanations by this method.")
@click.option("--class", "label", metavar="NAME", help="Show only explanations of this class.")
@click.option("--true-class", metavar="NAME", help="Show only images whose true class is this one.")
@click.option("--predicted-class", metavar="NAME", help="Show only images predicted as this class.")
@click.option(
    "--all", "archived", is_flag=True, help="Include explanations of archived experiments."
)
@click.option(
    "--newest",
    type=click.IntRange(0, 10_000),
    default=20,
    show_default=True,
    help="The number of explanations to list, newest first.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "html"]),
    default="table",
    show_default=True,
    help="table: for people; json: all fields, with mean masks; html: with the mean masks drawn.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report to this file instead of stdout (html: a file under RUNNER_HOME).",
)
@wide_option
@columns_option
def explanations(
    newest: int,
    form: str,
    out: Path | None,
    *,
    wide: bool,
    columns: str | None,
    **chosen: Any,
) -> None:
    """Summarise all stored explanations by verdict and class."""
    from runner.reports.explanation.search import search_document, search_report
    from runner.reports.output import choose_destination, write_report
    from runner.settings import Settings
    from runner.store.opening import find_store
    from runner.store.queries.explanations import Wanted

    asked = {name: chosen.pop(name) for name in ("true_class", "predicted_class")}
    asked["class"] = chosen.pop("label")
    view = report_view(form, wide=wide, columns=columns)
    wanted = Wanted(**chosen, classes={of: name for of, name in asked.items() if name is not None})
    settings = Settings.from_environment()
    destination = choose_destination(settings.home, "explanations", form, out)
    with answered_if_nothing_is_stored(form, explanations=0, classes=[], cells=[], newest=[]):
        store = find_store(settings)
    document = search_document(store, wanted, newest, masks=form != "table")
    written = write_report(search_report(document), form, destination, view)
    show_written(written)


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
    from runner.store.judging import judge_again

    _, store = open_store()
    done = judge_again(store, experiment)
    if form == "json":
        click.echo(json.dumps(asdict(done)))
        return
    words = f"{done.judged} judged by rules {done.rules}, {done.changed} verdicts changed"
    kept = f"; {done.kept} without evidence keep their verdict" if done.kept else ""
    click.echo(f"experiment {experiment}: {words}{kept}")


COMMANDS = [explanations, explain]
