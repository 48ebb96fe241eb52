"""Lay out the report of a `train` or `tune` experiment."""

from collections.abc import Sequence
from dataclasses import replace

from cifar_model.objective import STOPPED, reported, score
from runner.reports.evaluation import loss_rule_notes, next_for_trial
from runner.reports.experiment.document import ExperimentDocument
from runner.reports.experiment.looks import looks_parts
from runner.reports.experiment.pareto import aim_notes, pareto_parts
from runner.reports.experiment.racing import race_parts
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
from runner.reports.records import BestEpoch, RankedTrial, plain, values
from runner.reports.selection import (
    VALIDATION_SHARES,
    answer,
    score_text,
    winner_notes,
    without_metric,
)
from runner.reports.stats.param_importance import INFLUENCE, INFLUENCES, differing
from runner.reports.stats.ranking import METRICS, effective_of, param_names
from runner.searches import constraints_of, objectives_of
from runner.states import JobState
from runner.store.lifecycle.tuning.asking import REDUCED

IDENTITY = ("rank", "trial", "job")
AROUND = ("val_accuracy_interval", "noise", "seconds", "attempts")
OF_SHARES = ("val_accuracy_interval", "noise")

RANKED = "Ranked by {by} after the last epoch, which is the epoch of the stored model."
LOSSES = "val_loss is not comparable between trials with different loss functions."
BEST = (
    "Each metric has its own best epoch, as in the logs of the Talos version that the paper used,"
    " so the four values of a row can come from different epochs. All curves have the same scale."
)


def _reduction(document: ExperimentDocument) -> str:
    if document.scan_summary and document.scan_summary.reduction_method:
        reduced = sum(job.reason == REDUCED for job in document.jobs)
        return f"The grid was reduced while it was trained: {reduced} points were not trained."
    patient = any(trial.params.get("patience") for trial in document.trials)
    ending = ", or until its patience ends it" if patient else ""
    return (
        "None: not used. The grid is not reduced: every trial is trained for all its epochs"
        f"{ending}."
    )


def training_parts(document: ExperimentDocument, figures: Sequence[Figure]) -> list[Part]:
    """Return the parts of a training report."""
    race = document.race
    return [
        *(race_parts(race) if race else [*_summary(document), Note(_reduction(document))]),
        *_scores(document),
        *_stopped_folds(document),
        *_without(document),
        *_pareto(document),
        *_looks(document),
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
    *("trained_epochs", "ended_by", "reused", "attempts", "seed", "fold", "job", "number"),
    "reason",
    "not_reproducible",
)


def brief_training_parts(
    document: ExperimentDocument, troubles: Sequence[Part], steps: Sequence[tuple[str, str]]
) -> list[Part]:
    """Return the parts for a terminal: which trial is the best, and one table of all trials."""
    winner, ranked = document.winner, document.ranked
    if winner is None and document.configuration.folds is not None and document.groups:
        return [*_brief_folds(document), *troubles, *_brief_table(document), next_steps(steps)]
    if winner is None:
        return [Note("No trial has a result yet."), *troubles, next_steps(steps)]
    if document.race is not None:
        return [*race_parts(document.race), *troubles, next_steps(steps)]
    images, by = document.dataset.images.validation, document.by
    trial, go_on = winner.trial, []
    if winner.predicts:
        go_on = [next_for_trial(trial, evaluated=winner.test is not None)]
    by_epoch = "the best single trial" if document.groups else "its scores by epoch"
    go_on += [(f"runner show {trial}", by_epoch), *steps]
    if document.groups:
        best = f"Best single trial: {trial}, {by} {score_text(ranked[0], by, images)}."
        said = f"{group_answer(document.groups, document.group_by, by)} {best}"
    else:
        said = answer(winner, ranked, by, images)
    return [
        Note(said),
        *_without(document),
        *_pareto(document),
        *troubles,
        *loss_rule_notes("val_loss", document.trials),
        *_brief_table(document),
        *_looks(document),
        next_steps(go_on),
    ]


def _brief_folds(document: ExperimentDocument) -> list[Part]:
    """Return which point is the best, and how many folds were stopped."""
    said = group_answer(document.groups, document.group_by, document.by)
    return [Note(said), *_stopped_folds(document), *_without(document)]


