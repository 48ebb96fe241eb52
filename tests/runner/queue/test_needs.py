"""A job with code is left to workers that allow code, and whoever waits for it is told so."""

import os
from pathlib import Path

import pytest

from runner.errors import InputError
from runner.local.liveness import unmet_needs, why_nothing_runs, workers_alive
from runner.needs import Needs, Offer, needs_of
from runner.processes import host_identity, process_started
from runner.queue.app import BEGUN_JOBS, NEW_JOBS, QUEUES, queues_of
from runner.queue.dispatch import message
from runner.settings import ALLOW_CODE, Settings
from runner.states import JobState
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.job_lifecycle import claim
from runner.store.lifecycle.workers import WorkerProcess, worker_seen
from tests.runner.store.making import DATASET, job_ids, make_experiment, make_worker

NETWORK = {"name": "own.py:build", "parameters": {}, "code": "0" * 64}
CONFIGURATION = {"dataset": DATASET, "epochs": None, "threads": 1, "network": NETWORK}
NO_CODE, WITH_CODE = Offer(code=False), Offer(code=True)


def test_only_code_of_users_needs_permission() -> None:
    assert needs_of(CONFIGURATION) == Needs(code=True)
    built_in: dict[str, object] = {"name": "resnet", "parameters": {}, "code": None}
    assert needs_of({**CONFIGURATION, "network": built_in}) == needs_of({}) == Needs()


def test_code_is_allowed_in_embedded_mode_and_on_a_rack_where_it_is_said(tmp_path: Path) -> None:
    home = {"RUNNER_HOME": str(tmp_path)}
    rack = {**home, "RUNNER_BROKER_URL": "redis://127.0.0.1/0"}
    assert Settings.from_environment(home).allow_code
    assert not Settings.from_environment(rack).allow_code
    assert Settings.from_environment({**rack, ALLOW_CODE: "1"}).allow_code
    assert not Settings.from_environment({**home, ALLOW_CODE: "0"}).allow_code


def test_a_worker_listens_only_to_the_queues_whose_jobs_it_takes() -> None:
    code, no_code = [f"{BEGUN_JOBS}.code", f"{NEW_JOBS}.code"], [BEGUN_JOBS, NEW_JOBS]
    assert sorted(queues_of(WITH_CODE)) == sorted([*code, *no_code])
    assert queues_of(NO_CODE) == no_code
    on_jax = queues_of(Offer(code=True, backend="jax"))
    assert set(on_jax) == set(QUEUES) - {*code, *no_code}


def test_a_job_with_code_is_sent_to_a_queue_of_its_own(store: Store) -> None:
    plain = job_ids(store, make_experiment(store))
    coded = job_ids(store, make_experiment(store, configuration=CONFIGURATION))
    sent = queries.jobs_to_send(store, [*plain, *coded])
    assert [message(job).queue for job in sent] == [NEW_JOBS, f"{NEW_JOBS}.code"]


def test_a_worker_without_permission_claims_no_job_with_code(store: Store) -> None:
    experiment = make_experiment(store, configuration=CONFIGURATION)
    (job,) = job_ids(store, experiment)
    worker = make_worker(store)
    with pytest.raises(InputError) as left:
        claim(store, job, worker, NO_CODE)
    assert left.value.fix == "RUNNER_ALLOW_CODE=1"
    (found,) = queries.jobs(store, experiment)
    assert (found.state, found.attempts) == (JobState.PENDING, 0)
    assert claim(store, job, worker, WITH_CODE) is not None


def test_jobs_that_no_worker_takes_are_said_until_one_does(store: Store, tmp_path: Path) -> None:
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path)})
    make_experiment(store)
    make_experiment(store, jobs=3, configuration=CONFIGURATION)
    be_seen(store, "careful", NO_CODE)
    words = "3 jobs need a worker that allows code: RUNNER_ALLOW_CODE=1"
    assert why_nothing_runs(settings, store) == words
    be_seen(store, "trusting", WITH_CODE)
    assert unmet_needs(store, workers_alive(settings, store)) is None


def be_seen(store: Store, name: str, offer: Offer) -> None:
    pid = os.getpid()
    started = process_started(pid) or "gone"
    process = WorkerProcess(name, host_identity(), pid, started, "cpu", offer.to_json())
    worker_seen(store, process)
