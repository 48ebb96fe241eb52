"""`runner compare` and `runner diff`: what differs between two trials, or their explanations."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli.completion.values import compared
from runner.cli.options import EXPERIMENT, NUMBER, Command, columns_option, wide_option
from runner.cli.output import report_view, show_written
from runner.cli.wording.fitting import say
from runner.errors import ExitCode

if TYPE_CHECKING:
    from runner.reports.gate import Limit
    from runner.reports.records import CheckedCondition


def _fail_if(help_text: str) -> Callable[[Command], Command]:
    """Return the option `--fail-if` with this explanation of what a condition can name."""
    return click.option(
        "--fail-if",
        "conditions",
        multiple=True,
        metavar="CONDITION",
        help=(
            "End with exit code 1 if the condition holds for the whole 95 % interval: "
            f"{help_text}; repeatable."
        ),
    )


@click.command()
@click.argument("words", metavar="TRIAL TRIAL", nargs=2, shell_complete=compared)
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
@_fail_if("'accuracy < -0.01' is about the accuracy of the second minus that of the first")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "html", "junit"]),
    default="table",
    show_default=True,
    help=(
        "table: for people; json: one document; html: one file with both confusion matrices and "
        "their differences; junit: a test case for each --fail-if."
    ),
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the comparison to this file instead of stdout (html: a file under RUNNER_HOME).",
)
@wide_option
@columns_option
def compare(
    words: tuple[str, str],
    split: str,
    conditions: tuple[str, ...],
    form: str,
    out: Path | None,
    *,
    folds: bool,
    **shown: Any,
) -> None:
    """Test whether two trials differ significantly.

    Both are compared on the same images. With --folds: compare two k-fold cross-validations on
    the same folds.
    """
    from dataclasses import replace

    from runner.reports.comparison.folds import fold_comparison_document, fold_measures
    from runner.reports.comparison.trials import ACCURACY, comparison_document, measures
    from runner.reports.comparison.view import comparison_report, fold_comparison_report
    from runner.reports.gate import checked
    from runner.reports.output import choose_destination, write_report
    from runner.settings import Settings
    from runner.store.opening import find_store

    # Only an experiment may have a name.
    number = EXPERIMENT if folds else NUMBER
    first, second = pair = number(words[0]), number(words[1])
    if first == second:
        raise click.UsageError(f"name two different {'experiments' if folds else 'trials'}")
    given = click.get_current_context().get_parameter_source("split")
    if folds and given is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError(
            "--folds compares the held-out images of each fold and cannot be combined with --split"
        )
    limits, view = _limits(conditions, [ACCURACY], form), report_view(form, **shown)
    settings = Settings.from_environment()
    store = find_store(settings)
    if folds:
        of_folds = fold_comparison_document(store, pair)
        found = checked(limits, fold_measures(of_folds))
        report = fold_comparison_report(replace(of_folds, conditions=found))
    else:
        of_trials = comparison_document(store, pair, split)
        found = checked(limits, measures(of_trials))
        report = comparison_report(replace(of_trials, conditions=found))
    name = f"compare{'-folds' if folds else ''}-{first}-{second}"
    destination = choose_destination(settings.home, name, form, out)
    show_written(write_report(report, form, destination, view))
    _end(found)


@click.command()
@click.argument(
    "numbers", metavar="EXPERIMENT EXPERIMENT...", type=EXPERIMENT, nargs=-1, required=True
)
@_fail_if("'shared_weight < 0.5' is about the mean over all images")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "markdown", "html", "junit"]),
    default="table",
    show_default=True,
    help=(
        "table: for people; json, csv: every image; markdown, html: a report with figures; "
        "junit: a test case for each --fail-if."
    ),
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report to this file instead of stdout (html: a file under RUNNER_HOME).",
)
@wide_option
def diff(
    numbers: tuple[int, ...],
    conditions: tuple[str, ...],
    form: str,
    out: Path | None,
    *,
    wide: bool,
) -> None:
    """Compare the explanations of two experiments. Shows where they differ most.

    With more experiments: how much each has in common with the others, next to its accuracy.
    """
    from dataclasses import replace

    from runner.reports.explanation.agreement import agreement_document, agreement_report
    from runner.reports.explanation.difference import difference_document
    from runner.reports.explanation.difference_view import difference_report
    from runner.reports.explanation.limited import measures
    from runner.reports.explanation.pairs import WITH_INTERVAL
    from runner.reports.gate import checked
    from runner.reports.output import choose_destination, write_report
    from runner.settings import Settings
    from runner.store.opening import find_store

    if len(set(numbers)) < max(2, len(numbers)):
        raise click.UsageError("name two different experiments, or more")
    limits, view = _limits(conditions, WITH_INTERVAL, form), report_view(form, wide=wide)
    if limits and len(numbers) > 2:
        raise click.UsageError("--fail-if can be used with two experiments only")
    settings = Settings.from_environment()
    store = find_store(settings)
    name = f"diff-{'-'.join(map(str, numbers))}"
    destination = choose_destination(settings.home, name, form, out)
    if len(numbers) > 2:
        several = agreement_report(agreement_document(store, numbers))
        show_written(write_report(several, form, destination, view))
        return
    first, second = numbers
    document = difference_document(store, (first, second))
    found = checked(limits, measures(document))
    report = difference_report(replace(document, conditions=found))
    show_written(write_report(report, form, destination, view))
    _end(found)


def _limits(conditions: Sequence[str], names: Sequence[str], form: str) -> "list[Limit]":
    """Return the parsed conditions, before anything is read or written."""
    from runner.reports.gate import read_limits

    if form == "junit" and not conditions:
        raise click.UsageError("--format junit has a test case for each --fail-if: give one")
    return read_limits(conditions, names)


def _end(conditions: "Sequence[CheckedCondition]") -> None:
    """Report the conditions that did not pass; end with exit code 1 if one failed."""
    from runner.reports.records import FAILED, PASSED

    for condition in conditions:
        if condition.outcome != PASSED:
            words = f"{condition.outcome}: {condition.condition}: {condition.reason}"
            say(words)
    if any(condition.outcome == FAILED for condition in conditions):
        sys.exit(ExitCode.JOB_FAILED)


COMMANDS = [compare, diff]
