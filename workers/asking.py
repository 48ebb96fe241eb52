"""Asks the point of a job whose experiment is a search, and stores it before it is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cifar_model.grid import given_grid
from cifar_model.networks.network import Network
from cifar_model.params import ParamValues, point_digest, rules_of, settled
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
    SearchedJob,
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
    while True:
        attempt.check()
        try:
            configuration = _ask(attempt)
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
        configuration = _store(attempt, replace(history[-1], point=point), len(history) - 1)
    except BaseException:
        # A point that is not stored was not asked.
        proposer.restore(before_it)
        raise
    if configuration is None:
        raise Stopped(None)
    return configuration


def _store(attempt: Attempt, asked: Asked, history: int) -> dict[str, Any] | None:
    store, claim = attempt.context.store, attempt.claim
    point = asked.point or {}
    stored, digest = _trained(_network(attempt), attempt, point)
    before = None if is_deterministic(claim.configuration) else history
    answer = Answer({"params": stored, "asked": asked.to_json()}, digest, before)
    return retry_while_unavailable(lambda: record_asked(store, claim.key, answer))


def _history(attempt: Attempt) -> Sequence[Asked]:
    """Return what was asked before, and last what is to be asked now."""
    store, claim = attempt.context.store, attempt.claim
    lag = claim.configuration.get("lag")
    while True:
        jobs = retry_while_unavailable(lambda: read_search(store, claim.experiment_id))
        outcomes = _outcomes(jobs, claim.configuration)
        if lag is None:
            asked = [Asked.from_json(job.number, job.asked) for job in jobs if job.asked]
            return [*asked, Asked(claim.number, None, told_before(asked, outcomes))]
        history, complete = fixed_history(claim.number, lag, outcomes)
        if complete:
            return history
        waited_for = [
            job for job in jobs if job.number <= claim.number - lag and job.state not in FINAL
        ]
        if any(job.state == JobState.PENDING for job in waited_for):
            # Its worker was lost: this one is free for it.
            raise Stopped(AttemptState.RELEASED)
        attempt.check()
        drain.wait(LOOK_SECONDS)


def _outcomes(
    jobs: Sequence[SearchedJob], configuration: Mapping[str, Any]
) -> dict[int, Values | None]:
    """Return what came of the jobs that have ended, in the order in which their trials did."""
    trained = sorted((job.trial, job) for job in jobs if job.trial is not None)
    found = {job.number: _values(job.metrics or {}, configuration) for _, job in trained}
    if found and not any(found.values()):
        _refuse_unrecorded(trained[0][1].metrics or {}, configuration)
    # With --deterministic, jobs that were cancelled before they were asked are waited for as well.
    all_count = is_deterministic(configuration)
    failed = [
        job.number
        for job in jobs
        if job.state in FINAL and job.trial is None and (job.asked or all_count)
    ]
    return {**found, **dict.fromkeys(failed)}


def _values(metrics: Mapping[str, float], configuration: Mapping[str, Any]) -> Values | None:
    """Return the objectives and the excesses of a trial; None if it did not record one of them."""
    if not all(name in metrics for name in measured_by(configuration)):
        return None
    return (
        *(metrics[each.metric] for each in objectives_of(configuration)),
        *(each.excess(metrics[each.metric]) for each in constraints_of(configuration)),
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
            search, rules_of(network), lambda point: _trained(network, attempt, point)[1]
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


def _trained(network: Network, attempt: Attempt, point: ParamValues) -> tuple[dict[str, Any], str]:
    """Return what is stored of a point, and the digest of what is trained of it."""
    claim = attempt.claim
    params, stored = settled(point, claim.configuration.get("epochs"), network)
    return stored, point_digest(params, claim.seed)
