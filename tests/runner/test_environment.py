"""Other tools' variables reach neither our processes nor the options of our commands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli import cli
from runner.environment import SET_BY_US, environment_for_children
from runner.processes import python_command

FOREIGN = {
    "CELERY_BROKER_URL": "redis://elsewhere",
    "GIT_DIR": "/elsewhere",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "PYTHONPATH": "/elsewhere",
    "PYTHONWARNINGS": "error",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "XLA_FLAGS": "--xla_no_such_flag",
}


def test_children_get_what_they_need_and_nothing_else() -> None:
    needed = {"PATH": "/bin", "RUNNER_SLOTS": "2", "CUDA_VISIBLE_DEVICES": "1", "HTTPS_PROXY": "p"}
    built = environment_for_children({**needed, **FOREIGN, "OMP_NUM_THREADS": "7"}, LANG="C")
    assert built == needed | SET_BY_US | {"LANG": "C"}


def test_data_sets_of_keras_are_found_where_it_keeps_them() -> None:
    built = environment_for_children({"KERAS_HOME": "/keras"})
    assert built["RUNNER_KERAS_HOME"] == "/keras"
    # A process that has it already starts another one.
    assert environment_for_children(built) == built


def test_python_reads_neither_the_working_directory_nor_the_variables(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("print('planted')")
    (tmp_path / "sqlalchemy.py").write_text("print('planted')")
    done = subprocess.run(
        [sys.executable, "-m", "runner", "status", "--help"],
        cwd=tmp_path,
        env=os.environ | FOREIGN | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Usage: runner status")
    assert not done.stderr
    assert "planted" not in done.stdout
    code = "import sys; print(sys.path[0])"
    (tmp_path / "planted.py").write_text(code)
    done = subprocess.run(
        python_command("planted"), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "No module named planted" in done.stderr


@pytest.fixture
def command_line() -> CliRunner:
    return CliRunner()


def test_names_of_a_ci_service_are_no_options(command_line: CliRunner, tmp_path: Path) -> None:
    names = "HELP VERSION DEBUG NAME OS TEMP FORMAT SUBMIT_HELP SUBMIT_TUNE_HELP REPORT_FORM"
    environment = {f"RUNNER_{name}": "2.319.1" for name in names.split()}
    environment["RUNNER_HOME"] = str(tmp_path)
    for words in (["submit", "--help"], ["--version"], ["submit", "tune"]):
        done = command_line.invoke(cli, words, env=environment)
        assert "2.319.1" not in done.output
    # The last one: not the help, but what is missing.
    assert "--downsample is missing" in str(done.exception)


def test_an_option_comes_from_the_variable_of_its_name(command_line: CliRunner) -> None:
    environment = {"RUNNER_REPORT_FORMAT": "nonsense"}
    done = command_line.invoke(cli, ["report"], env=environment)
    assert "'nonsense' is not one of 'table'" in done.output
