"""Creating experiments: all of one or nothing, and once however often it is asked for."""

import json

import pytest
from sqlalchemy.exc import StatementError

from runner.states import JobState
from runner.store import queries
from runner.store.engine import Store
from tests.runner.store.making import InProcesses, make_experiment, rows


def test_an_experiment_has_its_jobs_pending_in_their_order(store: Store) -> None:
    experiment_id = make_experiment(store, jobs=[{"params": {"lr": 1}}, {"params": {"lr": 2}}])
    jobs = queries.jobs(store, experiment_id)
    assert [(job.number, job.configuration, job.state) for job in jobs] == [
        (1, {"params": {"lr": 1}}, JobState.PENDING),
        (2, {"params": {"lr": 2}}, JobState.PENDING),
    ]


def test_an_experiment_that_fails_at_its_last_job_leaves_nothing(store: Store) -> None:
    # From the driver or from SQLAlchemy around it, as the database has it.
    with pytest.raises((ValueError, StatementError), match="not JSON compliant"):
        make_experiment(store, jobs=[{"lr": 1}, {"lr": float("nan")}])
    assert rows(store, "experiments") == 0
    assert rows(store, "jobs") == 0


def test_an_experiment_without_jobs_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="never end"):
        make_experiment(store, jobs=[])
    assert rows(store, "experiments") == 0


def test_the_same_submission_key_again_is_the_same_experiment(store: Store) -> None:
    first = make_experiment(store, jobs=2, submission_key="once")
    assert make_experiment(store, jobs=2, submission_key="once") == first
    assert make_experiment(store, jobs=2, submission_key="twice") != first
    assert rows(store, "jobs") == 4


def test_without_a_submission_key_every_submission_is_another_experiment(store: Store) -> None:
    assert make_experiment(store) != make_experiment(store)


def test_the_same_submission_key_at_the_same_moment_is_one_experiment(
    store: Store, in_processes: InProcesses
) -> None:
    def submit(_: int) -> list[int]:
        return [make_experiment(store, jobs=5, submission_key=str(key)) for key in range(20)]

    first, *others = in_processes(4, submit)
    assert others == [first] * 3
    assert rows(store, "jobs") == 20 * 5


def test_configurations_come_back_as_they_went_in(store: Store) -> None:
    configuration = {
        "dataset": {"classes": ["Flügel", "蛙", "🐸", "'; DROP TABLE jobs; --"]},
        "epochs": None,
        "downsample": 0.1 + 0.2,
        "zebra before ant": {"z": 1, "a": [1, 2.0, True, None, ""]},
        "large": ["point"] * 100_000,
        "nul": "\0",
    }
    experiment_id = make_experiment(store, configuration=configuration, seed=2**63 - 1)
    found = queries.experiment(store, experiment_id)
    assert json.dumps(found.configuration) == json.dumps(configuration)
    assert found.seed == 2**63 - 1
