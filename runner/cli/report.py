"""`runner report`: what came out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from runner.report.produce import Produced

BY = ("val_accuracy", "best_val_accuracy", "accuracy", "val_loss", "loss", "seconds")


@click.command()
@click.argument("experiments", metavar="[EXPERIMENT]...", type=int, nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "talos", "markdown", "html"]),
    default="table",
    show_default=True,
    help="table for people; json, csv: all that is known; talos: a CSV that talos.Analyze reads;"
    " html: one file with its pictures.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report to this file, its pictures beside it; else to stdout (html: to a file).",
)
@click.option("--top", type=click.IntRange(1, 10_000), help="A leaderboard of so many trials.")
@click.option("--by", type=click.Choice(BY), help="A leaderboard by this metric.")
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only trials with 'lr=0.001' or 'val_accuracy>0.5', as a leaderboard; repeatable.",
)
def report(experiments: tuple[int, ...], form: str, out: Path | None, **choice: Any) -> None:
    """Show what an experiment found; without a number, the newest that has results.

    With several numbers, or with --top, --by or --where: the leaderboard of their trials together
    (without a number: of all trials).
    """
    from runner.report.produce import summarised

    chosen = len(experiments) > 1 or any(choice.values())
    produced = (
        _leaderboard(experiments, form, out, **choice)
        if chosen
        else _experiment(experiments[0] if experiments else None, form, out)
    )
    if produced.text is not None:
        click.echo(produced.text, nl=False)
    for written in summarised(produced.files):
        click.echo(f"written: {written}", err=True)


def _experiment(experiment: int | None, form: str, out: Path | None) -> "Produced":
    from runner.report.document import report_document
    from runner.report.produce import choose_place, produce
    from runner.settings import Settings
    from runner.store.engine import open_store

    settings = Settings.from_environment()
    store = open_store(settings.database_url)
    document = report_document(store, experiment)
    number = document["experiment"]
    if experiment is None:
        click.echo(f"experiment {number}, the newest that has results", err=True)
    place = choose_place(settings.home, f"experiment-{number}", form, out)
    return produce(store, document, form, place)


def _leaderboard(
    experiments: tuple[int, ...],
    form: str,
    out: Path | None,
    *,
    top: int | None,
    by: str | None,
    where: tuple[str, ...],
) -> "Produced":
    from runner.report.conditions import read_conditions
    from runner.report.leaderboard import TOP, leaderboard_document
    from runner.report.leaderboard_forms import produce_leaderboard
    from runner.report.produce import choose_place
    from runner.settings import Settings
    from runner.store.engine import open_store
    from runner.store.leaderboard import Scope

    if form == "talos":
        raise click.UsageError(
            "--format talos is of one experiment, without --top, --by or --where"
        )
    scope = Scope(tuple(dict.fromkeys(experiments)), read_conditions(where))
    settings = Settings.from_environment()
    place = choose_place(settings.home, "leaderboard", form, out)
    store = open_store(settings.database_url)
    document = leaderboard_document(store, scope, by or BY[0], top or TOP)
    return produce_leaderboard(document, form, place)


COMMANDS = [report]