def _stopped_folds(document: ExperimentDocument) -> list[Note]:
    """Return a note if folds of points that were behind were not trained."""
    stopped = [trial for trial in document.ranked if trial.fold and trial.ended_by == STOPPED]
    if not stopped:
        return []
    return [
        Note(
            f"--stop wilcoxon: {len(stopped):,} of {len(document.jobs):,} folds were not trained,"
            " because their points were behind the best on the same folds."
        )
    ]


def _pareto(document: ExperimentDocument) -> list[Part]:
    """Return the Pareto front, and what is to be known of objectives and constraints."""
    stored = document.configuration.stored
    objectives = objectives_of(stored)
    return [
        *pareto_parts(titled(document.dataset, "Pareto front"), document.pareto, objectives),
        *aim_notes(document.trials, objectives, constraints_of(stored)),
    ]


def _looks(document: ExperimentDocument) -> list[Part]:
    """Return what the explanations of the best trials have in common."""
    title = titled(document.dataset, "Explanations of the trials")
    return looks_parts(title, document.agreement, document.ranked, document.by)


def _without(document: ExperimentDocument) -> list[Note]:
    """Return a note if trials have no value of the metric that ranks."""
    ranked = [trial for trial in document.ranked if trial.trial is not None]
    count = sum(score(trial, document.by) is None for trial in ranked)
    others = dict.fromkeys(trial.objective for trial in ranked if trial.rank is None)
    again = f"runner report {document.experiment} --by {next(iter(others), '')}"
    return [Note(without_metric(count, document.by, f"`{again}` ranks them"))] if count else []


def _brief_table(document: ExperimentDocument) -> list[Part]:
    if document.groups:
        return brief_group_parts(document.groups, document.group_by, document.by)
    legend = "noise: not significantly worse than the best; intervals are 95 % intervals."
    is_share = any(trial.val_accuracy_interval for trial in document.ranked)
    return [*first_rows(_brief_trials(document)), *([Note(legend)] if is_share else [])]


def _brief_trials(document: ExperimentDocument) -> Table:
    """Return the trials with what differs between them, each val_accuracy with its interval."""
    table = trials_table(document)
    params = _params_by_importance(document)
    varied = ["state"] if len({trial.state for trial in document.ranked}) > 1 else []
    # While there is no result, the columns are those of a network.
    known = _known_metrics(document) or METRICS
    noise = ["noise"] if document.by in VALIDATION_SHARES else []
    results = [name for name in ("val_accuracy", "val_loss", "accuracy") if name in known]
    others = [name for name in known if name not in METRICS]
    names = ["rank", "trial", document.by, *noise, *varied, *params, "curve", *results, *others]
    names = list(dict.fromkeys([*names, "seconds", *_reused(document)]))
    chosen = table.with_columns(names)
    rows = [
        [
            with_interval(cell, trial.val_accuracy_interval) if name == "val_accuracy" else cell
            for name, cell in zip(names, shown, strict=True)
        ]
        for shown, trial in zip(chosen.rows, document.ranked, strict=True)
    ]
    return replace(chosen, title="", rows=rows)


def _reused(document: ExperimentDocument) -> list[str]:
    """Return the column of the trials whose results are reused, if there are any."""
    return ["reused"] if any(trial.reused for trial in document.ranked) else []


def _known_metrics(document: ExperimentDocument) -> list[str]:
    """Return the metrics that a trial reported, the paper's first."""
    return reported([epoch for trial in document.ranked for epoch in trial.epochs], METRICS)


def _curves(document: ExperimentDocument) -> list[str]:
    """Return the metric that ranks by epoch for each trial, all on one scale to be compared."""
    scores = [[score(epoch, document.by) for epoch in trial.epochs] for trial in document.ranked]
    known = [[value for value in row if value is not None] for row in scores]
    found = [value for row in known for value in row]
    scale = (min(found, default=0.0), max(found, default=0.0))
    return [sparkline(row, *scale) for row in known]


def _params_by_importance(document: ExperimentDocument) -> list[str]:
    """Return the params of the trials: the most important first, then the others that vary."""
    found = document.analysis.influence if document.analysis else []
    names = param_names(document.trials)
    varying = differing([effective_of(trial) for trial in document.trials])
    ordered = [*(row.param for row in found), *varying, *names]
    return [name for name in dict.fromkeys(ordered) if name in names]


