"""`runner edit`, `archive` and `unarchive`: names of experiments, and where they are listed."""

import json
from typing import Any

import click

from runner.cli.options import EXPERIMENT, format_option
from runner.cli.output import open_store


@click.command()
@click.argument("experiment", type=EXPERIMENT)
@click.option("--name", help="Set the name, which commands accept in place of the number.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Add a tag; repeatable.")
@click.option("--untag", multiple=True, metavar="TAG", help="Remove a tag; repeatable.")
@click.option("--note", help="Set the note; it may have several lines.")
@click.option("--clear-name", is_flag=True, help="Remove the name.")
@click.option("--clear-note", is_flag=True, help="Remove the note.")
@format_option
def edit(experiment: int, form: str, **options: Any) -> None:
    """Change the name, tags or note of an experiment."""
    from runner.reports.labels import labels
    from runner.store import queries
    from runner.store.lifecycle import naming
    from runner.store.names import composed, read_label

    for what in ("name", "note"):
        if options[what] is not None and options[f"clear_{what}"]:
            raise click.UsageError(f"--clear-{what} cannot be combined with --{what}")
    if both := sorted(set(map(composed, options["tags"])) & set(map(composed, options["untag"]))):
        raise click.UsageError(f"--tag {both[0]} cannot be combined with --untag {both[0]}")
    label = read_label(options.pop("name"), options.pop("tags"), options.pop("note"))
    change = naming.Edit(label, **options)
    if change == naming.Edit():
        raise click.UsageError("nothing to change: give --name, --tag, --untag or --note")
    _, store = open_store()
    naming.edit(store, experiment, change)
    found = queries.experiment(store, experiment)
    document = {
        "experiment": found.id,
        "name": found.name,
        "tags": found.tags,
        "note": found.note,
        "archived": found.archived_at is not None,
    }
    words = [f"experiment {found.id}", *labels(found.name, found.tags, found.note)]
    click.echo(json.dumps(document) if form == "json" else "\n  ".join(words))


@click.command()
@click.argument("experiments", metavar="EXPERIMENT...", type=EXPERIMENT, nargs=-1, required=True)
@format_option
def archive(experiments: tuple[int, ...], form: str) -> None:
    """Hide experiments from lists and leaderboards. Nothing is removed."""
    _archive(experiments, form, archived=True)


@click.command()
@click.argument("experiments", metavar="EXPERIMENT...", type=EXPERIMENT, nargs=-1, required=True)
@format_option
def unarchive(experiments: tuple[int, ...], form: str) -> None:
    """Show archived experiments in lists and leaderboards again."""
    _archive(experiments, form, archived=False)


def _archive(experiments: tuple[int, ...], form: str, *, archived: bool) -> None:
    from runner.store.lifecycle import naming

    numbers = list(dict.fromkeys(experiments))
    changed = naming.archive(open_store()[1], numbers, archived=archived)
    what = "archived" if archived else "no longer archived"
    same = f" ({len(numbers) - changed} already)" if changed < len(numbers) else ""
    words = f"experiment{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}: {what}{same}"
    document = {"experiments": numbers, "archived": archived, "changed": changed}
    click.echo(json.dumps(document) if form == "json" else words)


COMMANDS = [edit, archive, unarchive]
