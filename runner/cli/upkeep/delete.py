"""`runner delete` and `prune`: remove what is not needed, after showing what that is."""

import json
from typing import TYPE_CHECKING

import click

from runner.cli.options import EXPERIMENT, format_option
from runner.cli.output import open_store

if TYPE_CHECKING:
    from runner.store.engine import Store

yes_option = click.option(
    "--yes", is_flag=True, help="Remove what is shown; without this option nothing is removed."
)


@click.command()
@click.argument("experiments", metavar="EXPERIMENT...", type=EXPERIMENT, nargs=-1, required=True)
@yes_option
@format_option
def delete(experiments: tuple[int, ...], form: str, *, yes: bool) -> None:
    """Delete experiments with all results, permanently.

    Without --yes nothing is removed. Jobs must have ended, and no other experiment may be about one
    of the trials.
    """
    from runner.cli.upkeep import directories
    from runner.store.lifecycle.deletion import contents, delete_experiments
    from runner.store.lifecycle.unused import remove_artifacts

    settings, store = open_store()
    numbers = list(dict.fromkeys(experiments))
    found = contents(store, numbers)
    places = directories.report_directories(settings.home, numbers)
    sizes = {
        "checkpoints": found.checkpoints.size,
        "artifacts": found.artifacts.size,
        "reports": directories.size_of(places),
    }
    if yes:
        delete_experiments(store, numbers)
        # All of them: those that a deletion left that was killed here are among them.
        remove_artifacts(store)
        directories.remove(places)
    if form == "json":
        rows = found.rows | {"artifacts": found.artifacts.count}
        document = {"experiments": numbers, "rows": rows, "bytes": sizes, "removed": yes}
        click.echo(json.dumps(document))
        return
    click.echo(f"experiment{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}:")
    if not found.experiments:
        click.echo("  deleted before")
    for name, count in found.rows.items():
        if count and name != "checkpoints":
            click.echo(f"  {name}: {count:,}")
    _say_size("checkpoints", found.checkpoints.count, sizes["checkpoints"])
    _say_size("artifacts that nothing else uses", found.artifacts.count, sizes["artifacts"])
    _say_size("directories of reports", len(places), sizes["reports"])
    if yes:
        click.echo("removed; `runner prune` returns free space of a SQLite file to the disk")
    else:
        click.echo("nothing was removed: repeat the command with --yes")


@click.command()
@click.option("--checkpoints", is_flag=True, help="Remove only checkpoints of jobs that ended.")
@click.option("--artifacts", is_flag=True, help="Remove only artifacts that nothing refers to.")
@yes_option
@format_option
def prune(form: str, *, checkpoints: bool, artifacts: bool, yes: bool) -> None:
    """Remove what no result needs: checkpoints of ended jobs, and unused artifacts.

    Reports of deleted experiments are removed too. Without --yes nothing is removed. A failed or
    cancelled job that is retried later starts again at its first epoch.
    """
    from runner.cli.upkeep import directories
    from runner.store.lifecycle import unused
    from runner.store.queries import sizes

    settings, store = open_store()
    everything = not (checkpoints or artifacts)
    before = sizes.database_size(store)
    kept = unused.ended_checkpoints(store) if checkpoints or everything else unused.NOTHING
    loose = unused.unused_artifacts(store) if artifacts or everything else unused.NOTHING
    gone = sizes.deleted_experiments(store) if everything else []
    places = directories.report_directories(settings.home, gone)
    of_reports = directories.size_of(places)
    free = sizes.free_space(store)
    left = None
    if yes:
        if checkpoints or everything:
            kept = unused.remove_checkpoints(store)
        if artifacts or everything:
            loose = unused.remove_artifacts(store)
        directories.remove(places)
        left = _compact(store)
    after = sizes.database_size(store)
    if form == "json":
        document = {
            "checkpoints": {"count": kept.count, "bytes": kept.size},
            "artifacts": {"count": loose.count, "bytes": loose.size},
            "reports": {"count": len(places), "bytes": of_reports},
            "database_before": before,
            "database_after": after,
            "removed": yes,
        }
        click.echo(json.dumps(document))
        return
    _say_size("checkpoints of jobs that have ended", kept.count, kept.size, shown=True)
    _say_size("artifacts that nothing refers to", loose.count, loose.size, shown=True)
    _say_size("reports of deleted experiments", len(places), of_reports, shown=True)
    if free is not None and not yes:
        click.echo(f"  free space in the database file: {_bytes(free)}")
    click.echo(f"  database: {_bytes(before)}" + (f", now {_bytes(after)}" if yes else ""))
    if left:
        click.echo(left)
    if not yes:
        click.echo("nothing was removed: repeat the command with --yes")


def _compact(store: "Store") -> str | None:
    """Return the free space of a SQLite file to the disk, or say why it stays."""
    from runner.failpoints import failpoint
    from runner.store.queries import sizes

    if sizes.free_space(store) is None:
        return "PostgreSQL reuses the space; VACUUM FULL would return it to the disk"
    if sizes.any_running(store):
        return "the file keeps its size while jobs run: repeat the command when none does"
    failpoint("prune_compact")
    store.compact()
    failpoint("prune_compacted")
    return None


def _say_size(what: str, count: int, size: int, *, shown: bool = False) -> None:
    if count or shown:
        click.echo(f"  {what}: {count:,}" + (f" ({_bytes(size)})" if count else ""))


def _bytes(size: int) -> str:
    if size < 1_000_000:
        return f"{size / 1000:,.1f} kB"
    return f"{size / 1_000_000:,.1f} MB"


COMMANDS = [delete, prune]
