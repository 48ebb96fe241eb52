"""The trials of an experiment as a study of Optuna's."""

from cifar_model.grid import given_grid
from cifar_model.networks.network import Network
from cifar_model.objective import STOPPED, score
from cifar_model.params import rules_of
from runner.reports.experiment.document import ExperimentDocument
from runner.reports.records import Trial
from runner.search.asked import Search
from runner.search.sampling import distributions
from runner.search.study import Study, StudyTrial, study_file
from runner.searches import Objective, objectives_of
from runner.states import JobState

# Of a job without a trial.
STATES = {
    JobState.PENDING: "WAITING",
    JobState.RUNNING: "RUNNING",
    JobState.FAILED: "FAIL",
    JobState.CANCELLED: "FAIL",
}


def optuna_study(document: ExperimentDocument) -> bytes:
    """Return a file with exactly one study, which has all trials of the experiment."""
    stored = document.configuration.stored
    by = Objective(document.by, document.minimizes)
    objectives = objectives_of(stored) or [by]
    minimize = [each.minimize for each in objectives]
    listed = stored.get("grid")
    grid = given_grid(listed) if listed else {}
    rules = rules_of(Network.from_json(document.configuration.network))
    trials = sorted(document.trials, key=lambda trial: trial.number)
    study = Study(
        name=f"experiment-{document.experiment}",
        minimize=minimize,
        distributions=distributions(Search("", document.seed, grid, minimize), rules),
        trials=[_trial(trial, objectives, list(grid)) for trial in trials if _has_begun(trial)],
        about={
            "experiment": document.experiment,
            "objectives": [each.metric for each in objectives],
            "dataset": document.dataset.title,
            "fingerprint": document.dataset.fingerprint,
            "command": document.provenance.command,
        },
    )
    return study_file(study)


def _has_begun(trial: Trial) -> bool:
    """Return whether a trial has a point, and was not cancelled before it began."""
    return bool(trial.params) and (trial.state != JobState.CANCELLED or trial.attempts > 0)


def _trial(trial: Trial, objectives: list[Objective], names: list[str]) -> StudyTrial:
    found = [score(trial, each.metric) for each in objectives]
    values = [value for value in found if value is not None]
    if trial.trial is None:
        state = STATES[JobState(trial.state)]
    elif trial.ended_by == STOPPED:
        state = "PRUNED"
    else:
        state = "COMPLETE" if len(values) == len(objectives) else "FAIL"
    curve = {epoch.epoch: score(epoch, objectives[0].metric) for epoch in trial.epochs}
    own = {name: value for name, value in trial.params.items() if not names or name in names}
    return StudyTrial(
        params=own,
        values=values if state == "COMPLETE" else None,
        state=state,
        intermediate={epoch: value for epoch, value in curve.items() if value is not None},
        about={"trial": trial.trial, "job": trial.job, "seed": trial.seed},
    )
