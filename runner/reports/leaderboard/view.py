"""What a leaderboard shows: the best trials by what differs, and how far to believe their order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.reports.comparison.trials import verdict
from runner.reports.experiment.evaluation_view import SCORES
from runner.reports.experiment.loss_rules import loss_rule_notes, mixed_rules_note
from runner.reports.experiment.selection import winner_notes
from runner.reports.experiment.training import INFLUENCE, INFLUENCES
from runner.reports.model import SHORT, Note, Part, Table, as_text

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
            f"{len(document['datasets'])} data sets: scores of different pictures cannot be"
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
        f"What {document['by']} goes with, in {found['trials']:,} of {document['count']:,} trials"
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
