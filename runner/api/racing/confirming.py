"""Confirm the best trial of an experiment with further seeds: a race, in one of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cifar_model.objective import METRICS, reported, score
from cifar_model.params import Params, seed_after
from cifar_model.spaces.racing import bounds
from runner.api import checks
from runner.errors import InputError
from runner.races import Candidate, Race, job_of, pointed
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.records import RankedTrial
from runner.specs import is_trainer
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment
from runner.store.networks import read_network
from runner.store.queries.tuning.races import model_sizes
from runner.submit.experiments import new_experiment

# What the trials of the race have in common with those of the first experiment.
SHARED = ("dataset", "threads", "network", "init", "freeze", "backend")


@dataclass(frozen=True, slots=True)
class ConfirmRequest:
    """Confirm the best trial of an experiment; the budget is in epochs."""

    experiment: int
    top: int = 5
    seeds: int = 5
    budget: int | None = None
    fresh: bool = False


def new_confirmation(store: Store, request: ConfirmRequest) -> NewExperiment:
    """Return the experiment of a race, checked and not yet stored."""
    request = replace(
        request,
        top=checks.whole_number("top", request.top),
        seeds=checks.whole_number("seeds", request.seeds),
        budget=checks.optional_number("budget", request.budget),
    )
    document = report_document(store, request.experiment)
    first = queries.experiment(store, request.experiment)
    race = _race(store, request, document, _candidates(request, document))
    network = read_network(store, first.configuration.get("network"))
    jobs = [pointed(job_of(race, place, 0), network) for place in range(len(race.candidates))]
    shared = {name: first.configuration[name] for name in SHARED if name in first.configuration}
    configuration = {**shared, "epochs": None, "repeats": 1, "confirm": race.to_json()}
    configuration |= {"fresh": True} if checks.flag("fresh", request.fresh) else {}
    if document.by not in METRICS and not is_trainer(first.configuration.get("network")):
        # No epoch has it: it is measured of the trained network, as in the first experiment.
        minimize = [document.by] if race.minimizes else []
        configuration |= {"objectives": [document.by], "minimize": minimize}
    new = new_experiment(Kind.TRAIN, first.seed, configuration, [own for own, _ in jobs], None)
    return replace(new, points=[point for _, point in jobs])


def _candidates(
    request: ConfirmRequest, document: ExperimentDocument
) -> list[tuple[RankedTrial, float]]:
    """Return the best trials that chance cannot tell apart, two at least, each with its score.

    A lead over all others that is significant on these images may still be one of the seed.
    """
    number = request.experiment
    if document.trains and document.configuration.folds is not None:
        raise InputError(
            f"experiment {number} was submitted with --folds: no trial has seen all its images",
            "an experiment without --folds",
            "submit its best points without --folds, or repeat it with another --seed",
        )
    if not document.trains or not any(trial.rank for trial in document.ranked):
        raise InputError(
            f"experiment {number} has no finished trials",
            "an experiment that has trained trials to their end",
            f"`runner status {number}` shows its jobs",
        )
    if document.ended_at is None:
        raise InputError(
            f"experiment {number} has jobs that are pending or running: its ranking may change",
            "an experiment whose jobs have all ended",
            f"wait for its end: `runner watch {number}`",
        )
    if document.by not in reported(document.ranked):
        raise InputError(
            f"experiment {number} is ranked by {document.by}, which is no metric of an epoch",
            "an experiment that is ranked by a metric which trials report",
            "confirm an experiment with another --objective",
        )
    found = _of_groups(document) if document.groups else _of_trials(document)
    if len(found) < 2:
        raise InputError(
            f"experiment {number} has one candidate only: trial {found[0][0].trial}",
            "an experiment that has trained two or more sets of params to their end",
            f"train another: `runner report {number}` shows what was trained",
        )
    return found[: request.top]


def _of_trials(document: ExperimentDocument) -> list[tuple[RankedTrial, float]]:
    trials = [trial for trial in document.ranked if trial.rank is not None]
    # A metric that is no share has no such test: the best of them are candidates.
    near = [trial for trial in trials[1:] if trial.noise is not False] or trials[1:2]
    return [(trial, score(trial, document.by) or 0.0) for trial in [trials[0], *near]]


def _of_groups(document: ExperimentDocument) -> list[tuple[RankedTrial, float]]:
    """Return the best trial of each set of params, with the mean over its seeds."""
    by_number = {trial.trial: trial for trial in document.ranked}
    groups = [group for group in document.groups if group.mean is not None]
    near = [group for group in groups[1:] if group.noise is not False] or groups[1:2]
    found = []
    for group in [groups[0], *near]:
        trials = [by_number[trial] for trial in group.trials]
        best = min(trials, key=lambda trial: trial.rank or len(by_number))
        found.append((best, group.mean or 0.0))
    return found


def _race(
    store: Store,
    request: ConfirmRequest,
    document: ExperimentDocument,
    candidates: Sequence[tuple[RankedTrial, float]],
) -> Race:
    trials = [trial for trial, _ in candidates]
    sizes = model_sizes(store, [trial.trial or 0 for trial in trials])
    found = [
        Candidate(
            trial=trial.trial or 0,
            rank=rank,
            score=score,
            size=sizes[trial.trial or 0],
            epochs=_epochs(store, document, trial),
            params=trial.params,
        )
        for rank, (trial, score) in enumerate(candidates, start=1)
    ]
    one_seed = sum(candidate.epochs for candidate in found)
    if request.budget is not None and request.budget < one_seed:
        raise InputError(
            f"--budget {request.budget}: one seed of the {len(found)} candidates takes {one_seed}"
            " epochs",
            f"{one_seed} epochs or more",
            "give a larger --budget, or a smaller --top",
        )
    # No seed that the candidates were chosen by.
    last = max(trial.seed for trial in document.ranked)
    return Race(
        experiment=document.experiment,
        metric=document.by,
        minimizes=document.minimizes,
        chosen_from=sum(trial.rank is not None for trial in document.ranked),
        candidates=found,
        seeds=[seed_after(last, each) for each in range(1, request.seeds + 1)],
        bounds=bounds(len(found), request.seeds),
        budget=request.budget,
        predicts=all(trial.predicts for trial in trials),
    )


def _epochs(store: Store, document: ExperimentDocument, trial: RankedTrial) -> int:
    network = document.configuration.network
    if is_trainer(network):
        return trial.trained_epochs
    return Params.from_json(trial.params, read_network(store, network)).training.epochs
