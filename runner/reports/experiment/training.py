"""Lay out the report of a `train` or `tune` experiment."""

from collections.abc import Sequence
from dataclasses import replace

from runner.reports.evaluation import loss_rule_notes, next_for_trial
from runner.reports.experiment.document import METRIC, ExperimentDocument
from runner.reports.experiment.warnings import equal_points
from runner.reports.formats.terminal import sparkline
from runner.reports.groups import brief_group_parts, group_answer, group_parts
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Table,
    field_table,
    first_rows,
    next_steps,
    titled,
    with_interval,
)
from runner.reports.records import Best, RankedTrial, plain, values
from runner.reports.selection import answer, score_text, winner_notes
from runner.reports.stats.param_importance import INFLUENCE, INFLUENCES, differing
from runner.reports.stats.ranking import METRICS, effective, param_names
from runner.states import JobState

IDENTITY = ("rank", "trial", "job")
AROUND = ("val_accuracy_interval", "noise", "seconds", "attempts")
LAST = (*IDENTITY, "state", "trained_epochs", *METRICS, *AROUND)

RANKED = (
    "Ranked by val_accuracy after the last epoch, which is the epoch of the stored model. val_loss"
    " is not comparable between trials with different loss functions."
)
BEST = (
    "Each metric has its own best epoch, as in the logs of the Talos version that the paper used,"
    " so the four values of a row can come from different epochs. All curves have the same scale."
)


def _not_reduced(document: ExperimentDocument) -> str:
    patient = any(trial.params.get("patience") for trial in document.trials)
    ending = ", or until its patience ends it" if patient else ""
    return (
        "None: not used. The grid is not reduced: every trial is trained for all its epochs"
        f"{ending}."
    )


def training_parts(document: ExperimentDocument, figures: Sequence[Figure]) -> list[Part]:
    """Return the parts of a training report."""
    return [
        *_summary(document),
        Note(_not_reduced(document)),
        *_scores(document),
        *loss_rule_notes("val_loss", document.trials),
        *warning_notes(document),
        *_selection(document),
        *figures,
        *_trials(document),
        *_overridden(document),
        *_influence(document),
    ]


TRIAL_COLUMNS = (
    *("state", "val_loss", "accuracy", "loss", "seconds", "best_val_accuracy", "best_epoch"),
    *("trained_epochs", "ended_by", "attempts", "seed", "job", "number", "reason"),
    "not_reproducible",
)


def brief_training_parts(
    document: ExperimentDocument, troubles: Sequence[Part], steps: Sequence[tuple[str, str]]
) -> list[Part]:
    """Return the parts for a terminal: which trial is the best, and one table of all trials."""
    winner, ranked = document.winner, document.ranked
    if winner is None:
        return [Note("No trial has a result yet."), *troubles, next_steps(steps)]
    images = document.dataset.images.validation
    trial = winner.trial
    go_on = [next_for_trial(trial, evaluated=winner.test is not None)]
    by_epoch = "the best single trial" if document.groups else "its scores by epoch"
    go_on += [(f"runner show {trial}", by_epoch), *steps]
    if document.groups:
        best = f"Best single trial: {trial}, {METRIC} {score_text(ranked[0], METRIC, images)}."
        said = f"{group_answer(document.groups, document.group_by, METRIC)} {best}"
    else:
        said = answer(winner, ranked, METRIC, images)
    return [
        Note(said),
        *troubles,
        *loss_rule_notes("val_loss", document.trials),
        *_brief_table(document),
        next_steps(go_on),
    ]


def _brief_table(document: ExperimentDocument) -> list[Part]:
    if document.groups:
        return brief_group_parts(document.groups, document.group_by, METRIC)
    legend = "noise: not significantly worse than the best; intervals are 95 % intervals."
    return [*first_rows(_brief_trials(document)), Note(legend)]


def _brief_trials(document: ExperimentDocument) -> Table:
    """Return the trials with what differs between them, each val_accuracy with its interval."""
    table = trials_table(document)
    around = table.columns.index("val_accuracy_interval")
    params = _params_by_importance(document)
    varied = ["state"] if len({trial.state for trial in document.ranked}) > 1 else []
    names = ["rank", "trial", "val_accuracy", "noise", *varied, *params]
    chosen = table.with_columns([*names, "curve", "val_loss", "accuracy", "seconds"])
    rows = [
        [
            with_interval(cell, row[around]) if place == 2 and cell is not None else cell
            for place, cell in enumerate(shown)
        ]
        for shown, row in zip(chosen.rows, table.rows, strict=True)
    ]
    return replace(chosen, title="", rows=rows)


def _params_by_importance(document: ExperimentDocument) -> list[str]:
    """Return the params of the trials: the most important first, then the others that vary."""
    found = document.analysis.influence if document.analysis else []
    names = param_names(document.trials)
    varying = differing([effective(trial.params, trial.network) for trial in document.trials])
    ordered = [*(row.param for row in found), *varying, *names]
    return [name for name in dict.fromkeys(ordered) if name in names]


