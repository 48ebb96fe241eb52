"""Leaderboards: the best trials of one or several experiments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from cifar_model.params import ParamValue
from runner.reports.comparison.trials import Comparison, comparisons, verdict
from runner.reports.evaluation import SCORES, evaluations_of, loss_rule_notes, mixed_rules_note
from runner.reports.formats.csv_file import Cell, as_csv
from runner.reports.groups import (
    SHEET,
    RankedGroup,
    all_groups,
    group_parts,
    group_rows,
)
from runner.reports.labels import named
from runner.reports.leaders import COLUMNS, Leader, leader, sheet_row
from runner.reports.lookup import experiment_row
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Report,
    Table,
    as_text,
    captioned,
    dataset_name,
    each_dataset,
)
from runner.reports.records import DatasetName, Evaluation, chosen, values
from runner.reports.selection import Winner, noise, winner, winner_notes
from runner.reports.stats.param_importance import (
    INFLUENCE,
    INFLUENCES,
    Influence,
    differing,
    influence,
)
from runner.reports.stats.ranking import effective
from runner.reports.stats.selection_bias import Chance, Repeats
from runner.states import Kind
from runner.store.engine import Connection, Store
from runner.store.queries import leaderboard
from runner.store.queries.leaderboard import SMALLER_IS_BETTER, Scope
from runner.store.queries.rows import LeaderRow

# The number of trials used for importance; reading the params of 100,000 trials takes seconds.
MOST_PARAMS = 2_000

TOP = 20


@dataclass(frozen=True, slots=True)
class Command:
    """The command that submitted an experiment."""

    experiment: int
    command: str
    name: str | None
    tags: list[str]


@dataclass(frozen=True, slots=True)
class Influences:
    """The importance of params for the metric, and the number of trials it was computed from."""

    trials: int
    params: list[Influence]


@dataclass(frozen=True, slots=True)
class LeaderboardDocument:
    """The best trials by a metric, the params that vary, and how reliable the ranking is."""

    experiments: list[int]
    datasets: list[DatasetName]
    commands: list[Command]
    by: str
    order: str
    where: list[str]
    top: int
    count: int
    loss_rules: list[int]
    trials: list[Leader]
    group_by: list[str]
    groups: list[RankedGroup]
    differing: list[str]
    influence: Influences
    winner: Winner | None
    evaluations: list[Evaluation]
    comparisons: list[Comparison]
    files: list[str]


def leaderboard_document(
    store: Store, scope: Scope, by: str, top: int, group_by: Sequence[str] = ()
) -> LeaderboardDocument:
    """Return the document of the best `top` trials by a metric, and of their best `top` groups.

    All trials in the scope are grouped by the params `group_by`.
    """
    with store.read() as connection:
        for number in scope.experiments:
            experiment_row(connection, number)
        document = _document(connection, scope, by, top)
        if group_by:
            groups = all_groups(connection, scope, by, group_by)[:top]
            document = replace(document, group_by=list(group_by), groups=groups)
    return replace(document, comparisons=comparisons(store, document.evaluations))


def _document(connection: Connection, scope: Scope, by: str, top: int) -> LeaderboardDocument:
    experiments = leaderboard.experiments(connection, scope)
    count = leaderboard.count(connection, scope)
    chance = Chance(count, Repeats(*leaderboard.repeats(connection, scope, by)))
    trials = _leaders(leaderboard.best(connection, scope, by, top), by, chance)
    first = trials[0] if trials else None
    return LeaderboardDocument(
        experiments=[row.experiment for row in experiments],
        datasets=each_dataset(row.dataset for row in experiments),
        commands=[Command(row.experiment, row.command, row.name, row.tags) for row in experiments],
        by=by,
        order="smallest first" if by in SMALLER_IS_BETTER else "largest first",
        where=[f"{c.name}{c.operator}{_text(c.value)}" for c in scope.conditions],
        top=top,
        count=count,
        loss_rules=leaderboard.loss_rules(connection, scope),
        trials=trials,
        group_by=[],
        groups=[],
        differing=differing([trial.params for trial in trials]),
        influence=_influence(connection, scope, by, count),
        winner=winner(connection, first, by, chance, first.val_images) if first else None,
        evaluations=[
            evaluation
            for row in experiments
            if row.kind == Kind.EVALUATE
            for evaluation in evaluations_of(connection, experiment=row.experiment)
            if evaluation.fold is None
        ],
        comparisons=[],
        files=[],
    )


def _leaders(rows: Sequence[LeaderRow], by: str, chance: Chance) -> list[Leader]:
    """Return the trials with their ranks.

    Only trials with the same data set as the first have a `noise` value.
    """
    ranks: dict[float, int] = {}
    leaders = []
    for place, row in enumerate(rows, start=1):
        rank = ranks.setdefault(getattr(row, by), place)
        comparable = row.dataset.fingerprint == rows[0].dataset.fingerprint
        images = row.dataset.images.validation
        behind = noise(rows[0], row, by, chance, images) if comparable else None
        leaders.append(leader(row, rank, behind))
    return leaders


def _influence(connection: Connection, scope: Scope, by: str, count: int) -> Influences:
    step = -(-count // MOST_PARAMS) or 1
    rows = leaderboard.some(connection, scope, by, step)
    params = [effective(row.params) for row in rows]
    return Influences(len(rows), influence(params, [row.metric for row in rows]))


def _text(value: ParamValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


MOST_COMMANDS = 10

# Columns that are shown only if they differ between the trials, like params.
OF_ORIGIN = ("experiment", "name", "dataset", "train_images", "seed")


def leaderboard_title(document: LeaderboardDocument) -> str:
    """Return the title of a leaderboard."""
    numbers = [named(command.experiment, command.name) for command in document.commands]
    if len(numbers) > 5:
        return f"Leaderboard of {len(numbers)} experiments"
    return f"Leaderboard of experiment{'s' * (len(numbers) > 1)} {', '.join(numbers)}"


def leaderboard_parts(document: LeaderboardDocument) -> list[Part]:
    """Return the parts of a leaderboard."""
    where = " and ".join(document.where)
    parts: list[Part] = [
        Note(
            f"the first {_shown(document)} of {document.count:,}"
            f" trials{' with ' if where else ''}{where}, ranked by {document.by}, {document.order}"
        ),
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
    if document.evaluations:
        title = titled_leaderboard(document, "Evaluations")
        rows = [values(evaluation, SCORES) for evaluation in document.evaluations]
        parts.append(Table(title, SCORES, rows, sortable=True))
    parts += [Note(verdict(comparison)) for comparison in document.comparisons]
    if len(document.comparisons) > 1:
        count = len(document.comparisons)
        parts.append(Note(f"Each p is multiplied by {count}, the number of comparisons."))
    return parts


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
    metrics |= dict.fromkeys(("val_loss", "accuracy", "seconds"))
    names = ["rank", "trial", *metrics, *origin]
    return Table(
        titled_leaderboard(document, "Best trials"),
        [*names, *document.differing],
        [
            [*values(trial, names), *(trial.params[name] for name in document.differing)]
            for trial in trials
        ],
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
    return f"{what} - {'; '.join(map(dataset_name, document.datasets))}"


def leaderboard_report(document: LeaderboardDocument) -> Report:
    """Return the report of a leaderboard."""
    return Report(
        leaderboard_title(document),
        document,
        lay_out=lambda figures: [*leaderboard_parts(document), *figures],
        draw=lambda: _draw(document),
        texts={"csv": lambda: as_csv(*_sheet(document))},
        exports={"parquet": lambda: _parquet(document)},
    )


def _parquet(document: LeaderboardDocument) -> list[tuple[Path, bytes]]:
    from runner.reports.formats.parquet import as_parquet

    about = chosen(document, ("datasets", "commands", "by", "where"))
    return [(Path(), as_parquet(*_sheet(document), about))]


def _draw(document: LeaderboardDocument) -> list[Figure]:
    from runner.reports.figures.parallel import draw_parallel

    by = document.by
    title = titled_leaderboard(document, f"Parallel coordinates of trials: parameters and {by}")
    drawn = draw_parallel(title, document.trials, by, smaller_is_better=by in SMALLER_IS_BETTER)
    commands = "; ".join(command.command for command in document.commands)
    caption = f"Results of: {commands} \N{MIDDLE DOT} figure drawn by: {_command(document)}"
    return captioned([drawn], caption) if drawn else []


def _command(document: LeaderboardDocument) -> str:
    """Return the command that shows this leaderboard again."""
    numbers = " ".join(map(str, document.experiments))
    where = "".join(f" --where {quote(condition)}" for condition in document.where)
    group_by = f" --group-by {','.join(document.group_by)}" if document.group_by else ""
    return f"runner report {numbers} --top {document.top} --by {document.by}{where}{group_by}"


def _sheet(document: LeaderboardDocument) -> tuple[list[dict[str, Cell]], Sequence[str]]:
    """Return the rows and the columns of CSV and Parquet."""
    if document.group_by:
        return group_rows(document.groups, document.by), SHEET
    return [sheet_row(trial) for trial in document.trials], COLUMNS
