"""The best trials of one or several experiments together."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from runner.reports.comparison.trials import comparisons, verdict
from runner.reports.evaluation import SCORES, evaluation_rows, loss_rule_notes, mixed_rules_note
from runner.reports.formats.csv_file import PARAMS, as_csv, share_of
from runner.reports.lookup import experiment_row
from runner.reports.model import (
    SHORT,
    Figure,
    Note,
    Part,
    Report,
    Table,
    as_text,
    captioned,
    each_dataset,
)
from runner.reports.selection import noise, winner, winner_notes
from runner.reports.stats.param_importance import INFLUENCE, INFLUENCES, differing, influence
from runner.reports.stats.ranking import effective
from runner.reports.stats.selection_bias import Chance, Repeats
from runner.reports.stats.uncertainty import accuracy_interval
from runner.states import Kind
from runner.store.engine import Connection, Store
from runner.store.queries import leaderboard
from runner.store.queries.leaderboard import METRICS, SMALLER_IS_BETTER, Scope

# Enough to see what matters; to read the params of every one of 100,000 trials takes seconds.
MOST_PARAMS = 2_000

TOP = 20


def leaderboard_document(store: Store, scope: Scope, by: str, top: int) -> dict[str, Any]:
    """Return the best trials by a metric, what differs between them and how sure that is."""
    with store.read() as connection:
        for number in scope.experiments:
            experiment_row(connection, number)
        experiments = leaderboard.experiments(connection, scope)
        count = leaderboard.count(connection, scope)
        trials = [_row(row) for row in leaderboard.best(connection, scope, by, top)]
        chance = Chance(count, Repeats(*leaderboard.repeats(connection, scope, by)))
        _rank(trials, by, chance)
        document: dict[str, Any] = {
            "experiments": [row["experiment"] for row in experiments],
            "datasets": each_dataset(row["dataset"] for row in experiments),
            "commands": [
                {name: row[name] for name in ("experiment", "command")} for row in experiments
            ],
            "by": by,
            "order": "smallest first" if by in SMALLER_IS_BETTER else "largest first",
            "where": [f"{c.name}{c.operator}{_text(c.value)}" for c in scope.conditions],
            "top": top,
            "count": count,
            "loss_rules": leaderboard.loss_rules(connection, scope),
            "trials": trials,
            "differing": differing([trial["params"] for trial in trials]),
            "influence": _influence(connection, scope, by, count),
            "winner": winner(connection, trials[0], by, chance, trials[0]["val_images"])
            if trials
            else None,
            "evaluations": [
                row
                for experiment in experiments
                if experiment["kind"] == Kind.EVALUATE
                for row in evaluation_rows(connection, experiment=experiment["experiment"])
                if row["fold"] is None
            ],
        }
    return document | {"comparisons": comparisons(store, document["evaluations"]), "files": []}


def _row(found: dict[str, Any]) -> dict[str, Any]:
    dataset = found.pop("dataset")
    images = dataset["images"]
    return found | {
        "params": effective(found["params"]),
        "dataset": dataset["title"],
        "data_fingerprint": dataset["fingerprint"],
        "train_images": images["train"],
        "val_images": images["validation"],
        "val_accuracy_interval": accuracy_interval(found["val_accuracy"], images["validation"]),
    }


def _rank(trials: list[dict[str, Any]], by: str, chance: Chance) -> None:
    """Add rank and `noise`: whether chance could put a trial behind the first."""
    ranks: dict[float, int] = {}
    for place, trial in enumerate(trials, start=1):
        trial["rank"] = ranks.setdefault(trial[by], place)
        comparable = trial["data_fingerprint"] == trials[0]["data_fingerprint"]
        trial["noise"] = (
            noise(trials[0], trial, by, chance, trial["val_images"]) if comparable else None
        )


def _influence(connection: Connection, scope: Scope, by: str, count: int) -> dict[str, Any]:
    step = -(-count // MOST_PARAMS) or 1
    rows = leaderboard.some(connection, scope, by, step)
    params = [effective(row["params"]) for row in rows]
    return {"trials": len(rows), "params": influence(params, [row["metric"] for row in rows])}


def _text(value: float | str | bool) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


Row = Mapping[str, Any]

MOST_COMMANDS = 10

# Shown only where they differ between the trials, like params.
OF_ORIGIN = ("experiment", "dataset", "train_images", "seed")


def leaderboard_title(document: Row) -> str:
    """Return the title of a leaderboard."""
    numbers = document["experiments"]
    if len(numbers) > 5:
        return f"Leaderboard of {len(numbers)} experiments"
    return f"Leaderboard of experiment{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def leaderboard_parts(document: Row) -> list[Part]:
    """Return the parts of a leaderboard, for a form to render."""
    where = " and ".join(document["where"])
    shown, count = len(document["trials"]), document["count"]
    parts: list[Part] = [
        Note(
            f"the first {shown} of {count:,} trials{' with ' if where else ''}{where}, by"
            f" {document['by']}, {document['order']}"
        ),
        *_several_datasets(document),
        *_commands(document),
    ]
    if document["trials"]:
        parts += [_best(document), *_loss_rules(document), *_constants(document)]
        parts += _winner(document)
    parts += _influences(document)
    if document["evaluations"]:
        rows = [[row[name] for name in SCORES] for row in document["evaluations"]]
        parts.append(
            Table(titled_leaderboard(document, "Evaluations"), SCORES, rows, sortable=True)
        )
    parts += [Note(verdict(comparison)) for comparison in document["comparisons"]]
    if len(document["comparisons"]) > 1:
        parts.append(Note(f"p is multiplied by {len(document['comparisons'])}, the comparisons."))
    return parts


def _best(document: Row) -> Table:
    trials = document["trials"]
    origin = [name for name in OF_ORIGIN if len({trial[name] for trial in trials}) > 1]
    noise = ["noise"] if any(trial["noise"] is not None for trial in trials) else []
    # What decides comes first: a phone shows little more.
    metrics = dict.fromkeys((document["by"], "val_accuracy", "val_accuracy_interval", *noise))
    metrics |= dict.fromkeys(("val_loss", "accuracy", "seconds"))
    names = ["rank", "trial", *metrics, *origin]
    rows = [
        [
            *(trial[name] for name in names),
            *(trial["params"][name] for name in document["differing"]),
        ]
        for trial in trials
    ]
    return Table(
        titled_leaderboard(document, "Best trials"),
        [*names, *document["differing"]],
        rows,
        sortable=True,
    )


def _constants(document: Row) -> Iterator[Note]:
    """Say which params are no column, because they are the same in all."""
    params = document["trials"][0]["params"]
    same = [
        f"{name} {as_text(params[name])}" for name in params if name not in document["differing"]
    ]
    if same:
        yield Note(f"the same in all of these: {', '.join(same)}")


def _loss_rules(document: Row) -> Iterator[Note]:
    yield from mixed_rules_note(document["by"], document["loss_rules"])
    yield from loss_rule_notes("val_loss", document["trials"])


def _commands(document: Row) -> Iterator[Note]:
    for row in document["commands"][:MOST_COMMANDS]:
        yield Note(f"experiment {row['experiment']}: {row['command']}")
    left = len(document["commands"]) - MOST_COMMANDS
    if left > 0:
        yield Note(f"and {left} more experiments")


def _several_datasets(document: Row) -> Iterator[Note]:
    if len(document["datasets"]) > 1:
        yield Note(
            f"{len(document['datasets'])} data sets: scores of different images cannot be"
            " compared.",
            warning=True,
        )


def _winner(document: Row) -> Iterator[Note]:
    trials = document["trials"]
    return winner_notes(document["winner"], trials, document["by"], trials[0]["val_images"])


def _influences(document: Row) -> list[Part]:
    found = document["influence"]
    if not found["params"]:
        return []
    title = (
        f"Hyperparameter importance for {document['by']}, over {found['trials']:,} of"
        f" {document['count']:,} trials"
    )
    rows: Sequence[Sequence[Any]] = [[row[name] for name in INFLUENCE] for row in found["params"]]
    return [
        Table(titled_leaderboard(document, title), INFLUENCE, rows, sortable=True),
        Note(INFLUENCES),
    ]


def titled_leaderboard(document: Row, what: str) -> str:
    """Return a title that names the data sets."""
    names = [
        f"{dataset['title']}, fingerprint {dataset['fingerprint'][:SHORT]}"
        for dataset in document["datasets"]
    ]
    return f"{what} - {'; '.join(names)}"


INTERVAL = ("val_accuracy_low", "val_accuracy_high")
ORIGIN = ("experiment", "trial", "job", "number", "seed", "dataset", "data_fingerprint")
NAMES = ("rank", *ORIGIN, *METRICS, *INTERVAL, "loss_rule", "noise")


def leaderboard_report(document: dict[str, Any]) -> Report:
    """Return the report of a leaderboard's document."""
    return Report(
        leaderboard_title(document),
        document,
        lay_out=lambda figures: [*leaderboard_parts(document), *figures],
        draw=lambda: _draw(document),
        texts={"csv": lambda: as_csv(_sheet_rows(document), (*NAMES, *PARAMS))},
        exports={"parquet": lambda: _parquet(document)},
    )


