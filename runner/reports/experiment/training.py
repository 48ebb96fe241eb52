"""What a report of `train` or `tune` shows: the scan, the scores by rank and the params."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.reports.evaluation import loss_rule_notes
from runner.reports.experiment.warnings import equal_points
from runner.reports.formats.terminal import sparkline
from runner.reports.model import Figure, Note, Part, Table, field_table, titled
from runner.reports.selection import winner_notes
from runner.reports.stats.param_importance import INFLUENCE, INFLUENCES, differing
from runner.reports.stats.ranking import METRICS, effective, param_names

AROUND = ("val_accuracy_interval", "noise", "seconds", "attempts")

REPEATS = ("mean", "interval", "spread", "lowest", "highest")
REPEATED = (
    "interval: of the mean, Student's, 95 %; params whose intervals are apart differ by more than"
    " their seeds. spread: the standard deviation from seed to seed."
)

RANKED = (
    "Ranked by val_accuracy of the last epoch, which is the epoch of the stored model. val_loss"
    " is not comparable between trials with different losses."
)
BEST = (
    "The best epoch of each metric on its own, as Talos of the paper's time logged it: the four"
    " numbers of a row need not come from one epoch. The curves have one scale."
)


def training_parts(document: Mapping[str, Any], pictures: Sequence[Figure]) -> list[Part]:
    """Return the parts of a report about trials."""
    trials = document["trials"]
    return [
        field_table(titled(document, "Scan summary"), _summary(document)),
        Note("None: not used here. Nothing is reduced: every trial is trained to its end."),
        _last_scores(document, trials),
        Note(RANKED),
        *loss_rule_notes("val_loss", trials),
        *(Note(f"{text}.", warning=True) for text in document["warnings"]),
        *_selection(document, trials),
        *pictures,
        _best_scores(document, trials),
        Note(BEST),
        _params(document, trials),
        *_overridden(document),
        *_repeats(document),
        *_influence(document),
    ]


def _summary(document: Mapping[str, Any]) -> dict[str, Any]:
    summary = document["scan_summary"]
    shown = {name: "None" if value is None else value for name, value in summary.items()}
    return shown | {"complete_time": summary["complete_time"] or "not finished"}


def _last_scores(document: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        titled(document, "Scores of the last epoch"),
        ("rank", "trial", "job", "state", "round_epochs", *METRICS, *AROUND),
        [
            [
                *(trial[name] for name in ("rank", "trial", "job", "state", "trained_epochs")),
                *(trial[name] for name in METRICS),
                *(trial[name] for name in AROUND),
            ]
            for trial in trials
        ],
        sortable=True,
    )


def _best_scores(document: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> Table:
    columns = [name for metric in METRICS for name in (metric, "at")]
    found = [epoch["val_accuracy"] for trial in trials for epoch in trial["epochs"]]
    # One for all trials, so that their curves can be compared.
    scale = (min(found, default=0.0), max(found, default=0.0))
    return Table(
        titled(document, "Scores of the best epoch of each metric, and at which epoch"),
        ("rank", "trial", "job", "round_epochs", *columns, "val_accuracy by epoch"),
        [
            [
                *(trial[name] for name in ("rank", "trial", "job", "trained_epochs")),
                *(trial["best"][metric][part] for metric in METRICS for part in ("value", "epoch")),
                sparkline([epoch["val_accuracy"] for epoch in trial["epochs"]], *scale),
            ]
            for trial in trials
            if trial["best"]
        ],
        sortable=True,
    )


def _params(document: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> Table:
    names = param_names(trials)
    return Table(
        titled(document, "Parameters"),
        ("rank", "trial", "job", *names),
        [
            [
                trial["rank"],
                trial["trial"],
                trial["job"],
                *map(effective(trial["params"]).get, names),
            ]
            for trial in trials
        ],
        sortable=True,
    )


def _selection(document: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> list[Note]:
    """Say of the best how sure that is; there may be none yet."""
    images = document["dataset"]["images"]["validation"]
    found = document["winner"]
    return list(winner_notes(found, trials, "val_accuracy", images)) if found else []


def _overridden(document: Mapping[str, Any]) -> list[Note]:
    epochs, equal = document["configuration"]["epochs"], equal_points(document["configuration"])
    notes = [] if equal is None else [Note(f"{equal}.")]
    if epochs is not None:
        notes.append(Note(f"--epochs {epochs} overrides the epochs of the params in every trial."))
    return notes


def _repeats(document: Mapping[str, Any]) -> list[Part]:
    found = document["repeats"]
    if not found:
        return []
    names = differing([row["params"] for row in found])
    title = titled(document, "val_accuracy of the same params with other seeds")
    rows = [
        [len(row["trials"]), *(row[name] for name in REPEATS), *map(row["params"].get, names)]
        for row in found
    ]
    return [Table(title, ("repeats", *REPEATS, *names), rows, sortable=True), Note(REPEATED)]


def _influence(document: Mapping[str, Any]) -> list[Part]:
    found = document["analysis"]
    if not found or not found["influence"]:
        return []
    title = titled(
        document, f"Hyperparameter importance for val_accuracy, over {found['rounds']:,} trials"
    )
    rows = [[row[name] for name in INFLUENCE] for row in found["influence"]]
    return [Table(title, INFLUENCE, rows, sortable=True), Note(INFLUENCES)]
