"""`runner compare` and `runner diff`: what differs between two trials, or their explanations."""

from pathlib import Path

import click

from runner.cli.options import NUMBER
from runner.cli.output import show_written


@click.command()
@click.argument("first", metavar="TRIAL", type=NUMBER)
@click.argument("second", metavar="TRIAL", type=NUMBER)
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    default="test",
    show_default=True,
    help="The split on which both were evaluated.",
)
@click.option(
    "--folds",
    is_flag=True,
    help="Compare two `submit evaluate --folds` experiments with the same folds.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "html"]),
    default="table",
    show_default=True,
    help=(
        "table: for people; json: one document; html: one file with both confusion matrices and "
        "their differences."
    ),
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the comparison to this file instead of stdout (html: a file under RUNNER_HOME).",
)
def compare(
    first: int, second: int, split: str, form: str, out: Path | None, *, folds: bool
) -> None:
    """Test whether two trials differ significantly.

    Both are compared on the same images. With --folds: compare two k-fold cross-validations on
    the same folds.
    """
    from runner.reports.comparison.folds import fold_comparison_document
    from runner.reports.comparison.trials import comparison_document
    from runner.reports.comparison.view import comparison_report, fold_comparison_report
    from runner.reports.output import choose_destination, write_report
    from runner.settings import Settings
    from runner.store.opening import find_store

    if first == second:
        raise click.UsageError(f"name two different {'experiments' if folds else 'trials'}")
    given = click.get_current_context().get_parameter_source("split")
    if folds and given is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError(
            "--folds compares the held-out images of each fold and cannot be combined with --split"
        )
    settings = Settings.from_environment()
    store = find_store(settings)
    if folds:
        report = fold_comparison_report(fold_comparison_document(store, (first, second)))
    else:
        report = comparison_report(comparison_document(store, (first, second), split))
    name = f"compare{'-folds' if folds else ''}-{first}-{second}"
    show_written(write_report(report, form, choose_destination(settings.home, name, form, out)))


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


COMMANDS = [compare, diff]
