"""Leaderboards: the best trials of one or several experiments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cifar_model.errors import did_you_mean, shown
from cifar_model.objective import is_smaller_better, score
from cifar_model.params import ParamValue
from runner.errors import InputError
from runner.reports.comparison.trials import Comparison, comparisons
from runner.reports.evaluation import evaluations_of
from runner.reports.groups import RankedGroup, all_groups
from runner.reports.leaders import Leader, leader
from runner.reports.lookup import experiment_row
from runner.reports.model import each_dataset
from runner.reports.records import DatasetName, Evaluation
from runner.reports.selection import Winner, noise, winner
from runner.reports.stats.param_importance import Influence, differing, influence
from runner.reports.stats.ranking import effective_of
from runner.reports.stats.selection_bias import Chance, Repeats
from runner.states import Kind
from runner.store.engine import Connection, Store
from runner.store.queries import leaderboard
from runner.store.queries.leaderboard import Counts, Scope
from runner.store.queries.names import other_metrics
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
    """The best trials by a metric, the params that vary, and how reliable the ranking is.

    `count` is the number of trials that have the metric, `without` of those that have not.
    """

    experiments: list[int]
    datasets: list[DatasetName]
    commands: list[Command]
    by: str
    order: str
    where: list[str]
    top: int
    count: int
    without: int
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
    store: Store, scope: Scope, by: str | None, top: int, group_by: Sequence[str] = ()
) -> LeaderboardDocument:
    """Return the document of the best `top` trials by a metric, and of their best `top` groups.

    The metric is the one that ranks the trials if none is chosen. All trials in the scope are
    grouped by the params `group_by`.
    """
    with store.read() as connection:
        for number in scope.experiments:
            experiment_row(connection, number)
        by = _metric(connection, scope, by)
        document = _document(connection, scope, by, top)
        if group_by:
            groups = all_groups(connection, scope, by, group_by)[:top]
            document = replace(document, group_by=list(group_by), groups=groups)
    return replace(document, comparisons=comparisons(store, document.evaluations))


def _metric(connection: Connection, scope: Scope, by: str | None) -> str:
    if by is None:
        return leaderboard.default_metric(connection, scope)
    known = (*leaderboard.METRICS, *other_metrics(connection))
    if by not in known:
        raise InputError(
            f"--by {shown(by)}: no trial has this metric",
            f"one of {', '.join(known)}",
            f"correct --by{did_you_mean(by, known)}",
        )
    return by


def _document(connection: Connection, scope: Scope, by: str, top: int) -> LeaderboardDocument:
    experiments = leaderboard.experiments(connection, scope)
    counts = leaderboard.count(connection, scope, by)
    chance = chance_of(connection, scope, by, counts)
    trials = _leaders(leaderboard.best(connection, scope, by, top), by, chance)
    first = trials[0] if trials else None
    return LeaderboardDocument(
        experiments=[row.experiment for row in experiments],
        datasets=each_dataset(row.dataset for row in experiments),
        commands=[Command(row.experiment, row.command, row.name, row.tags) for row in experiments],
        by=by,
        order="smallest first" if is_smaller_better(by) else "largest first",
        where=[f"{c.name}{c.operator}{_text(c.value)}" for c in scope.conditions],
        top=top,
        count=counts.scored,
        without=counts.without,
        loss_rules=leaderboard.loss_rules(connection, scope),
        trials=trials,
        group_by=[],
        groups=[],
        differing=differing([trial.params for trial in trials]),
        influence=influence_of(connection, scope, by, counts.scored),
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
        rank = ranks.setdefault(score(row, by) or 0.0, place)
        comparable = row.dataset.fingerprint == rows[0].dataset.fingerprint
        images = row.dataset.images.validation
        behind = noise(rows[0], row, by, chance, images) if comparable else None
        leaders.append(leader(row, rank, behind))
    return leaders


def chance_of(connection: Connection, scope: Scope, by: str, counts: Counts) -> Chance:
    """Return what chance does to the ranking of the selected trials by a metric."""
    return Chance(counts.trained, Repeats(*leaderboard.repeats(connection, scope, by)))


def influence_of(connection: Connection, scope: Scope, by: str, count: int) -> Influences:
    """Return the importance of the params of `count` trials for a metric."""
    step = -(-count // MOST_PARAMS) or 1
    rows = leaderboard.some(connection, scope, by, step)
    params = [effective_of(row) for row in rows]
    return Influences(len(rows), influence(params, [row.metric for row in rows]))


def _text(value: ParamValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
