"""`runner report`, as a person and as a program calls it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli.completion.values import METRICS as OFFERED
from runner.cli.report import report
from runner.reports.experiment.document import report_document
from runner.reports.experiment.report import experiment_report
from runner.store.engine import Store
from runner.store.queries.leaderboard import METRICS
from tests.runner.reports.stored import store_evaluation, store_explanation, store_tune


def call(home: Path, *arguments: str) -> Result:
    """Run the command; its stdout and stderr are apart."""
    return CliRunner().invoke(report, arguments, env=environment(home), catch_exceptions=False)


def environment(home: Path) -> dict[str, str]:
    return {"RUNNER_HOME": str(home), "RUNNER_DATABASE_URL": "", "RUNNER_DATA_DIR": ""}


def test_json_is_all_there_is_on_stdout(home: Path, home_store: Store) -> None:
    experiment = store_tune(home_store, [[0.5]])
    done = call(home, "--format", "json")
    document = json.loads(done.stdout)
    assert document["experiment"] == experiment
    assert document["files"] == [str(home / "reports" / f"experiment-{experiment}" / "curves.png")]
    assert f"experiment {experiment}, the newest" in done.stderr
    assert f"written: {document['files'][0]}" in done.stderr


def test_a_named_experiment_is_shown_without_a_word_on_stderr(
    home: Path, home_store: Store
) -> None:
    experiment = store_tune(home_store, [[0.5]])
    store_tune(home_store, [[0.5]])
    done = call(home, str(experiment))
    assert done.stdout.startswith(f"Experiment {experiment}: tune")
    assert done.stderr == ""


def test_the_table_of_an_explanation_names_its_pictures(home: Path, home_store: Store) -> None:
    experiment = store_explanation(home_store)
    done = call(home, str(experiment))
    directory = home / "reports" / f"experiment-{experiment}"
    overlay = directory / "explanation-image-2-label-0.png"
    assert str(overlay) in done.stdout
    assert overlay.exists()
    assert f"written: {directory} (5 files)" in done.stderr


def test_a_page_is_always_a_file(home: Path, home_store: Store) -> None:
    experiment = store_evaluation(home_store)
    done = call(home, str(experiment), "--format", "html")
    page = home / "reports" / f"experiment-{experiment}" / "report.html"
    assert done.stdout == ""
    assert done.stderr == f"written: {page}\n"
    assert [file.name for file in page.parent.iterdir()] == ["report.html"]


def test_out_takes_the_text_and_nothing_is_on_stdout(
    home: Path, home_store: Store, tmp_path: Path
) -> None:
    store_tune(home_store, [[0.5]])
    out = tmp_path / "trials.csv"
    done = call(home, "--format", "csv", "--out", str(out))
    assert done.stdout == ""
    assert out.read_text().startswith("rank,trial,")
    assert not (home / "reports").exists()


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown", "html"])
def test_a_leaderboard_has_every_form(
    home: Path, home_store: Store, tmp_path: Path, form: str
) -> None:
    for accuracy in (0.5, 0.25):
        store_tune(home_store, [[accuracy]])
    out = tmp_path / "leaderboard"
    call(home, "1", "2", "--format", form, "--out", str(out))
    for shown in ("0.5", "0.25", "shapes (built in)", "accuracy"):
        assert shown in out.read_text()


def test_a_leaderboard_is_cut_sorted_and_chosen(home: Path, home_store: Store) -> None:
    store_tune(home_store, [[0.5], [0.75], [0.25]])
    options = ["--top", "1", "--by", "val_accuracy", "--where", "val_accuracy<0.6"]
    document = json.loads(call(home, "1", *options, "--format", "json").stdout)
    assert [trial["val_accuracy"] for trial in document["trials"]] == [0.5]
    assert (document["count"], document["where"]) == (2, ["val_accuracy<0.6"])
    nothing = call(home, "--where", "name=nobody").stdout
    assert nothing.startswith("Leaderboard\n")


def test_an_experiment_of_thousands_is_shown_by_its_best(
    home: Path, home_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.cli.report.MOST_JOBS", 1)
    store_tune(home_store, [[0.5], [0.75]])
    done = call(home)
    assert done.stdout.startswith("Leaderboard of experiment 1")
    assert "has 2 jobs: showing the best trials; use --format csv for all" in done.stderr
    assert len(call(home, "--format", "csv").stdout.splitlines()) == 3


def test_the_metrics_are_those_of_the_option() -> None:
    assert sorted(OFFERED) == sorted(METRICS)


def test_every_format_of_the_option_can_be_written(home_store: Store) -> None:
    [option] = [parameter for parameter in report.params if parameter.name == "form"]
    document = report_document(home_store, store_tune(home_store, [[0.5]]))
    offered = experiment_report(home_store, document)
    formats = {"table", "json", "markdown", "html", *offered.texts, *offered.exports}
    assert set(option.type.choices) == formats  # type: ignore[attr-defined]


@pytest.mark.parametrize("options", [[], ["--top", "2"]])
def test_a_table_of_trials_costs_no_heavy_import(
    home: Path, home_store: Store, options: list[str]
) -> None:
    store_tune(home_store, [[0.5]] * 3)
    heavy = ("matplotlib", "tensorflow", "keras", "scipy", "jinja2", "lime", "talos", "pandas")
    code = f"""
import atexit, sys
from runner.cli import main
sys.argv = ["runner", "report", *{options}]
atexit.register(lambda: print([name for name in {heavy} if name in sys.modules], file=sys.stderr))
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "[]"