def trials_table(document: ExperimentDocument) -> Table:
    """Return one table of the trials with every column: scores, params and curves."""
    scores = ("rank", "trial", "val_accuracy", "val_accuracy_interval", "noise")
    params = param_names(document.trials)
    others = [name for name in _known_metrics(document) if name not in METRICS]
    columns = [*scores, *params, "curve", *TRIAL_COLUMNS, *others]
    rows = [
        [
            *values(trial, scores),
            *map(effective_of(trial).get, params),
            curve,
            *values(trial, TRIAL_COLUMNS),
            *map(trial.metrics.get, others),
        ]
        for trial, curve in zip(document.ranked, _curves(document), strict=True)
    ]
    marks = [_mark(trial) for trial in document.ranked]
    table = Table(titled(document.dataset, "Trials"), columns, rows, marks=marks)
    # A metric may have the name of a param.
    return table.with_columns(list(dict.fromkeys(columns)))


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
    of_images = () if document.dataset else ("x_shape", "y_shape")
    shown = {name: "None" if value is None else value for name, value in named.items()}
    shown = {name: value for name, value in shown.items() if name not in of_images}
    return [field_table(titled(document.dataset, "Scan summary"), shown)]


def _scores(document: ExperimentDocument) -> list[Part]:
    """Return the table of groups if there are any, else that of trials."""
    if not document.groups:
        losses = [LOSSES] if "val_loss" in _known_metrics(document) else []
        return [_last_scores(document), Note(" ".join([RANKED.format(by=document.by), *losses]))]
    title = titled(document.dataset, f"{document.by} of groups of trials")
    return [
        *group_parts(title, document.groups, document.group_by, document.by),
        Note("--group-by none shows the trials."),
    ]


def _trials(document: ExperimentDocument) -> list[Part]:
    """Return tables with a row for each trial, unless groups are shown instead."""
    if document.groups:
        return []
    return [_best_scores(document), Note(BEST), _params(document)]


def _last_scores(document: ExperimentDocument) -> Table:
    known = _known_metrics(document)
    around = [name for name in AROUND if document.by in VALIDATION_SHARES or name not in OF_SHARES]
    around += _reused(document)
    return Table(
        titled(document.dataset, "Scores of the last epoch"),
        (*IDENTITY, "state", "round_epochs", *known, *around),
        [
            [
                *values(trial, (*IDENTITY, "state", "trained_epochs")),
                *(score(trial, name) for name in known),
                *values(trial, around),
            ]
            for trial in document.ranked
        ],
        sortable=True,
    )


def _best_scores(document: ExperimentDocument) -> Table:
    known = [name for name in _known_metrics(document) if name in METRICS]
    columns = [name for metric in known for name in (metric, "epoch")]
    return Table(
        titled(document.dataset, "Best value of each metric, and its epoch"),
        (*IDENTITY, "round_epochs", *columns, f"{document.by} by epoch"),
        [
            [
                *values(trial, (*IDENTITY, "trained_epochs")),
                *_each_best(values(trial.best, known)),
                curve,
            ]
            for trial, curve in zip(document.ranked, _curves(document), strict=True)
            if trial.best
        ],
        sortable=True,
    )


def _each_best(found: Sequence[BestEpoch | None]) -> list[float | None]:
    """Return the best value of each metric, each followed by its epoch."""
    return [cell for best in found for cell in ((best.value, best.epoch) if best else (None, None))]


def _params(document: ExperimentDocument) -> Table:
    names = param_names(document.trials)
    return Table(
        titled(document.dataset, "Parameters"),
        (*IDENTITY, *names),
        [
            [
                *values(trial, IDENTITY),
                *map(effective_of(trial).get, names),
            ]
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
    return list(winner_notes(document.winner, trials, document.by, images))


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
    what = f"Hyperparameter importance for {document.by} ({found.rounds:,} trials)"
    rows = [values(row, INFLUENCE) for row in found.influence]
    table = Table(titled(document.dataset, what), INFLUENCE, rows, sortable=True)
    return [table, Note(INFLUENCES)]
