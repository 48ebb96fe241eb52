"""`runner report`: what came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli.completion.values import conditions, metrics
from runner.cli.options import EXPERIMENT, columns_option, wide_option
from runner.cli.output import answered_if_nothing_is_stored, report_view, show_written
from runner.cli.wording.fitting import say

if TYPE_CHECKING:
    from runner.reports.formats.terminal import View
    from runner.reports.output import Written
    from runner.settings import Settings
    from runner.store.engine import Store

# With more, nobody reads a table of all, and to read every epoch takes gigabytes.
MOST_JOBS = 2_000

# Formats of other programs, which have trials and no groups.
BY_TRIAL = ("talos", "tensorboard", "optuna")


@dataclass(frozen=True, slots=True)
class Choice:
    """Say which trials are shown, in which order, and by which params they are grouped."""

    top: int | None
    by: str | None
    where: tuple[str, ...]
    archived: bool
    group_by: Sequence[str] | None

    def asked(self) -> bool:
        """Tell whether a leaderboard was asked for."""
        return bool(self.top or self.by or self.where or self.archived)


@dataclass(frozen=True, slots=True)
class Target:
    """The format of a report, its file, and how it is shown on a terminal."""

    form: str
    out: Path | None
    view: "View"


@click.command()
@click.argument("experiments", metavar="[EXPERIMENT]...", type=EXPERIMENT, nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(
        ["table", "json", "csv", "talos", "markdown", "html", "parquet", "tensorboard", "optuna"]
    ),
    default="table",
    show_default=True,
    help=(
        "table: for people; json, csv: all fields; talos: a CSV for talos.Analyze; html: one "
        "file with its figures; parquet, tensorboard, optuna: files for these tools."
    ),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=(
        "Write the report to this file (tensorboard: directory), with its figures beside it, "
        "instead of stdout (html, parquet, tensorboard, optuna: under RUNNER_HOME)."
    ),
)
@click.option(
    "--top", type=click.IntRange(1, 10_000), help="Show a leaderboard of the N best trials."
)
@click.option(
    "--by",
    metavar="METRIC",
    shell_complete=metrics,
    help="Show a leaderboard ranked by this metric, such as val_loss, or one of a trainer's own.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    shell_complete=conditions,
    help=(
        "Show a leaderboard of the matching trials, for example 'lr=0.001' or "
        "'val_accuracy>0.5', 'tag=NAME' or 'name=NAME'; repeatable."
    ),
)
@click.option(
    "--group-by",
    metavar="PARAMS",
    help=(
        "Show groups of trials with the same values of these params, for example "
        "'optimizer,lr', with the mean over seeds; all: of all params; none: trials."
    ),
)
@click.option(
    "--all", "archived", is_flag=True, help="Show a leaderboard that includes archived experiments."
)
@wide_option
@columns_option
def report(
    experiments: tuple[int, ...],
    form: str,
    out: Path | None,
    group_by: str | None,
    *,
    wide: bool,
    columns: str | None,
    **chosen: Any,
) -> None:
    """Report the results of an experiment. The default is the newest that has results.

    With several experiments, or with --top, --by or --where: a leaderboard of all their trials
    (without a number: of all trials). Experiments with thousands of trials get a leaderboard too.

    Trials of an experiment with --repeats are grouped by their params unless --group-by says
    otherwise.
    """
    from runner.reports.experiment.document import chosen_experiment
    from runner.reports.groups import read_group_by
    from runner.reports.output import FOR_PEOPLE
    from runner.settings import Settings
    from runner.store.opening import find_store

    settings = Settings.from_environment()
    choice = Choice(**chosen, group_by=read_group_by(group_by, _own_names(settings, group_by)))
    if choice.group_by and form in BY_TRIAL:
        raise click.UsageError(f"--format {form} has trials and cannot be combined with --group-by")
    target = Target(form, out, report_view(form, wide=wide, columns=columns))
    if experiments:
        store = find_store(settings)
    else:
        with answered_if_nothing_is_stored(form, experiments=[], trials=[]):
            store = find_store(settings)
    if len(experiments) > 1 or choice.asked():
        written = _leaderboard(settings, store, experiments, choice, target)
    else:
        grouped = bool(choice.group_by)
        given = experiments[0] if experiments else None
        number, jobs = chosen_experiment(store, given, trains=grouped)
        if not experiments:
            say(f"experiment {number}, the newest that has {'trials' if grouped else 'results'}")
        if jobs > MOST_JOBS and form in FOR_PEOPLE:
            words = (
                f"experiment {number} has {jobs:,} jobs: showing the best trials; use --format "
                "csv for all"
            )
            say(words)
            written = _leaderboard(settings, store, (number,), choice, target)
        else:
            written = _experiment(settings, store, number, choice.group_by, target)
    show_written(written)


def _experiment(
    settings: "Settings",
    store: "Store",
    number: int,
    group_by: Sequence[str] | None,
    target: Target,
) -> "Written":
    from runner.reports.experiment.document import report_document
    from runner.reports.experiment.report import experiment_report
    from runner.reports.output import choose_destination, write_report

    destination = choose_destination(settings.home, f"experiment-{number}", target.form, target.out)
    document = report_document(store, number, group_by)
    report = experiment_report(store, document, grouped=bool(group_by))
    return write_report(report, target.form, destination, target.view)


def _own_names(settings: "Settings", group_by: str | None) -> list[str]:
    """Return the parameters of users' networks, if the store has to be asked for them."""
    from runner.reports.groups import ALL, NONE
    from runner.store.opening import NoStoreYet, find_store
    from runner.store.queries.names import own_parameters

    if group_by in (None, ALL, NONE):
        return []
    try:
        store = find_store(settings)
    except NoStoreYet:
        return []
    with store.read() as connection:
        return list(own_parameters(connection))


def _leaderboard(
    settings: "Settings",
    store: "Store",
    experiments: tuple[int, ...],
    choice: Choice,
    target: "Target",
) -> "Written":
    from runner.reports.filters import conditions_in
    from runner.reports.leaderboard import TOP, leaderboard_document
    from runner.reports.leaderboard_view import leaderboard_report
    from runner.reports.output import choose_destination, write_report
    from runner.store.queries.leaderboard import Scope

    if target.form in BY_TRIAL:
        raise click.UsageError(
            f"--format {target.form} reports one whole experiment and cannot be combined with "
            "--top or --where"
        )
    conditions = conditions_in(store, choice.where)
    scope = Scope(tuple(dict.fromkeys(experiments)), conditions, choice.archived)
    destination = choose_destination(settings.home, "leaderboard", target.form, target.out)
    document = leaderboard_document(
        store, scope, choice.by, choice.top or TOP, choice.group_by or ()
    )
    return write_report(leaderboard_report(document), target.form, destination, target.view)


COMMANDS = [report]