def _parquet(document: dict[str, Any]) -> list[tuple[Path, bytes]]:
    from runner.reports.formats.parquet import as_parquet

    about = {name: document[name] for name in ("datasets", "commands", "by", "where")}
    return [(Path(), as_parquet(_sheet_rows(document), (*NAMES, *PARAMS), about))]


def _draw(document: dict[str, Any]) -> list[Figure]:
    from runner.reports.figures.parallel import draw_parallel

    by = document["by"]
    title = titled_leaderboard(document, f"Parallel coordinates of trials: parameters and {by}")
    drawn = draw_parallel(title, document["trials"], by, smaller_is_better=by in SMALLER_IS_BETTER)
    commands = "; ".join(row["command"] for row in document["commands"])
    caption = f"Made by: {commands} \N{MIDDLE DOT} drawn by: {_command(document)}"
    return captioned([drawn], caption) if drawn else []


def _command(document: dict[str, Any]) -> str:
    """Return the command that makes this leaderboard again."""
    numbers = " ".join(map(str, document["experiments"]))
    where = "".join(f" --where {quote(condition)}" for condition in document["where"])
    return f"runner report {numbers} --top {document['top']} --by {document['by']}{where}"


def _sheet_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [_sheet_row(trial) for trial in document["trials"]]


def _sheet_row(trial: dict[str, Any]) -> dict[str, Any]:
    low, high = trial["val_accuracy_interval"]
    measured = {
        "accuracy": share_of(trial["accuracy"], trial["train_images"]),
        "val_accuracy_low": low,
        "val_accuracy_high": high,
    }
    row = trial | trial["params"] | measured
    return {name: row[name] for name in (*NAMES, *PARAMS)}
