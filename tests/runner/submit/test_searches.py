"""`submit tune --search`: what is refused before a row is written, and what is stored and shown."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError
from runner.queue.dispatch import message
from runner.reports.experiment.document import report_document
from runner.search.sampling import make_sampler
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries.experiments import jobs_to_send
from tests.runner.store.making import rows
from tests.runner.submit.conftest import Call

TUNE = ["tune", "--dataset", "digits"]
CONDITIONAL: dict[str, Any] = {
    "optimizer": ["adam", "sgd"],
    "lr": {"low": 0.001, "high": 0.1, "step": 0.033},
    "momentum": {"values": [0.5, 0.9], "when": {"optimizer": "sgd"}},
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--search", "tpe"], "needs a number of trials"),
        (["--search", "tpe", "--trials", "5", "--downsample", "1"], "--downsample has no effect"),
        (["--search", "tpe", "--trials", "5", "--method", "sobol"], "--method has no effect"),
        ([], "--downsample is missing"),
        (["--downsample", "1", "--trials", "5"], "--trials has no effect with --search grid"),
        (["--search", "cmaes", "--trials", "5"], "cannot draw momentum, which has a condition"),
        (["--search", "tpe", "--trials", "5", "--objective", "f1"], "no trial of the network"),
        (["--search", "tpe", "--trials", "5", "--objective", "recall:cat"], "no trial of the"),
        (["--downsample", "1", "--objective", "loss", "--objective", "loss"], "is given twice"),
        (["--downsample", "1", "--minimize", "loss"], "is not one of the objectives"),
        (["--downsample", "1", "--constraint", "parameters=5"], "is not a bound"),
        (["--downsample", "1", "--constraint", "parameters<nan"], "is not a bound"),
        (["--downsample", "1", "--constraint", "val_loss<1e999"], "is not a bound"),
        (["--downsample", "1", "--constraint", "f1<5"], "--constraint f1: no trial"),
        (
            ["--search", "tpe", "--trials", "5", "--deterministic", "--objective", "seconds"],
            "--deterministic together with seconds",
        ),
        (["--downsample", "1", "--hours", "0"], "--hours 0 is not above 0"),
        (["--downsample", "1", "--epochs-total", "9"], "is less than one trial: it has 10 epochs"),
        (["--search", "random", "--trials", "5", "--from", "1"], "--from has no effect with"),
        (["--downsample", "1", "--from", "1"], "--from has no effect with --search grid"),
        (["--search", "tpe", "--trials", "5", "--from", "study.db"], "there is no file study.db"),
        (["--search", "tpe", "--trials", "5", "--repeats", "2"], "--repeats 2 together with"),
        (["--search", "tpe", "--trials", "5", "--stop", "asha"], "--stop asha together with"),
    ],
)
def test_what_a_search_cannot_do_is_refused_before_a_row_is_written(
    call: Call, sqlite_store: Store, tmp_path: Path, arguments: list[str], said: str
) -> None:
    grid = tmp_path / "grid.json"
    grid.write_text(json.dumps(CONDITIONAL))
    with pytest.raises(InputError) as error:
        call(*TUNE, "--grid", str(grid), *arguments)
    assert said in error.value.what
    assert rows(sqlite_store, "experiments") == 0


def test_gp_without_torch_is_refused_and_says_how_to_install_it(
    call: Call, sqlite_store: Store
) -> None:
    if find_spec("torch") is not None:
        pytest.skip("torch is installed")
    search = [*TUNE, "--grid", "wide", "--search", "gp", "--trials", "3"]
    with pytest.raises(InputError) as error:
        call(*search)
    assert error.value.what == "--search gp needs the package torch, which is not installed"
    assert "cifar-experiment-runner[gp]" in error.value.fix
    assert rows(sqlite_store, "experiments") == 0
    with pytest.raises(InputError, match="needs the package torch"):
        make_sampler("gp", 3)


def test_a_budget_is_compared_with_the_epochs_of_the_trainer(
    call: Call, sqlite_store: Store, tmp_path: Path
) -> None:
    trainer, grid = tmp_path / "own.py", tmp_path / "grid.json"
    trainer.write_text('PARAMS = {"epochs": 50, "x": 1}\n\n\ndef train(params, context): ...\n')
    grid.write_text(json.dumps({"x": [1, 2]}))
    tune = ["tune", "--trainer", f"{trainer}:train", "--grid", str(grid), "--downsample", "1"]
    with pytest.raises(InputError, match="it has 50 epochs or more"):
        call(*tune, "--epochs-total", "20")
    assert rows(sqlite_store, "experiments") == 0
    call(*tune, "--epochs-total", "50")
    assert rows(sqlite_store, "experiments") == 1


def test_a_search_is_stored_without_points_and_more_trials_can_be_added(
    call: Call, sqlite_store: Store
) -> None:
    first = call(*TUNE, "--grid", "wide", "--search", "tpe", "--trials", "3", "--format", "json")
    assert json.loads(first.stdout)["search"] == {
        "sampler": "tpe",
        "objectives": ["maximize val_accuracy"],
        "constraints": [],
        "deterministic": False,
        "trials": 3,
        "asked": 0,
        "ended": None,
    }
    added = call("tune", "--into", "1", "--trials", "2", "--search", "tpe")
    assert "2 jobs added to experiment 1" in added.stderr
    assert [job.configuration for job in queries.jobs(sqlite_store, 1)] == [{}] * 5
    document = report_document(sqlite_store, 1)
    assert document.groups == []
    (submission,) = document.submissions
    assert (submission.first_job, submission.jobs, submission.downsample) == (4, 2, None)
    with pytest.raises(InputError, match="--search 'random' cannot be given with --into 1"):
        call("tune", "--into", "1", "--trials", "2", "--search", "random")
    with pytest.raises(InputError, match="--downsample cannot be given with --into 1"):
        call("tune", "--into", "1", "--downsample", "0.1")
    with pytest.raises(InputError, match="needs a number of trials"):
        call("tune", "--into", "1")


def test_a_job_without_a_point_is_sent_with_the_name_of_its_sampler(
    call: Call, sqlite_store: Store
) -> None:
    call(*TUNE, "--search", "random", "--trials", "1")
    (job,) = jobs_to_send(sqlite_store, [1])
    assert message(job).details == {"search": "random"}


def test_a_search_is_submitted_and_its_status_is_shown_without_optuna(tmp_path: Path) -> None:
    code = """
import atexit, sys
from runner.cli import main
atexit.register(lambda: print("optuna" in sys.modules, file=sys.stderr))
main()
"""
    tune = ["submit", *TUNE, "--search", "tpe", "--trials", "3"]
    for arguments in (["--help"], tune, ["status", "1"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=os.environ | {"RUNNER_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr.splitlines()[-1] == "False", arguments
    assert "search: tpe, maximize val_accuracy; 0 of 3 points drawn" in done.stdout
