"""Asks the point of a job whose experiment is a search, and stores it before it is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from cifar_model.grid import given_grid
from cifar_model.networks.network import Network
from cifar_model.params import Params, ParamValues, point_digest, rules_of, settled
from runner.errors import InputError
from runner.search.asked import Asked, Search, Values, fixed_history, told_before
from runner.search.sampling import Proposer, SpaceExhaustedError
from runner.searches import (
    budget_of,
    constraints_of,
    is_deterministic,
    is_unasked,
    measured_by,
    objectives_of,
)
from runner.states import FINAL, AttemptState, JobState
from runner.store.lifecycle.tuning.asking import (
    BEGUN,
    EXHAUSTED,
    Answer,
    AskedMeanwhileError,
    Searched,
    point_number,
    read_asked,
    read_search,
    record_asked,
)
from runner.store.lifecycle.tuning.budget import end_unbegun, fits_budget
from runner.store.networks import read_network
from workers.attempt import Attempt, Stopped
from workers.drain import drain
from workers.retrying import retry_while_unavailable

LOOK_SECONDS = 0.5

# The newest search of this process: to bring a new one to where it is, every point is asked again.
_warm: dict[tuple[str, int], Proposer] = {}


def begun(attempt: Attempt) -> Attempt:
    """Return an attempt whose job has a point and fits the budget; else end the experiment."""
    check_budget(attempt)
    if not is_unasked(attempt.claim.configuration):
        return attempt
    found = with_point(attempt)
    check_budget(found)
    return found


def with_point(attempt: Attempt) -> Attempt:
    """Return an attempt whose job has a point; end the search if there is none left.

    The point is stored together with what the sampler was told before, so that any process can
    bring its own sampler to the same state.
    """
    claim = attempt.claim
    store, job = attempt.context.store, claim.job_id
    while True:
        attempt.check()
        try:
            # The point may have been asked with another of its folds since the claim.
            known = retry_while_unavailable(lambda: read_asked(store, job))
            configuration = known or _ask(attempt)
        except AskedMeanwhileError:
            continue
        except SpaceExhaustedError:
            end_experiment(attempt, EXHAUSTED)
            raise Stopped(AttemptState.CANCELLED, EXHAUSTED) from None
        else:
            return replace(attempt, claim=replace(claim, configuration=configuration))


def end_experiment(attempt: Attempt, reason: str) -> None:
    """Cancel the jobs of an experiment that have not begun."""
    store, claim = attempt.context.store, attempt.claim
    retry_while_unavailable(
        lambda: end_unbegun(store, claim.key, claim.experiment_id, reason, BEGUN)
    )


def check_budget(attempt: Attempt) -> None:
    """End the experiment if a job does not fit into what is left of its budget."""
    store, claim = attempt.context.store, attempt.claim
    if budget_of(claim.configuration) == (None, None):
        return
    spent = retry_while_unavailable(lambda: fits_budget(store, claim.key, claim.experiment_id))
    if spent is not None:
        end_experiment(attempt, spent)
        raise Stopped(AttemptState.CANCELLED, spent)


def _ask(attempt: Attempt) -> dict[str, Any]:
    history = _history(attempt)
    proposer = _proposer(attempt, len(history) - 1)
    proposer.replay(history[:-1])
    before_it = proposer.state()
    try:
        point = proposer.ask(history[-1])
        return _store(attempt, replace(history[-1], point=point), len(history) - 1)
    except BaseException:
        # A point that is not stored was not asked.
        proposer.restore(before_it)
        raise


def _store(attempt: Attempt, asked: Asked, history: int) -> dict[str, Any]:
    """Store the point that was asked; return the configuration of the job with it."""
    store, claim = attempt.context.store, attempt.claim
    params, stored = _settled(_network(attempt), attempt, asked.point or {})
    before = None if is_deterministic(claim.configuration) else history
    folds = claim.configuration.get("folds")
    every = [None] if folds is None else range(1, folds + 1)
    digests = [point_digest(params, claim.seed, fold) for fold in every]
    answer = Answer(stored, asked.to_json(), digests, before)
    if not retry_while_unavailable(lambda: record_asked(store, claim.key, answer)):
        raise Stopped(None)
    return {**claim.configuration, "params": stored}


def _history(attempt: Attempt) -> Sequence[Asked]:
    """Return what was asked before, and last what is to be asked now."""
    store, claim = attempt.context.store, attempt.claim
    lag, folds = claim.configuration.get("lag"), claim.configuration.get("folds", 1)
    number = point_number(claim.number, folds)
    while True:
        points = retry_while_unavailable(lambda: read_search(store, claim.experiment_id, folds))
        if any(point.number == number and point.asked for point in points):
            raise AskedMeanwhileError
        outcomes = _outcomes(points, claim.configuration)
        if lag is None:
            asked = [Asked.from_json(point.number, point.asked) for point in points if point.asked]
            return [*asked, Asked(number, None, told_before(asked, outcomes))]
        history, complete = fixed_history(number, lag, outcomes)
        if complete:
            return history
        waited_for = [
            point for point in points if point.number <= number - lag and point.state not in FINAL
        ]
        if any(point.state == JobState.PENDING for point in waited_for):
            # Its worker was lost: this one is free for it.
            raise Stopped(AttemptState.RELEASED)
        attempt.check()
        drain.wait(LOOK_SECONDS)


def _outcomes(
    points: Sequence[Searched], configuration: Mapping[str, Any]
) -> dict[int, Values | None]:
    """Return what came of the points that have ended, in the order in which their trials did."""
    trained = sorted((each for each in points if each.metrics), key=lambda each: each.trial or 0)
    found = {each.number: _values(each.metrics, configuration) for each in trained}
    if found and not any(found.values()):
        _refuse_unrecorded(trained[0].metrics[0], configuration)
    # With --deterministic, jobs that were cancelled before they were asked are waited for as well.
    all_count = is_deterministic(configuration)
    failed = [
        each.number
        for each in points
        if each.state in FINAL and not each.metrics and (each.asked or all_count)
    ]
    return {**found, **dict.fromkeys(failed)}


def _values(
    trials: Sequence[Mapping[str, float]], configuration: Mapping[str, Any]
) -> Values | None:
    """Return the mean of each objective over the trials of a point, and its largest excesses.

    None if a trial did not record one of them.
    """
    if not all(name in metrics for name in measured_by(configuration) for metrics in trials):
        return None
    return (
        *(fmean(of[each.metric] for of in trials) for each in objectives_of(configuration)),
        *(
            max(each.excess(of[each.metric]) for of in trials)
            for each in constraints_of(configuration)
        ),
    )


def _refuse_unrecorded(metrics: Mapping[str, float], configuration: Mapping[str, Any]) -> None:
    """Fail the job: without values, a search would be random, and nobody would know."""
    missing = [name for name in measured_by(configuration) if name not in metrics]
    raise InputError(
        f"the objective {missing[0]} is recorded by no trial of this experiment",
        f"one of the metrics that its trials record: {', '.join(metrics)}",
        "cancel the experiment and submit it with another --objective",
    )


def _proposer(attempt: Attempt, history: int) -> Proposer:
    """Return a sampler that was asked at most so many points of this search."""
    claim = attempt.claim
    key = (attempt.context.store.url, claim.experiment_id)
    if key not in _warm or _warm[key].replayed > history:
        _warm.clear()
        network = _network(attempt)
        search = search_of(claim.seed, claim.configuration)
        _warm[key] = Proposer(
            search,
            rules_of(network),
            lambda point: point_digest(_settled(network, attempt, point)[0], claim.seed),
        )
    return _warm[key]


def _network(attempt: Attempt) -> Network:
    stored = attempt.claim.configuration.get("network")
    return retry_while_unavailable(lambda: read_network(attempt.context.store, stored))


def search_of(seed: int, configuration: Mapping[str, Any]) -> Search:
    """Return a search as its experiment's configuration says it."""
    return Search(
        sampler=configuration["search"],
        seed=seed,
        grid=given_grid(configuration["grid"]),
        minimize=[each.minimize for each in objectives_of(configuration)],
        lag=configuration.get("lag"),
        warm=[(point, tuple(values)) for point, values in configuration.get("warm", ())],
    )


def _settled(
    network: Network, attempt: Attempt, point: ParamValues
) -> tuple[Params, dict[str, Any]]:
    """Return the params that are trained of a point, and what is stored of them."""
    return settled(point, attempt.claim.configuration.get("epochs"), network)
