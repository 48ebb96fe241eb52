"""Lay out a leaderboard."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

from cifar_model.objective import is_smaller_better, reported
from runner.reports.comparison.trials import verdict
from runner.reports.evaluation import SCORES, loss_rule_notes, mixed_rules_note
from runner.reports.formats.csv_file import Cell, as_csv
from runner.reports.groups import (
    brief_group_parts,
    group_answer,
    group_option,
    group_parts,
    group_rows,
    groups_table,
    sheet_columns,
)
from runner.reports.labels import named
from runner.reports.leaderboard import TOP, LeaderboardDocument
from runner.reports.leaders import COLUMNS, ORIGIN, sheet_row
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Report,
    Table,
    as_text,
    captioned,
    dataset_name,
    next_steps,
    with_interval,
)
from runner.reports.records import chosen, values
from runner.reports.selection import (
    VALIDATION_SHARES,
    answer,
    score_text,
    winner_notes,
    without_metric,
)
from runner.reports.stats.param_importance import INFLUENCE, INFLUENCES
from runner.store.queries.leaderboard import METRICS

MOST_COMMANDS = 10

# What is shown beside the metric that ranks.
RESULTS = ("val_loss", "accuracy", "seconds", "reused")

COUNTS = ("name", "train_images", "val_images", "loss_rule", "not_reproducible", "reused")

# Columns that are shown only if they differ between the trials, like params.
OF_ORIGIN = ("experiment", "name", "dataset", "train_images", "seed")


def leaderboard_title(document: LeaderboardDocument) -> str:
    """Return the title of a leaderboard."""
    numbers = [named(command.experiment, command.name) for command in document.commands]
    if not numbers:
        return "Leaderboard"
    if len(numbers) > 5:
        return f"Leaderboard of {len(numbers)} experiments"
    return f"Leaderboard of experiment{'s' * (len(numbers) > 1)} {', '.join(numbers)}"


def leaderboard_parts(document: LeaderboardDocument) -> list[Part]:
    """Return the parts of a leaderboard."""
    parts: list[Part] = [
        Note(_heading(document)),
        *_unranked(document),
        *_several_datasets(document),
        *_commands(document),
    ]
    if document.groups:
        title = titled_leaderboard(document, "Best groups of trials")
        parts += group_parts(title, document.groups, document.group_by, document.by)
        parts += _loss_rules(document)
    elif document.trials:
        parts += [_best(document), *_loss_rules(document), *_constants(document)]
    parts += [*_winner(document), *_influences(document)]
    return [*parts, *_evaluations(document, titled_leaderboard(document, "Evaluations"))]


def _heading(document: LeaderboardDocument) -> str:
    where = " and ".join(document.where)
    if not document.count + document.without:
        return f"no trials{' with ' if where else ''}{where}"
    return (
        f"the first {_shown(document)} of {document.count:,}"
        f" trials{' with ' if where else ''}{where}, ranked by {document.by}, {document.order}"
    )


def _unranked(document: LeaderboardDocument) -> Iterator[Note]:
    """Yield a note of the trials that have no value of the metric."""
    if document.without:
        yield Note(without_metric(document.without, document.by, "--by METRIC chooses another"))


def _evaluations(document: LeaderboardDocument, title: str) -> list[Part]:
    parts: list[Part] = []
    if document.evaluations:
        rows = [values(evaluation, SCORES) for evaluation in document.evaluations]
        parts.append(Table(title, SCORES, rows, sortable=True))
    parts += [Note(verdict(comparison)) for comparison in document.comparisons]
    if len(document.comparisons) > 1:
        count = len(document.comparisons)
        parts.append(Note(f"Each p is multiplied by {count}, the number of comparisons."))
    return parts


def brief_leaderboard_parts(document: LeaderboardDocument) -> list[Part]:
    """Return the parts for a terminal: which trial is the best, then one table of the trials."""
    parts: list[Part] = [
        *(Note(dataset_name(dataset)) for dataset in document.datasets),
        Note(_heading(document)),
        *_unranked(document),
        *_several_datasets(document),
    ]
    again = _command(document)
    steps = [(f"{again} --wide", "everything"), (f"{again} --format html", "with figures")]
    if document.winner and document.trials:
        first = document.trials[0]
        score = score_text(first, document.by, first.val_images)
        if document.groups:
            best = f"Best single trial: {first.trial}, {document.by} {score}."
            said = f"{group_answer(document.groups, document.group_by, document.by)} {best}"
        else:
            said = answer(document.winner, document.trials, document.by, first.val_images)
        parts += [
            Note(said),
            *_loss_rules(document),
            *_brief_table(document),
        ]
        by_epoch = "the best single trial" if document.groups else "its scores by epoch"
        steps.insert(0, (f"runner show {first.trial}", by_epoch))
    if not document.count:
        steps = [("runner status", "the experiments and their jobs")]
    return [*parts, *_evaluations(document, "Evaluations"), next_steps(steps)]


def _brief_table(document: LeaderboardDocument) -> list[Part]:
    if document.groups:
        return brief_group_parts(document.groups, document.group_by, document.by)
    legend = "noise: not significantly worse than the best; intervals are 95 % intervals."
    return [_brief_trials(document), *([Note(legend)] if document.by in VALIDATION_SHARES else [])]


def _brief_trials(document: LeaderboardDocument) -> Table:
    """Return the trials with what differs between them, each val_accuracy with its interval."""
    table = trials_table(document)
    origin = [name for name in OF_ORIGIN if name != "dataset" or len(document.datasets) > 1]
    important = [row.param for row in document.influence.params if row.param in document.differing]
    names = [
        *("rank", "trial", document.by, "val_accuracy"),
        *(["noise"] if document.by in VALIDATION_SHARES else []),
        "experiment",
        *(*important, *document.differing, *origin, *RESULTS),
    ]
    names = [name for name in dict.fromkeys(names) if name not in _empty(document)]
    shown = table.with_columns(names)
    rows = [
        [
            with_interval(cell, trial.val_accuracy_interval) if name == "val_accuracy" else cell
            for name, cell in zip(names, row, strict=True)
        ]
        for row, trial in zip(shown.rows, document.trials, strict=True)
    ]
    return replace(shown, title="", rows=rows)


def _empty(document: LeaderboardDocument) -> set[str]:
    """Return the columns that no trial has a value of: trainers report what they like."""
    names = ("val_accuracy", "val_accuracy_interval", "val_loss", "accuracy", "reused")
    return {name for name in names if all(getattr(of, name) is None for of in document.trials)}


def trials_table(document: LeaderboardDocument) -> Table:
    """Return one table of the trials with every column."""
    scores = ("rank", "trial", "val_accuracy", "val_accuracy_interval", "noise")
    rest = [name for name in (*METRICS, *ORIGIN, *COUNTS) if name not in scores]
    others = reported(document.trials, ())
    names = list(dict.fromkeys(name for trial in document.trials for name in trial.params))
    return Table(
        titled_leaderboard(document, "Best trials"),
        (*scores, *rest, *others, *(name for name in names if name not in others)),
        [
            [
                *values(trial, [*scores, *rest]),
                *map(trial.metrics.get, others),
                *(trial.params.get(name) for name in names if name not in others),
            ]
            for trial in document.trials
        ],
        marks=["best" if trial.rank == 1 else "" for trial in document.trials],
    )


def _shown(document: LeaderboardDocument) -> str:
    if document.groups:
        return f"{len(document.groups)} groups"
    return str(len(document.trials))


def _best(document: LeaderboardDocument) -> Table:
    trials = document.trials
    origin = [name for name in OF_ORIGIN if len({getattr(trial, name) for trial in trials}) > 1]
    compared = ["noise"] if any(trial.noise is not None for trial in trials) else []
    # The most important columns come first, because a phone shows only a few.
    metrics = dict.fromkeys((document.by, "val_accuracy", "val_accuracy_interval", *compared))
    metrics |= dict.fromkeys((*RESULTS, *reported(trials, ())))
    empty = _empty(document)
    names = [name for name in ("rank", "trial", *metrics, *origin) if name not in empty]
    params = [name for name in document.differing if name not in names]
    table = trials_table(document).with_columns([*names, *params])
    return Table(
        titled_leaderboard(document, "Best trials"),
        table.columns,
        table.rows,
        sortable=True,
    )


def _constants(document: LeaderboardDocument) -> Iterator[Note]:
    """Yield a note of the params that are the same in all trials and so have no column."""
    params = document.trials[0].params
    same = [
        f"{name} {as_text(value)}"
        for name, value in params.items()
        if name not in document.differing
    ]
    if same:
        yield Note(f"the same in all trials shown: {', '.join(same)}")


def _loss_rules(document: LeaderboardDocument) -> Iterator[Note]:
    yield from mixed_rules_note(document.by, document.loss_rules)
    yield from loss_rule_notes("val_loss", document.trials)


def _commands(document: LeaderboardDocument) -> Iterator[Note]:
    for command in document.commands[:MOST_COMMANDS]:
        tags = f" [{', '.join(command.tags)}]" if command.tags else ""
        number = named(command.experiment, command.name)
        yield Note(f"experiment {number}{tags}: {command.command}")
    left = len(document.commands) - MOST_COMMANDS
    if left > 0:
        yield Note(f"and {left} more experiments")


def _several_datasets(document: LeaderboardDocument) -> Iterator[Note]:
    if len(document.datasets) > 1:
        yield Note(
            f"The trials use {len(document.datasets)} data sets: scores on different images are not"
            " comparable.",
            warning=True,
        )


def _winner(document: LeaderboardDocument) -> Iterator[Note]:
    if document.winner:
        images = document.trials[0].val_images
        # `noise` is a column of the table of trials, which groups replace.
        trials = [] if document.groups else document.trials
        yield from winner_notes(document.winner, trials, document.by, images)


def _influences(document: LeaderboardDocument) -> list[Part]:
    found = document.influence
    if not found.params:
        return []
    title = (
        f"Hyperparameter importance for {document.by} ({found.trials:,} of"
        f" {document.count:,} trials)"
    )
    rows = [values(param, INFLUENCE) for param in found.params]
    return [
        Table(titled_leaderboard(document, title), INFLUENCE, rows, sortable=True),
        Note(INFLUENCES),
    ]


def titled_leaderboard(document: LeaderboardDocument, what: str) -> str:
    """Return a title that names the data sets."""
    return " - ".join([what, *filter(None, ["; ".join(map(dataset_name, document.datasets))])])


def leaderboard_report(document: LeaderboardDocument) -> Report:
    """Return the report of a leaderboard."""
    return Report(
        leaderboard_title(document),
        document,
        lay_out=lambda figures: [*leaderboard_parts(document), *figures],
        brief=lambda: brief_leaderboard_parts(document),
        main=lambda: _main_table(document),
        draw=lambda: _draw(document),
        texts={"csv": lambda: as_csv(*_sheet(document))},
        exports={"parquet": lambda: _parquet(document)},
    )


def _main_table(document: LeaderboardDocument) -> Table:
    if document.group_by:
        return groups_table(titled_leaderboard(document, "Groups"), document.groups, document.by)
    return trials_table(document)


def _parquet(document: LeaderboardDocument) -> list[tuple[Path, bytes]]:
    from runner.reports.formats.parquet import as_parquet

    about = chosen(document, ("datasets", "commands", "by", "where"))
    return [(Path(), as_parquet(*_sheet(document), about))]


def _draw(document: LeaderboardDocument) -> list[Figure]:
    from runner.reports.figures.parallel import draw_parallel

    by = document.by
    title = titled_leaderboard(document, f"Parallel coordinates of trials: parameters and {by}")
    drawn = draw_parallel(title, document.trials, by, smaller_is_better=is_smaller_better(by))
    commands = "; ".join(command.command for command in document.commands)
    caption = f"Results of: {commands} \N{MIDDLE DOT} figure drawn by: {_command(document)}"
    return captioned([drawn], caption) if drawn else []


def _command(document: LeaderboardDocument) -> str:
    """Return the command that shows this leaderboard again."""
    numbers = "".join(f" {number}" for number in document.experiments)
    by = f" --by {document.by}" if document.by != VALIDATION_SHARES[0] else ""
    where = "".join(f" --where {quote(condition)}" for condition in document.where)
    is_leaderboard = len(document.experiments) > 1 or by or where
    top = "" if is_leaderboard and document.top == TOP else f" --top {document.top}"
    group_by = group_option(document.group_by) if document.group_by else ""
    return f"runner report{numbers}{top}{by}{where}{group_by}"


def _sheet(document: LeaderboardDocument) -> tuple[list[dict[str, Cell]], Sequence[str]]:
    """Return the rows and the columns of CSV and Parquet."""
    if document.group_by:
        return group_rows(document.groups, document.by), sheet_columns(document.groups)
    rows = [sheet_row(trial) for trial in document.trials]
    return rows, tuple(dict.fromkeys((*COLUMNS, *(name for row in rows for name in row))))
