"""Experiments that train as studies of Optuna's: for a study file, and live for its dashboard."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from cifar_model.grid import given_grid
from cifar_model.networks.network import Network
from cifar_model.objective import STOPPED, is_smaller_better, objective, score
from cifar_model.params import rules_of
from runner.reports.records import Trial
from runner.reports.trials import trials_of
from runner.search.asked import Search
from runner.search.sampling import distributions
from runner.search.study import Study, StudyTrial, study_file
from runner.searches import Objective, constraints_of, objectives_of
from runner.states import FINAL, JobState
from runner.store.engine import Connection, Store
from runner.store.queries import reports
from runner.store.queries.rows import JobRow
from runner.store.queries.studies import StudyRow, experiment_of, first_starts, studies

# Of a job without a trial.
STATES = {
    JobState.PENDING: "WAITING",
    JobState.RUNNING: "RUNNING",
    JobState.FAILED: "FAIL",
    JobState.CANCELLED: "FAIL",
}


class Studies:
    """Read the experiments of a store as studies, each as it is at the moment of the call."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def without_trials(self) -> dict[int, Study]:
        """Return all experiments that train, by number; none has its trials."""
        with self._store.read() as connection:
            return {row.experiment: _study(row) for row in studies(connection)}

    def with_trials(self, experiment: int) -> Study:
        """Return an experiment with a trial for each job; raise KeyError if none trains."""
        with self._store.read() as connection:
            for row in studies(connection, experiment):
                return _with_trials(connection, row)
        raise KeyError(f"there is no experiment {experiment} that trains")

    def of_job(self, job: int) -> Study:
        """Return the experiment of a job; raise KeyError if there is no such job."""
        with self._store.read() as connection:
            number = experiment_of(connection, job)
        if number is None:
            raise KeyError(f"there is no job {job}")
        return self.with_trials(number)


def optuna_study(store: Store, experiment: int) -> bytes:
    """Return a file with exactly one study: the trials of an experiment that have a point.

    Those that were cancelled before they began are left out.
    """
    study = Studies(store).with_trials(experiment)
    trials = [
        trial for trial in study.trials if trial.params and (trial.started or not trial.ended)
    ]
    return study_file(replace(study, trials=trials))


def _objectives(row: StudyRow) -> list[Objective]:
    by = objective(row.reported)
    return objectives_of(row.configuration.stored) or [Objective(by, is_smaller_better(by))]


def _study(row: StudyRow) -> Study:
    stored = row.configuration.stored
    minimize = [each.minimize for each in _objectives(row)]
    listed = stored.get("grid")
    grid = given_grid(listed) if listed else {}
    rules = rules_of(Network.from_json(row.configuration.network))
    dataset = row.configuration.dataset
    return Study(
        name=f"experiment-{row.experiment}",
        minimize=minimize,
        distributions=distributions(Search("", row.seed, grid, minimize), rules),
        trials=[],
        about={
            "experiment": row.experiment,
            **({"name": row.name} if row.name else {}),
            "objectives": [each.metric for each in _objectives(row)],
            "dataset": dataset.title,
            "fingerprint": dataset.fingerprint,
            "command": row.provenance.command,
        },
    )


def _with_trials(connection: Connection, row: StudyRow) -> Study:
    study = _study(row)
    jobs = reports.jobs(connection, experiment=row.experiment)
    epochs = reports.epochs(connection, experiment=row.experiment)
    started = first_starts(connection, row.experiment)
    pairs = zip(jobs, trials_of(jobs, epochs), strict=True)
    trials = [_trial(row, study, job, trial, started) for job, trial in pairs]
    return replace(study, trials=trials)


def _trial(
    row: StudyRow, study: Study, job: JobRow, trial: Trial, started: Mapping[int, datetime]
) -> StudyTrial:
    objectives = _objectives(row)
    found = [score(trial, each.metric) for each in objectives]
    values = [value for value in found if value is not None]
    if trial.trial is None:
        state = STATES[JobState(trial.state)]
    elif trial.ended_by == STOPPED:
        state = "PRUNED"
    else:
        state = "COMPLETE" if len(values) == len(objectives) else "FAIL"
    curve = {epoch.epoch: score(epoch, objectives[0].metric) for epoch in trial.epochs}
    names = study.distributions
    bounds = [
        (each, score(trial, each.metric)) for each in constraints_of(row.configuration.stored)
    ]
    about = {"trial": trial.trial, "job": trial.job, "seed": trial.seed}
    return StudyTrial(
        params={name: v for name, v in trial.params.items() if not names or name in names},
        values=values if state == "COMPLETE" else None,
        state=state,
        intermediate={epoch: value for epoch, value in curve.items() if value is not None},
        about=about if trial.reason is None else {**about, "reason": trial.reason},
        excess=[bound.excess(value) for bound, value in bounds if value is not None],
        id=trial.job,
        number=trial.number - 1,
        started=started.get(trial.job),
        ended=job.ended_at if trial.state in FINAL else None,
    )
