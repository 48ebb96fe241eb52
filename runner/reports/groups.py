"""Trials grouped by params: `--group-by`, ranks, the table and the rows of CSV and Parquet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cifar_model.errors import did_you_mean, shown
from cifar_model.objective import is_smaller_better
from runner.errors import InputError
from runner.reports.formats.csv_file import Cell
from runner.reports.model import Note, Part, Table, as_text, first_rows, with_interval
from runner.reports.records import Place, chosen, fields_of, values
from runner.reports.selection import VALIDATION_SHARES
from runner.reports.stats.param_importance import differing
from runner.reports.stats.ranking import PARAMS, all_names
from runner.reports.stats.repeats import Group, Member, grouped
from runner.reports.stats.selection_bias import Chance, Repeats
from runner.store.engine import Connection
from runner.store.queries import leaderboard
from runner.store.queries.leaderboard import Scope
from runner.store.queries.rows import ScoredRow

# The values of --group-by that are not names of params.
ALL, NONE = "all", "none"

COLUMNS = ("mean", "interval", "spread", "lowest", "highest")
DATA = ("dataset", "data_fingerprint", "train_images")
SHEET = (
    *("rank", "metric", "trials", "seeds", "folds", "missing", "unscored"),
    *("mean", "mean_low", "mean_high"),
    *("spread", "lowest", "highest", "noise", "varying", *DATA, "network", *PARAMS),
)

INTERVALS = (
    "trials and seeds: their numbers. interval: Student's t 95 % interval of the mean over seeds,"
    " from the variation between trials that differ only by their seed. spread: the standard"
    " deviation of the trials; lowest and highest: their range."
)


FOLDS = (
    "trials: the folds with a score; each was trained on the other folds. interval: Nadeau and"
    " Bengio's 95 % interval of the mean over all folds. It is wider than one of independent trials"
    " because the folds share training images, and is an approximation. spread: the standard"
    " deviation of the trials; lowest and highest: their range."
)


@dataclass(frozen=True, slots=True)
class Data:
    """The images that trials were trained and validated on; others are not comparable."""

    dataset: str
    data_fingerprint: str
    train_images: int
    val_images: int


# Python does not allow two base classes with non-empty slots, so this one has empty slots.
@dataclass(frozen=True)
class OfData:
    """The fields of `Data`."""

    __slots__ = ()

    dataset: str
    data_fingerprint: str
    train_images: int
    val_images: int


@dataclass(frozen=True, slots=True)
class RankedGroup(Group, OfData, Place):
    """A group with its rank by the mean, and whether it is not significantly worse than the first.

    `noise` is None for the first, and if the two are not comparable.
    """

    noise: bool | None


def read_group_by(text: str | None, own: Iterable[str] = ()) -> tuple[str, ...] | None:
    """Return the names of the params to group by: none for `none`, None if nothing was given.

    `own` are the names that networks of users have.
    """
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if names in ((ALL,), (NONE,)):
        return PARAMS if names == (ALL,) else ()
    known = tuple(dict.fromkeys((*PARAMS, *own)))
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise InputError(
                f"--group-by {shown(text)}: {shown(name)} is not a param",
                f"{ALL}, {NONE}, or one or several of {', '.join(known)}, separated by"
                f" commas{hint}",
                "correct --group-by",
            )
    return names


def group_trials(
    trials: Sequence[Member],
    names: Sequence[str],
    metric: str,
    data: Data,
    folds: int | None = None,
) -> list[RankedGroup]:
    """Return the groups of trials of the same data, without ranks; perhaps each of one fold."""
    return [
        RankedGroup(**fields_of(data), **fields_of(group), rank=None, noise=None)
        for group in grouped(trials, names, metric, folds)
    ]


def all_groups(
    connection: Connection, scope: Scope, by: str, group_by: Sequence[str]
) -> list[RankedGroup]:
    """Return the groups of all trials in the scope. Trials of other images are other groups."""
    trials: dict[Data, list[ScoredRow]] = {}
    for row in leaderboard.scored(connection, scope, by):
        data = Data(row.dataset, row.data_fingerprint, row.train_images, row.val_images)
        trials.setdefault(data, []).append(row)
    groups = [
        group
        for data, rows in trials.items()
        for group in group_trials(rows, group_by, "metric", data)
    ]
    repeats = Repeats(*leaderboard.repeats(connection, scope, by))
    return ranked_groups(groups, by, repeats, smallest_first=is_smaller_better(by))


def ranked_groups(
    groups: Sequence[RankedGroup], by: str, repeats: Repeats, *, smallest_first: bool
) -> list[RankedGroup]:
    """Return groups by rank of their mean, best first.

    Groups without a score, or in which folds are missing, have no rank and are last.
    """
    means = [group.mean for group in groups if group.mean is not None and not group.missing]
    means.sort(reverse=not smallest_first)
    place = {mean: rank for rank, mean in reversed(list(enumerate(means, start=1)))}
    ranks = [_place(group, place) or len(groups) + 1 for group in groups]
    ordered = [group for _, group in sorted(zip(ranks, groups, strict=True), key=lambda of: of[0])]
    chance = Chance(len(means), repeats)
    return [
        replace(
            group,
            rank=_place(group, place),
            noise=_noise(ordered[0], group, chance) if by in VALIDATION_SHARES else None,
        )
        for group in ordered
    ]


def _place(group: RankedGroup, place: Mapping[float, int]) -> int | None:
    return None if group.mean is None or group.missing else place[group.mean]


def _noise(first: RankedGroup, other: RankedGroup, chance: Chance) -> bool | None:
    """Return whether a group is not significantly worse than the first; None if not comparable.

    The means of groups in which params vary can differ because of those params.
    """
    comparable = other.data_fingerprint == first.data_fingerprint
    comparable = comparable and not first.varying and not other.varying
    # The test is of the variation between seeds; that between folds is another.
    comparable = comparable and first.val_images > 0 and first.folds is None
    if other is first or not comparable or first.mean is None or other.mean is None:
        return None
    sizes = len(first.trials), len(other.trials)
    return chance.is_noise(first.mean, other.mean, first.val_images, sizes)


def group_parts(
    title: str, groups: Sequence[RankedGroup], group_by: Sequence[str], by: str
) -> list[Part]:
    """Return the table of groups, with notes of what is averaged and what is missing."""
    several = [
        name for name in (*DATA, "network") if len({getattr(group, name) for group in groups}) > 1
    ]
    compared = ["noise"] if any(group.noise is not None for group in groups) else []
    unscored = ["unscored"] if any(group.unscored for group in groups) else []
    unscored += ["missing"] if any(group.missing for group in groups) else []
    names = shown_params(groups, group_by)
    # What a group is comes first, because a narrow terminal shows only the first columns.
    columns = [*COLUMNS[:2], *compared, *COLUMNS[2:], *unscored, *several]
    rows = [
        [
            group.rank,
            *map(group.params.get, names),
            *(len(group.trials), len(group.seeds)),
            *values(group, columns),
        ]
        for group in groups
    ]
    head = ("rank", *names, "trials", "seeds", *columns)
    return [Table(title, head, rows, sortable=True), *_notes(groups, by)]


def groups_table(title: str, groups: Sequence[RankedGroup], by: str) -> Table:
    """Return the table that `--columns` chooses from: the columns of CSV and Parquet."""
    return Table(
        title, sheet_columns(groups), [list(row.values()) for row in group_rows(groups, by)]
    )


def brief_group_parts(
    groups: Sequence[RankedGroup], group_by: Sequence[str], by: str
) -> list[Part]:
    """Return the best group, the table of groups and the warnings, for a terminal."""
    shown: list[Part] = []
    for part in group_parts("", groups, group_by, by):
        if isinstance(part, Table):
            shown += first_rows(_with_intervals(part, groups))
        elif isinstance(part, Note) and part.warning:
            shown.append(part)
    around = f", with its {_over(groups)}" if any(of.interval for of in groups) else ""
    noise = "; noise: not significantly worse than the best group"
    noise = noise if any(of.noise is not None for of in groups) else ""
    return [
        *shown,
        *_caveats(groups),
        Note(f"mean: of {by}{around}{noise}; --wide explains every column."),
    ]


def _with_intervals(table: Table, groups: Sequence[RankedGroup]) -> Table:
    """Return the table with each interval behind its mean instead of in a column of its own."""
    if not any(group.interval for group in groups):
        return table
    shown = table.with_columns([name for name in table.columns if name != "interval"])
    place = list(shown.columns).index("mean")
    rows = [
        [*row[:place], with_interval(group.mean, group.interval), *row[place + 1 :]]
        if group.mean is not None and group.interval
        else row
        for row, group in zip(shown.rows, groups, strict=True)
    ]
    return replace(shown, rows=rows)


def group_answer(groups: Sequence[RankedGroup], group_by: Sequence[str], by: str) -> str:
    """Return in a few sentences which group is the best, and which others may be as good."""
    first = groups[0]
    if first.mean is None:
        return "No group has a score."
    if first.rank is None:
        return "No group has a score on each of its folds."
    named = ", ".join(
        f"{name} {as_text(first.params[name])}"
        for name in shown_params(groups, group_by)
        if name in first.params
    )
    mean = as_text(first.mean)
    if first.interval:
        mean = f"{with_interval(first.mean, first.interval)}, {_over(groups)},"
    trials = f"{len(first.trials)} trial{'s' * (len(first.trials) > 1)}"
    trials += "" if first.folds is None else f", one for each of {first.folds} folds"
    said = [f"Best of {len(groups)} groups shown: {named}; mean {by} {mean} of {trials}."]
    others = [group.noise for group in groups if group.noise is not None]
    if others:
        better = len(others) - sum(others)
        every = "the other group" if len(others) == 1 else f"the other {len(others)} groups"
        if better:
            which = every if better == len(others) else f"{better} of {every}"
            said.append(f"It is significantly better than {which}.")
        else:
            said.append(f"It is not significantly better than {every}.")
    return " ".join(said)


def _over(groups: Sequence[RankedGroup]) -> str:
    return f"95 % interval over {'seeds' if groups[0].folds is None else 'folds'}"


def group_option(group_by: Sequence[str]) -> str:
    """Return the option that groups trials by these params."""
    names = ALL if set(group_by) == set(PARAMS) else ",".join(group_by) or NONE
    return f" --group-by {names}"


def shown_params(groups: Sequence[RankedGroup], group_by: Sequence[str]) -> list[str]:
    """Return the names of the params that identify a group; of all params those that differ."""
    if set(group_by) != set(PARAMS):
        return list(group_by)
    every = all_names(groups)
    names = [name for name in every if all(name in group.params for group in groups)]
    found = differing([{name: group.params[name] for name in names} for group in groups])
    return found or names


def _notes(groups: Sequence[RankedGroup], by: str) -> Iterator[Note]:
    yield Note(f"Ranked by the mean {by}. {INTERVALS if groups[0].folds is None else FOLDS}")
    yield from _caveats(groups)
    others = [group.noise for group in groups if group.noise is not None]
    if others:
        yield Note(
            "noise: whether the group is not significantly worse than the first (Tukey's range"
            f" test for {len(others) + 1} groups, 95 %, by the variation between seeds or by the"
            " sampling of images, whichever is larger). Not significantly worse:"
            f" {sum(others)} of the {len(others)} other groups."
        )
    unscored = sum(group.unscored for group in groups)
    if unscored:
        yield Note(f"{unscored} trials have no score and are in no mean.", warning=True)


def _caveats(groups: Sequence[RankedGroup]) -> Iterator[Note]:
    """Yield notes of the params that vary within groups, and of groups without an interval."""
    varying = list(dict.fromkeys(name for group in groups for name in group.varying))
    if varying:
        yield Note(
            f"Within groups these params vary: {', '.join(varying)}. mean, spread and range are"
            " over all trials of a group; interval only accounts for the seeds."
        )
    incomplete = sum(group.missing > 0 for group in groups)
    if incomplete:
        yield Note(
            f"{incomplete} of {len(groups)} groups have no rank: folds are missing, which were"
            " stopped, failed or are not trained yet. Their means are of fewer folds."
        )
    single = sum(group.interval is None for group in groups if group.trials)
    if single and groups[0].folds is None:
        yield Note(
            f"{single} of {len(groups)} groups have no interval over seeds: none of their params"
            " was trained with several seeds (--repeats)."
        )


def group_rows(groups: Sequence[RankedGroup], by: str) -> list[dict[str, Cell]]:
    """Return a row for each group, with its columns."""
    columns = sheet_columns(groups)
    return [{name: row.get(name) for name in columns} for row in (_row(of, by) for of in groups)]


def sheet_columns(groups: Sequence[RankedGroup]) -> tuple[str, ...]:
    """Return the columns `SHEET`, and those of the params of users' networks."""
    return tuple(dict.fromkeys((*SHEET, *all_names(groups))))


def _row(group: RankedGroup, by: str) -> dict[str, Cell]:
    low, high = group.interval or (None, None)
    return {
        **chosen(group, ("rank", "folds", "missing", "unscored", "mean", "spread")),
        **chosen(group, ("lowest", "highest", "noise")),
        **chosen(group, DATA),
        "metric": by,
        "trials": len(group.trials),
        "seeds": len(group.seeds),
        "mean_low": low,
        "mean_high": high,
        "varying": " ".join(group.varying),
        "network": group.network,
        **group.params,
    }
