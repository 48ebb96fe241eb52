"""Build the document of an experiment. Every format of a report is rendered from it.

docs/reference.md describes its fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cifar_model.data import Description
from cifar_model.objective import STOPPED, is_smaller_better, objective, score
from cifar_model.spaces.reducing import THRESHOLD, WINDOW
from runner.errors import InputError
from runner.reports.evaluation import FoldsSummary, evaluations_of, folds_summary
from runner.reports.experiment.budget import Budget, budget_of_jobs
from runner.reports.experiment.looks import looks_of
from runner.reports.experiment.pareto import ParetoTrial, pareto_front, violates
from runner.reports.experiment.racing import RaceDocument, race_document
from runner.reports.experiment.search import Search, Searched, search_of
from runner.reports.experiment.warnings import experiment_warnings
from runner.reports.explanation.agreement import Agreement
from runner.reports.explanation.life import LifeEpoch, life_of
from runner.reports.explanation.rows import activations_of, explanations_of
from runner.reports.explanation.shortcuts import Shortcut, shortcuts_of
from runner.reports.formats.talos_log import Analysis, analysis
from runner.reports.groups import Data, RankedGroup, group_trials, ranked_groups
from runner.reports.lookup import experiment_row, newest_number
from runner.reports.records import (
    Activation,
    Evaluation,
    Explanation,
    Job,
    RankedTrial,
    Submission,
    Trial,
    fields_of,
)
from runner.reports.selection import Winner, noise, winner
from runner.reports.stats.ranking import PARAMS
from runner.reports.stats.repeats import Group, repeated
from runner.reports.stats.selection_bias import Chance, pooled
from runner.reports.stats.uncertainty import known_interval
from runner.reports.trials import ranked, source_of, trials_of
from runner.searches import constraints_of, objectives_of, reduction_interval
from runner.specs import Configuration, Provenance, code_of, network_name
from runner.states import FINAL, JobState, Kind
from runner.store.engine import Connection, Store
from runner.store.queries import reports
from runner.store.queries.rows import ExperimentRow, JobRow, MachineRow
from runner.store.queries.submissions import SubmissionRow, submissions

TRAINS = (Kind.TRAIN, Kind.TUNE)
SMALLEST_FIRST, LARGEST_FIRST = "smallest first", "largest first"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSummary:
    """The fields of Talos's scan summary. The reduction fields are None without --reduce."""

    random_method: str | None
    reduction_method: str | None = None
    reduction_interval: int | None = None
    reduction_window: int | None = None
    grid_downsample: float | None
    reduction_threshold: float | None = None
    reduction_metric: str | None = None
    reduce_loss: bool = False
    experiment_name: str
    complete_time: str | None
    x_shape: list[int] | None
    y_shape: list[int] | None


@dataclass(frozen=True, slots=True)
class ExperimentDocument:
    """All data of an experiment's report.

    `trials` has the trials that the experiment trained, by rank, or the one trial that it evaluated
    or explained. `trained_on` is the data set of the trials, which can differ from `dataset` if
    images of another data set are explained. `source` is the code of a network of one's own, and
    `life` has the epochs that were explained, if earlier ones than the last were asked for.
    `agreement` compares the explanations of the best trials, if they were explained. `by` is the
    metric that the trials are ranked by: the objective of a search, else the preferred one of
    those that were reported.
    """

    experiment: int
    name: str | None
    tags: list[str]
    note: str | None
    archived: bool
    kind: str
    dataset: Description
    trained_on: Description
    seed: int
    configuration: Configuration
    provenance: Provenance
    submissions: list[Submission]
    machines: list[MachineRow]
    created_at: str
    ended_at: str | None
    states: dict[str, int]
    jobs: list[Job]
    search: Search | None
    budget: Budget | None
    race: RaceDocument | None
    confirmed: int | None
    by: str
    order: str
    trials: list[Trial]
    repeats: list[Group]
    group_by: list[str]
    groups: list[RankedGroup]
    winner: Winner | None
    pareto: list[ParetoTrial] | None
    scan_summary: ScanSummary | None
    analysis: Analysis | None
    evaluations: list[Evaluation]
    folds: FoldsSummary | None
    explanations: list[Explanation]
    activations: list[Activation]
    shortcuts: list[Shortcut] | None
    warnings: list[str]
    files: list[str]
    source: str | None = None
    life: list[LifeEpoch] | None = None
    agreement: list[Agreement] | None = None

    @property
    def network(self) -> str:
        """Return the name of the network."""
        return network_name(self.configuration.network)

    @property
    def trains(self) -> bool:
        """Return whether the experiment trains trials."""
        return self.kind in TRAINS

    @property
    def ranked(self) -> list[RankedTrial]:
        """Return the trials that the experiment trained, by rank."""
        return [trial for trial in self.trials if isinstance(trial, RankedTrial)]

    @property
    def minimizes(self) -> bool:
        """Return whether the smallest value of the metric `by` is the best."""
        return self.order == SMALLEST_FIRST


