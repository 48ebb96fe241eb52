"""Creating experiments: all of one or nothing, and once however often it is asked for."""

import json

import pytest
from sqlalchemy.exc import StatementError

from runner.states import AttemptState, JobState, Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.experiments import BATCH, NewExperiment, find_done, find_key
from runner.store.lifecycle.job_lifecycle import finish
from tests.runner.store.making import (
    DATASET,
    InProcesses,
    make_claim,
    make_experiment,
    make_trial,
    rows,
    run,
)


def test_an_experiment_has_its_jobs_pending_in_their_order(store: Store) -> None:
    experiment_id = make_experiment(store, jobs=[{"params": {"lr": 1}}, {"params": {"lr": 2}}])
    jobs = queries.jobs(store, experiment_id)
    assert [(job.number, job.configuration, job.state) for job in jobs] == [
        (1, {"params": {"lr": 1}}, JobState.PENDING),
        (2, {"params": {"lr": 2}}, JobState.PENDING),
    ]


def test_jobs_of_several_statements_are_numbered_in_their_order(store: Store) -> None:
    asked = [{"params": {"batch_size": size}} for size in range(1, BATCH + 3)]
    jobs = queries.jobs(store, make_experiment(store, jobs=asked))
    assert [job.number for job in jobs] == list(range(1, BATCH + 3))
    assert [job.configuration for job in jobs] == asked


def test_an_experiment_that_fails_at_its_last_job_leaves_nothing(store: Store) -> None:
    # From the driver or from SQLAlchemy around it, as the database has it.
    with pytest.raises((ValueError, StatementError), match="not JSON compliant"):
        make_experiment(store, jobs=[*[{"lr": 1}] * BATCH, {"lr": float("nan")}])
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


def test_a_key_with_an_earlier_name_of_a_method_is_the_same_experiment(store: Store) -> None:
    earlier, present = (
        {"dataset": DATASET, "threads": 1, "method": method}
        for method in ("gradients", "integrated_gradients")
    )
    made = make_experiment(store, submission_key="once", configuration=earlier)
    assert make_experiment(store, submission_key="once", configuration=present) == made


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


def asked_again(**changes: object) -> NewExperiment:
    """Return what `make_trial` asks for, with its images at another place."""
    dataset = DATASET | {"name": "zip:elsewhere.zip", "title": "moved"}
    values: dict[str, object] = {
        "kind": Kind.TUNE,
        "seed": 7,
        "configuration": {"dataset": dataset, "epochs": None, "threads": 1},
        "provenance": {},
        "jobs": [{"params": {"dropout": 0.0}}],
    }
    return NewExperiment(**(values | changes))  # type: ignore[arg-type]


def test_what_was_done_is_found_wherever_its_pictures_lie_now(store: Store) -> None:
    # What has no images at all, as of a trainer, is something else.
    trainer = make_claim(store, configuration={"dataset": None, "epochs": None, "threads": 1})
    assert finish(store, trainer.key, AttemptState.SUCCEEDED)
    trial = queries.trial(store, make_trial(store))
    done = queries.experiments(store, 10)[0]
    assert find_done(store, asked_again()) == done.id
    fresh = {"dataset": DATASET, "epochs": None, "threads": 1, "fresh": True}
    assert find_done(store, asked_again(configuration=fresh)) == done.id
    make_trial(store, "another worker")
    assert find_done(store, asked_again()) == done.id, "the first, so that it stays the same"
    assert trial.params == {"dropout": 0.0, "epochs": 1}


def test_what_an_older_store_has_done_is_found_though_it_kept_the_epochs_apart(
    store: Store,
) -> None:
    configuration = {"dataset": DATASET, "epochs": 2, "threads": 1}
    old = make_experiment(store, [{"params": {"lr": 0.1}}], configuration=configuration)
    run(store, "UPDATE jobs SET state = 'succeeded', ended_at = created_at")
    jobs = [{"params": {"lr": 0.1, "epochs": 2}}]
    assert find_done(store, asked_again(configuration=configuration, jobs=jobs)) == old


def test_what_asks_for_something_else_or_is_not_done_is_not_found(store: Store) -> None:
    make_experiment(store)
    assert find_done(store, asked_again()) is None
    make_trial(store)
    other = {"dataset": DATASET | {"fingerprint": "other"}, "epochs": None, "threads": 1}
    assert find_done(store, asked_again(seed=8)) is None
    assert find_done(store, asked_again(jobs=[{"params": {"dropout": 0.1}}])) is None
    assert find_done(store, asked_again(configuration=other)) is None


def test_a_key_finds_its_experiment(store: Store) -> None:
    made = make_experiment(store, submission_key="mine")
    assert find_key(store, "mine") == made
    assert find_key(store, "yours") is None
