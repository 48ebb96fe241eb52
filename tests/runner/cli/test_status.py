"""`runner status` says why jobs failed, in a line each, and what is paused."""

import json

from click.testing import CliRunner
from sqlalchemy import select, update

from runner.cli.status import REASON_WIDTH, status
from runner.store.engine import Store
from runner.store.lifecycle.control import pause
from runner.store.schema import Experiment
from tests.runner.reports.stored import store_failure, store_tune, train_epochs
from tests.runner.store.making import job_ids


def call(store: Store, *arguments: str) -> str:
    environment = {"RUNNER_DATABASE_URL": store.url}
    return CliRunner().invoke(status, arguments, env=environment, catch_exceptions=False).output


def test_a_reason_is_cut_to_one_line_and_json_has_all_of_it(store: Store) -> None:
    experiment = store_tune(store, [[]])
    reason = "DivergedError: the loss is not finite " + "and so on " * 20 + "\nsecond line"
    store_failure(store, job_ids(store, experiment)[0], reason)
    text = call(store, str(experiment))
    assert "DivergedError: the loss is not finite" in text
    assert "second line" not in text
    assert reason[:REASON_WIDTH] not in text
    assert "second line" in call(store, str(experiment), "--format", "json")


def test_an_experiment_that_is_paused_says_so(store: Store) -> None:
    experiment = store_tune(store, [[]])
    assert "paused:" not in call(store, str(experiment))
    pause(store, experiment)
    assert f"paused: no new job starts until `runner resume {experiment}`" in call(
        store, str(experiment)
    )


def test_an_unfinished_experiment_has_its_progress_and_the_next_command(store: Store) -> None:
    experiment = store_tune(store, [[0.5], [0.5], []])
    train_epochs(store, job_ids(store, experiment)[2], [0.1] * 5)
    ended = store_tune(store, [[0.5]])
    rows = [line.split()[:3] for line in call(store).splitlines()]
    # Both trials have ended with their one epoch.
    assert [str(experiment), "tune", "58%"] in rows
    text = call(store, str(experiment))
    assert "58% (7/12 epochs), ETA 00:08" in text
    assert "1 running, 2 succeeded" in text
    assert f"follow it with: `runner watch {experiment}`" in text
    assert "ETA" not in call(store, str(ended))
    assert f"show the results with: `runner report {ended}`" in call(store, str(ended))


def test_a_job_that_failed_is_shown_how_to_look_at(store: Store) -> None:
    experiment = store_tune(store, [[]])
    [job] = job_ids(store, experiment)
    store_failure(store, job, "DivergedError")
    text = call(store, str(experiment))
    assert f"see why with: `runner show --job {job}`" in text
    assert f"`runner retry {experiment}`" in text


def test_what_a_terminal_would_obey_is_spelled_out(store: Store) -> None:
    experiment = store_tune(store, [[]])
    with store.write() as connection:
        row = connection.execute(select(Experiment.configuration)).scalar_one()
        dataset = row["dataset"] | {"title": "x\x1b[2Jy"}
        connection.execute(update(Experiment).values(configuration=row | {"dataset": dataset}))
    for arguments in ([], [str(experiment)]):
        text = call(store, *arguments)
        assert r"x\x1b[2Jy" in text
        assert "\x1b" not in text


def test_of_many_jobs_those_that_failed_or_run_are_shown(store: Store) -> None:
    experiment = store_tune(store, [[0.5], [0.5], [], [], []])
    jobs = job_ids(store, experiment)
    store_failure(store, jobs[3], "DivergedError")
    train_epochs(store, jobs[4], [0.1])
    text = call(store, str(experiment), "--limit", "2")
    rows = [line.split()[:3] for line in text.splitlines()]
    assert [row for row in rows if row[2:] in (["failed"], ["running"])] == [
        [str(jobs[3]), "4", "failed"],
        [str(jobs[4]), "5", "running"],
    ]
    assert "1 pending, 1 running, 2 succeeded, 1 failed" in text
    assert f"and 3 more jobs: `runner status {experiment} --limit 5` shows all" in text
    document = json.loads(call(store, str(experiment), "--limit", "2", "--format", "json"))
    assert [job["job"] for job in document["jobs"]] == [jobs[3], jobs[4]]
    assert sum(document["states"].values()) == 5
    assert "more jobs" not in call(store, str(experiment), "--limit", "5")


def test_of_a_search_the_same_jobs_are_shown_and_all_are_counted(store: Store) -> None:
    experiment = store_tune(store, [[0.5], [0.5], []])
    failed = job_ids(store, experiment)[2]
    store_failure(store, failed, "DivergedError")
    with store.write() as connection:
        row = connection.execute(select(Experiment.configuration)).scalar_one()
        connection.execute(update(Experiment).values(configuration=row | {"search": "random"}))
    document = json.loads(call(store, str(experiment), "--limit", "1", "--format", "json"))
    assert [job["job"] for job in document["jobs"]] == [failed]
    assert document["search"]["trials"] == 3