def trials_table(document: ExperimentDocument) -> Table:
    """Return one table of the trials with every column: scores, params and curves."""
    scores = ("rank", "trial", METRIC, f"{METRIC}_interval", "noise")
    names = param_names(document.trials)
    found = [epoch.val_accuracy for trial in document.ranked for epoch in trial.epochs]
    scale = (min(found, default=0.0), max(found, default=0.0))
    return Table(
        titled(document.dataset, "Trials"),
        (*scores, *names, "curve", *TRIAL_COLUMNS),
        [
            [
                *values(trial, scores),
                *map(effective(trial.params, trial.network).get, names),
                sparkline([epoch.val_accuracy for epoch in trial.epochs], *scale),
                *values(trial, TRIAL_COLUMNS),
            ]
            for trial in document.ranked
        ],
        marks=[_mark(trial) for trial in document.ranked],
    )


def _mark(trial: RankedTrial) -> str:
    if trial.state == JobState.FAILED:
        return "failed"
    return "best" if trial.rank == 1 else ""


def warning_notes(document: ExperimentDocument) -> list[Note]:
    """Return the experiment's warnings as notes."""
    return [Note(f"{text}.", warning=True) for text in document.warnings]


def _summary(document: ExperimentDocument) -> list[Part]:
    summary = document.scan_summary
    if summary is None:
        return []
    named = plain(replace(summary, complete_time=summary.complete_time or "not finished"))
    shown = {name: "None" if value is None else value for name, value in named.items()}
    return [field_table(titled(document.dataset, "Scan summary"), shown)]


def _scores(document: ExperimentDocument) -> list[Part]:
    """Return the table of groups if there are any, else that of trials."""
    if not document.groups:
        return [_last_scores(document), Note(RANKED)]
    title = titled(document.dataset, f"{METRIC} of groups of trials")
    return [
        *group_parts(title, document.groups, document.group_by, METRIC),
        Note("--group-by none shows the trials."),
    ]


def _trials(document: ExperimentDocument) -> list[Part]:
    """Return tables with a row for each trial, unless groups are shown instead."""
    if document.groups:
        return []
    return [_best_scores(document), Note(BEST), _params(document)]


def _last_scores(document: ExperimentDocument) -> Table:
    return Table(
        titled(document.dataset, "Scores of the last epoch"),
        (*IDENTITY, "state", "round_epochs", *METRICS, *AROUND),
        [values(trial, LAST) for trial in document.ranked],
        sortable=True,
    )


def _best_scores(document: ExperimentDocument) -> Table:
    columns = [name for metric in METRICS for name in (metric, "epoch")]
    found = [epoch.val_accuracy for trial in document.ranked for epoch in trial.epochs]
    # All trials have the same scale, so that their curves can be compared.
    scale = (min(found, default=0.0), max(found, default=0.0))
    return Table(
        titled(document.dataset, "Best value of each metric, and its epoch"),
        (*IDENTITY, "round_epochs", *columns, "val_accuracy by epoch"),
        [
            [
                *values(trial, (*IDENTITY, "trained_epochs")),
                *_each_best(trial.best),
                sparkline([epoch.val_accuracy for epoch in trial.epochs], *scale),
            ]
            for trial in document.ranked
            if trial.best
        ],
        sortable=True,
    )


def _each_best(best: Best) -> list[float]:
    """Return the best value of each metric, each followed by its epoch."""
    return [cell for found in values(best, METRICS) for cell in (found.value, found.epoch)]


def _params(document: ExperimentDocument) -> Table:
    names = param_names(document.trials)
    return Table(
        titled(document.dataset, "Parameters"),
        (*IDENTITY, *names),
        [
            [*values(trial, IDENTITY), *map(effective(trial.params, trial.network).get, names)]
            for trial in document.ranked
        ],
        sortable=True,
    )


def _selection(document: ExperimentDocument) -> list[Note]:
    """Return notes on how reliable the selection of the best trial is."""
    if document.winner is None:
        return []
    images = document.dataset.images.validation
    # `noise` is a column of the table of trials, which groups replace.
    trials = [] if document.groups else document.trials
    return list(winner_notes(document.winner, trials, METRIC, images))


def _overridden(document: ExperimentDocument) -> list[Note]:
    epochs, equal = document.configuration.epochs, equal_points(document.configuration)
    notes = [] if equal is None else [Note(f"{equal}.")]
    if epochs is not None:
        notes.append(Note(f"--epochs {epochs} overrides the epochs of the params in every trial."))
    return notes


def _influence(document: ExperimentDocument) -> list[Part]:
    found = document.analysis
    if not found or not found.influence:
        return []
    what = f"Hyperparameter importance for val_accuracy ({found.rounds:,} trials)"
    rows = [values(row, INFLUENCE) for row in found.influence]
    table = Table(titled(document.dataset, what), INFLUENCE, rows, sortable=True)
    return [table, Note(INFLUENCES)]