def chosen_experiment(store: Store, number: int | None, *, trains: bool = False) -> tuple[int, int]:
    """Return the number of an experiment and its job count.

    The default is the newest with results; with `trains`, the newest with trials.
    """
    with store.read() as connection:
        found = newest_number(connection, trains=trains) if number is None else number
        return found, reports.count_jobs(connection, found)


def report_document(
    store: Store, number: int | None, group_by: Sequence[str] | None = None
) -> ExperimentDocument:
    """Return the document of an experiment (default: the newest with results).

    The trials are also grouped by the params `group_by`; None groups by all params if some were
    trained several times, and an empty sequence makes no groups.
    """
    with store.read() as connection:
        chosen = newest_number(connection) if number is None else number
        document = _document(connection, experiment_row(connection, chosen), group_by)
    source = source_of(store, code_of(document.configuration.network))
    life, agreement = _life(store, document), looks_of(store, document.ranked)
    return replace(document, source=source, life=life, agreement=agreement)


def _life(store: Store, document: ExperimentDocument) -> list[LifeEpoch] | None:
    """Return the epochs that were explained, if earlier ones than the last were asked for."""
    earlier = document.configuration.epochs_of_life
    if earlier is None:
        return None
    return life_of(
        store,
        document.experiment,
        document.dataset.classes,
        earlier,
        document.explanations,
        [epoch for trial in document.trials for epoch in trial.epochs],
    )


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The trials of an experiment by rank, and what follows from that."""

    by: str
    order: str
    trials: list[Trial]
    repeats: list[Group]
    group_by: list[str]
    groups: list[RankedGroup]
    winner: Winner | None
    pareto: list[ParetoTrial] | None
    analysis: Analysis | None


def _document(
    connection: Connection, experiment: ExperimentRow, group_by: Sequence[str] | None
) -> ExperimentDocument:
    number, configuration = experiment.id, experiment.configuration
    trains, dataset = experiment.kind in TRAINS, configuration.dataset
    if group_by and not trains:
        raise InputError(
            f"--group-by: experiment {number} is of kind {experiment.kind}",
            "an experiment that trains: trials are grouped",
            "choose an experiment of kind tune or train",
        )
    jobs = reports.jobs(connection, experiment=number)
    # Whose trials are shown: the trained ones, or the one that is evaluated or explained.
    own = jobs if trains else reports.jobs(connection, trial=configuration.trial)
    trained_on = dataset if trains else own[0].dataset or dataset
    ranking = _ranking(connection, experiment, own, trained_on, group_by)
    ended_at = _ended_at(jobs)
    evaluations = evaluations_of(connection, experiment=number)
    folds = None if trains else configuration.folds
    race = race_document(connection, number, configuration)
    return ExperimentDocument(
        experiment=number,
        name=experiment.name,
        tags=experiment.tags,
        note=experiment.note,
        archived=experiment.archived_at is not None,
        kind=experiment.kind,
        dataset=dataset,
        trained_on=trained_on,
        seed=experiment.seed,
        configuration=configuration,
        provenance=experiment.provenance,
        submissions=[_submission(row) for row in submissions(connection, number)],
        machines=reports.machines(connection, number),
        created_at=experiment.created_at.isoformat(timespec="milliseconds"),
        ended_at=ended_at,
        states=_states(jobs),
        jobs=[_job(job) for job in jobs],
        race=race,
        confirmed=None if race is None else race.confirmed,
        search=search_of(configuration, (Searched(bool(job.params), job.reason) for job in jobs)),
        budget=budget_of_jobs(connection, number, configuration, jobs),
        **fields_of(ranking),
        scan_summary=_scan_summary(experiment, ended_at, ranking.by) if trains else None,
        evaluations=evaluations,
        folds=folds_summary(evaluations, folds) if folds else None,
        explanations=explanations_of(connection, number, dataset.classes),
        activations=activations_of(connection, number),
        shortcuts=shortcuts_of(connection, number, dataset.classes),
        warnings=experiment_warnings(connection, number, experiment.kind, configuration),
        files=[],
    )


def _ranking(
    connection: Connection,
    experiment: ExperimentRow,
    jobs: Sequence[JobRow],
    trained_on: Description,
    group_by: Sequence[str] | None,
) -> _Ranking:
    trains, images = experiment.kind in TRAINS, trained_on.images.validation
    reported = (job.objective for job in jobs if job.objective is not None)
    aims = objectives_of(experiment.configuration.stored)
    by = aims[0].metric if aims else objective(reported)
    smallest_first = aims[0].minimize if aims else is_smaller_better(by)
    trained = _trials(connection, experiment, jobs)
    constraints = constraints_of(experiment.configuration.stored)
    excluded = {trial.job for trial in trained if trains and violates(trial, constraints)}
    folds = experiment.configuration.folds if trains else None
    if trains:
        # Trials of different folds are scored on different images: only their means are ranked.
        unranked = excluded if folds is None else {trial.job for trial in trained}
        trained = [*ranked(trained, by, smallest_first=smallest_first, excluded=unranked)]
    complete = [t for t in trained if t.ended_by != STOPPED and t.job not in excluded]
    scored = [trial for trial in complete if trial.trial and score(trial, by) is not None]
    first = scored[0] if trains and scored and folds is None else None
    repeats = repeated(complete, by, smallest_first=smallest_first)
    chance = Chance(len(scored), pooled(repeats))
    names, groups = _groups(complete, trained_on, group_by, by, folds) if trains else ([], [])
    trials = [
        replace(
            trial,
            val_accuracy_interval=known_interval(trial.val_accuracy, images),
            noise=noise(first, trial, by, chance, images)
            if first and trial.ended_by != STOPPED
            else None,
        )
        for trial in trained
    ]
    best = winner(connection, first, by, chance, images) if first else None
    return _Ranking(
        by=by,
        order=SMALLEST_FIRST if smallest_first else LARGEST_FIRST,
        trials=trials,
        repeats=repeats,
        group_by=names,
        groups=ranked_groups(groups, by, chance.repeats, smallest_first=smallest_first),
        winner=best,
        pareto=pareto_front(complete, aims) if trains else None,
        analysis=analysis(trials, by, smallest_first=smallest_first)
        if trains and folds is None
        else None,
    )


def _groups(
    trials: Sequence[Trial],
    dataset: Description,
    group_by: Sequence[str] | None,
    by: str,
    folds: int | None,
) -> tuple[list[str], list[RankedGroup]]:
    """Return the names of the params that the trials are grouped by, and the groups."""
    data = Data(dataset.title, dataset.fingerprint, dataset.images.train, dataset.images.validation)
    names = PARAMS if group_by is None else group_by
    # Jobs of a search that have no point yet are equal, and no group.
    drawn = [trial for trial in trials if trial.params]
    groups = group_trials(drawn, names, by, data, folds) if names else []
    # Without repeats every trial would be a group of its own.
    if group_by is None and len(groups) == len(drawn):
        return [], []
    return list(names), groups


def _trials(
    connection: Connection, experiment: ExperimentRow, jobs: Sequence[JobRow]
) -> list[Trial]:
    """Return the trained trials, or the one trial that was evaluated or explained."""
    if experiment.kind in TRAINS:
        epochs = reports.epochs(connection, experiment=experiment.id)
        return trials_of(jobs, epochs)
    epochs = [row for job in jobs for row in reports.epochs(connection, job=job.job)]
    return trials_of(jobs, epochs)


def _scan_summary(experiment: ExperimentRow, ended_at: str | None, by: str) -> ScanSummary:
    configuration, dataset = experiment.configuration, experiment.configuration.dataset
    reduce = configuration.stored.get("reduce", {})
    return ScanSummary(
        random_method=configuration.method,
        reduction_method=reduce.get("reducer"),
        reduction_interval=reduction_interval(configuration.stored),
        reduction_window=WINDOW if reduce else None,
        reduction_threshold=THRESHOLD if reduce else None,
        reduction_metric=by if reduce else None,
        grid_downsample=configuration.downsample,
        experiment_name=f"experiment-{experiment.id}",
        complete_time=ended_at,
        x_shape=[dataset.images.train, *dataset.shape] if dataset else None,
        y_shape=[dataset.images.train, len(dataset.classes)] if dataset else None,
    )


def _states(jobs: Sequence[JobRow]) -> dict[str, int]:
    return {str(state): sum(job.state == state for job in jobs) for state in JobState}


def _ended_at(jobs: Sequence[JobRow]) -> str | None:
    if any(job.state not in FINAL for job in jobs):
        return None
    latest = max(job.ended_at for job in jobs if job.ended_at is not None)
    return latest.isoformat(timespec="milliseconds")


def _submission(row: SubmissionRow) -> Submission:
    return Submission(
        submission=row.number,
        command=row.provenance.command,
        version=row.provenance.version,
        created_at=row.created_at.isoformat(timespec="milliseconds"),
        downsample=row.configuration.downsample,
        first_job=row.first_job,
        jobs=row.jobs,
    )


def _job(job: JobRow) -> Job:
    return Job(job.job, job.number, job.state, job.attempts, job.reason, job.trial, job.reused)
