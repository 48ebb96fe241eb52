"""The best trial of an experiment is confirmed with further seeds, or nothing stands out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

import runner
from runner.api.racing.confirming import ConfirmRequest, new_confirmation
from runner.cli.control import continue_
from runner.cli.submit import submit
from runner.errors import InputError
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.experiment.racing import RaceDocument, race_answer
from runner.searches import measured_by
from runner.states import AttemptState, JobState, Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.attempts import OpenAttempt
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.control import Target, retry
from runner.store.lifecycle.deletion import delete_experiments
from runner.store.lifecycle.job_lifecycle import claim, finish, recover
from runner.store.lifecycle.results import write_measured, write_trial
from runner.store.lifecycle.tuning.asking import ENDS
from runner.store.schema import Experiment, Job
from runner.submit.experiments import save
from tests.runner.store.making import (
    DATASET,
    FINGERPRINT,
    make_epoch,
    make_experiment,
    make_worker,
    rows,
)

DROPOUTS = (0.1, 0.2, 0.3)
# What the seeds of a race add; in the first experiment each trial had one of its own.
NOISE = (0.0, 0.04, -0.03, 0.02, -0.04, 0.01, 0.03, -0.01)


def score(means: Mapping[float, float], configuration: Mapping[str, Any], seed: int) -> float:
    """Return the accuracy of a trial that exists only on paper."""
    dropout = configuration["params"]["dropout"]
    own = 0.02 * NOISE[(seed + round(10 * dropout)) % len(NOISE)]
    return means[dropout] + NOISE[seed % len(NOISE)] + own


def train(store: Store, job: int, means: Mapping[float, float], *, fails: bool = False) -> None:
    """Train a job on paper, or let it fail."""
    claimed = claim(store, job, make_worker(store, f"worker of {job}"))
    assert claimed is not None
    if fails:
        assert finish(store, claimed.key, AttemptState.FAILED, reason="diverged")
        return
    seed = claimed.configuration.get("seed", 0)
    epoch = make_epoch(1, val_accuracy=score(means, claimed.configuration, seed))
    assert record_epoch(store, claimed.key, epoch, b"state", FINGERPRINT)
    size = round(100 * claimed.configuration["params"]["dropout"])
    assert finish(
        store,
        claimed.key,
        AttemptState.SUCCEEDED,
        write=lambda connection: write_trial(connection, claimed, b"w" * size, FINGERPRINT),
    )


def pending(store: Store, experiment: int) -> list[int]:
    jobs = queries.jobs(store, experiment)
    return [job.id for job in jobs if job.state == JobState.PENDING]


def first_experiment(store: Store, *means: float) -> int:
    """Return an experiment whose trials have these accuracies."""
    jobs = [{"params": {"epochs": 1, "dropout": dropout}} for dropout in DROPOUTS[: len(means)]]
    shared: dict[str, Any] = {"dataset": DATASET, "epochs": None, "threads": 1}
    experiment = make_experiment(store, jobs, kind=Kind.TUNE, configuration=shared)
    for job in pending(store, experiment):
        train(store, job, dict(zip(DROPOUTS, means, strict=False)))
    return experiment


def confirm(store: Store, experiment: int, **options: Any) -> int:
    return save(store, new_confirmation(store, ConfirmRequest(experiment, **options)))


def run_race(store: Store, experiment: int, *means: float) -> ExperimentDocument:
    """Train whatever is pending until the race has ended."""
    while jobs := pending(store, experiment):
        train(store, jobs[0], dict(zip(DROPOUTS, means, strict=True)))
    return report_document(store, experiment)


def race_of(document: ExperimentDocument) -> RaceDocument:
    assert document.race is not None
    return document.race


def test_the_best_is_confirmed_and_its_trial_of_the_first_experiment_scored_once(
    store: Store,
) -> None:
    first = first_experiment(store, 0.5, 0.45, 0.4)
    trials = [trial.trial for trial in report_document(store, first).ranked]
    # What was first in the first experiment was lucky: with further seeds the second is better.
    experiment = confirm(store, first)
    assert len(pending(store, experiment)) == 3
    document = run_race(store, experiment, 0.45, 0.6, 0.3)
    race = race_of(document)
    assert document.confirmed == race.confirmed == trials[1]
    assert (race.ended, race.evaluation) == ("confirmed", experiment + 1)
    assert race.seeds < race.most_seeds
    assert document.states["succeeded"] == 3 * race.seeds == len(document.jobs)
    assert race.interval is not None
    assert race.interval[0] > 0
    assert race.first_lead == pytest.approx(0.05, abs=0.01)
    assert race.luck == pytest.approx(0.2, abs=0.01)
    assert f"so {race.first_lead:.3f} of the first lead was luck" in race_answer(race)
    assert [each.outcome for each in race.candidates] == ["best", "dropped", "dropped"]
    assert f"Trial {trials[1]} is confirmed as the best of 3 candidates" in race_answer(race)
    # The first experiment keeps exactly its trials, and cannot be deleted alone.
    assert [trial.trial for trial in report_document(store, first).ranked] == trials
    evaluation = queries.experiment(store, experiment + 1)
    assert evaluation.configuration["trial"] == trials[1]
    assert evaluation.configuration["split"] == "test"
    assert len(pending(store, experiment + 1)) == 1
    with pytest.raises(InputError, match="other experiments"):
        delete_experiments(store, [first])


def test_where_nothing_stands_out_the_smallest_of_the_equals_is_named(store: Store) -> None:
    first = first_experiment(store, 0.45, 0.5, 0.4)
    document = run_race(store, confirm(store, first), 0.5, 0.5, 0.2)
    race = race_of(document)
    assert (document.confirmed, race.ended, race.seeds) == (None, "seeds", 5)
    smallest = next(trial for trial in report_document(store, first).ranked if trial.number == 1)
    assert race.cheapest == smallest.trial
    assert [each.outcome for each in race.candidates].count("dropped") == 1
    assert "No trial stands out after 5 further seeds" in race_answer(race)
    # The third was dropped, and has no jobs for later seeds.
    assert len(document.jobs) < 15


def test_a_worker_that_is_lost_and_the_order_of_the_jobs_change_nothing(store: Store) -> None:
    first = first_experiment(store, 0.45, 0.5, 0.4)
    means = dict(zip(DROPOUTS, (0.5, 0.52, 0.3), strict=True))
    plain = run_race(store, confirm(store, first), *means.values())

    experiment = confirm(store, first)
    while jobs := pending(store, experiment):
        claimed = claim(store, jobs[-1], make_worker(store, f"lost {rows(store, 'attempts')}"))
        assert claimed is not None
        seen = OpenAttempt(jobs[-1], claimed.attempt, "lost", "host", 42, "then", 0)
        assert recover(store, [seen]) == [jobs[-1]]
        train(store, jobs[-1], means)
    document = report_document(store, experiment)
    assert trained(document) == trained(plain)
    assert race_of(document).ended == race_of(plain).ended
    assert race_of(document).interval == race_of(plain).interval


def trained(document: ExperimentDocument) -> set[tuple[object, int, float | None]]:
    return {(trial.params["dropout"], trial.seed, trial.val_accuracy) for trial in document.ranked}


def test_a_candidate_whose_training_fails_is_out(store: Store) -> None:
    first = first_experiment(store, 0.45, 0.5, 0.4)
    experiment = confirm(store, first)
    job = queries.jobs(store, experiment)[0].id
    train(store, job, {}, fails=True)
    race = race_of(run_race(store, experiment, 0.5, 0.5, 0.5))
    assert [each.outcome for each in race.candidates] == ["best", "equal", "failed"]
    assert race.confirmed is None


def test_a_sole_survivor_of_failures_is_not_confirmed(store: Store) -> None:
    first = first_experiment(store, 0.45, 0.5, 0.4)
    experiment = confirm(store, first)
    for job in queries.jobs(store, experiment)[:2]:
        train(store, job.id, {}, fails=True)
    race = race_of(run_race(store, experiment, 0.5, 0.5, 0.5))
    assert (race.confirmed, race.ended) == (None, "seeds")
    assert "is left, but it is not confirmed: trainings of others have failed" in race_answer(race)


def test_what_cannot_be_confirmed_is_refused_before_a_row_is_written(store: Store) -> None:
    first, single = first_experiment(store, 0.45, 0.5, 0.4), first_experiment(store, 0.5)
    unfinished = make_experiment(store, 2)
    before = rows(store, "experiments")
    for match, experiment, options in (
        ("there is no experiment 99", 99, {}),
        ("has no finished trials", unfinished, {}),
        ("has one candidate only", single, {}),
        ("one seed of the 3 candidates takes 3 epochs", first, {"budget": 2}),
        ("--seeds 2 is not valid", first, {"seeds": 2}),
        ("--top 1", first, {"top": 1}),
    ):
        with pytest.raises(InputError, match=match):
            confirm(store, experiment, **options)
    assert rows(store, "experiments") == before


def test_a_lead_that_is_significant_on_the_images_is_compared_with_the_second(store: Store) -> None:
    first = first_experiment(store, 0.9, 0.2, 0.1)
    ranked = report_document(store, first).ranked
    assert [trial.noise for trial in ranked[1:]] == [False, False]
    race = race_of(run_race(store, confirm(store, first), 0.9, 0.2, 0.1))
    assert [each.trial for each in race.candidates] == [trial.trial for trial in ranked[:2]]
    assert race.confirmed == ranked[0].trial


def test_a_race_by_what_no_epoch_has_measures_it_again(store: Store) -> None:
    first = first_experiment(store, 0.5, 0.45)
    trials = [trial.trial for trial in report_document(store, first).ranked]
    with store.write() as connection:
        for trial in trials:
            write_measured(connection, trial or 0, {"recall:circle": 0.9})
        stored = connection.scalars(select(Experiment.configuration)).one()
        aims = {"objectives": ["recall:circle"], "minimize": []}
        connection.execute(update(Experiment).values(configuration=stored | aims))
    new = new_confirmation(store, ConfirmRequest(first))
    assert measured_by(new.configuration) == ["recall:circle"]


def test_a_retry_after_the_end_of_a_race_keeps_its_evaluation(store: Store) -> None:
    first = first_experiment(store, 0.45, 0.5, 0.4)
    experiment = confirm(store, first)
    failed = queries.jobs(store, experiment)[0].id
    train(store, failed, {}, fails=True)
    evaluation = race_of(run_race(store, experiment, 0.5, 0.5, 0.5)).evaluation
    assert evaluation is not None
    scored = queries.experiment(store, evaluation).configuration["trial"]
    assert retry(store, Target(job=failed)) == [failed]
    # With it, another one is the best by far.
    document = run_race(store, experiment, 0.5, 0.9, 0.5)
    assert {job.state for job in document.jobs} == {JobState.SUCCEEDED}
    assert queries.experiment(store, evaluation).configuration["trial"] == scored


def test_the_budget_ends_the_race(store: Store) -> None:
    first = first_experiment(store, 0.45, 0.5, 0.4)
    race = race_of(run_race(store, confirm(store, first, budget=7), 0.5, 0.5, 0.5))
    assert (race.ended, race.seeds) == ("budget", 2)


def test_python_confirms_and_continues_as_the_command_line_does(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path))
    monkeypatch.setenv("RUNNER_DATABASE_URL", sqlite_store.url)
    client = runner.open(sqlite_store.url)
    first = first_experiment(sqlite_store, 0.5, 0.45, 0.4)

    def stored(number: int) -> Any:
        found = queries.experiment(sqlite_store, number)
        jobs = [job.configuration for job in queries.jobs(sqlite_store, number)]
        return found.kind, found.seed, found.configuration, jobs

    assert CliRunner().invoke(submit, ["confirm", str(first), "--top", "2"]).exit_code == 0
    race = client.submit_confirm(first, top=2)
    assert stored(race.number) == stored(race.number - 1)
    command = queries.experiment(sqlite_store, race.number).provenance["command"]
    assert command == f"client.submit_confirm({first}, top=2, seeds=5, budget=None)"
    with pytest.raises(InputError, match="--top 1 is not valid"):
        client.submit_confirm(first, top=1)

    trial = report_document(sqlite_store, first).ranked[0].trial
    assert trial is not None
    options = [str(trial), "--epochs", "3"]
    assert CliRunner().invoke(continue_, options).exit_code == 0
    continued = client.continue_trial(trial, epochs=3)
    assert stored(continued.number) == stored(continued.number - 1)
    with pytest.raises(InputError, match="was trained for 1 epochs already"):
        client.continue_trial(trial, epochs=1)


def test_python_waits_for_the_test_score_of_a_race(sqlite_store: Store) -> None:
    first = first_experiment(sqlite_store, 0.5, 0.45, 0.4)
    race = confirm(sqlite_store, first)
    run_race(sqlite_store, race, 0.45, 0.6, 0.3)
    with pytest.raises(TimeoutError, match=f"experiment {race + 1} has not ended"):
        runner.open(sqlite_store.url).experiment(race).wait(
            timeout=0.1, start_workers=False, progress=False
        )


def test_jobs_that_a_budget_left_over_have_not_failed(sqlite_store: Store) -> None:
    experiment = make_experiment(sqlite_store, [{"params": {}}], kind=Kind.TUNE)
    found = runner.open(sqlite_store.url).experiment(experiment)
    found.cancel()
    for reason in ENDS:
        with sqlite_store.write() as connection:
            connection.execute(update(Job).values(reason=reason))
        found.wait(start_workers=False, progress=False)
    with sqlite_store.write() as connection:
        connection.execute(update(Job).values(reason="cancelled"))
    with pytest.raises(runner.JobsFailedError):
        found.wait(start_workers=False, progress=False)
