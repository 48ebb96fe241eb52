"""Functions with planted faults: each is found and named."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from runner.cli import cli
from runner.environment import environment_for_children
from runner.processes import python_command
from tests.runner.check.planted import planted

NETWORK = """
import keras
from keras import layers


def build(shape, classes, *, width=4, dropout=0.2):
    inputs = keras.Input(shape)
    x = layers.Conv2D(width, 3, activation="relu")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
"""


def check(function: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the command in this process and return its exit code and its document."""
    words = ["check", function, "--format", "json", *options]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.stdout, done.stderr
    return done.exit_code, json.loads(done.stdout)


def broken(document: dict[str, Any]) -> dict[str, Any]:
    """Return the checks that do not hold, by their names."""
    return {each["check"]: each for each in document["checks"] if each["holds"] is False}


def test_a_good_trainer_holds(tmp_path: Path) -> None:
    code, document = check(planted(tmp_path))
    assert code == 0, document
    assert document["holds"] is True
    assert document["kind"] == "trainer"
    names = [each["check"] for each in document["checks"]]
    assert names == ["trains", "repeats", "repeats_warm", "resumes", "seed"]


@pytest.mark.parametrize(
    ("change", "cause", "line"),
    [
        (("default_rng([context.seed, epoch])", "default_rng()"), "no seed", "default_rng()"),
        (("rng.permutation(", "np.random.permutation("), "no seed", "np.random.permutation("),
        (("[context.seed, epoch]", "int(time.time())"), "the time", "time.time()"),
        (
            ("[context.seed, epoch]", "[datetime.datetime.now().microsecond]"),
            "the time",
            "datetime.datetime.now()",
        ),
        (
            ("# epoch", "weights += 0.1 * float(''.join(sorted({'1', '2'}, key=hash)))"),
            "unordered set",
            "{'1', '2'}",
        ),
    ],
)
def test_a_function_that_does_not_repeat_is_told_why(
    tmp_path: Path, change: tuple[str, str], cause: str, line: str
) -> None:
    code, document = check(planted(tmp_path, change))
    assert code == 1
    found = broken(document)["repeats"]
    assert cause in found["cause"]
    assert ";" not in found["cause"], "only one thing was planted"
    assert [each for each in found["lines"] if line in each["text"]]


def test_a_generator_that_is_not_checkpointed_does_not_resume(tmp_path: Path) -> None:
    code, document = check(
        planted(
            tmp_path,
            ("# start", "rng = np.random.default_rng(context.seed)"),
            ("rng = np.random.default_rng([context.seed, epoch])", "pass"),
        )
    )
    assert code == 1
    assert list(broken(document)) == ["resumes"]
    found = broken(document)["resumes"]
    assert "generator that is not checkpointed" in found["cause"]
    assert "epoch 2" in found["found"]
    assert [each for each in found["lines"] if "default_rng(context.seed)" in each["text"]]


def test_a_fixed_seed_is_found(tmp_path: Path) -> None:
    code, document = check(
        planted(tmp_path, ("context.seed)", "0)"), ("[context.seed, epoch]", "epoch"))
    )
    assert code == 1
    assert list(broken(document)) == ["seed"]
    assert "seed" in broken(document)["seed"]["cause"]


def test_what_outlives_a_trial_is_found(tmp_path: Path) -> None:
    code, document = check(
        planted(
            tmp_path,
            ("def train", "CALLS = []\n\n\ndef train"),
            ("# start", "CALLS.append(0); weights += len(CALLS)"),
        )
    )
    assert code == 1
    assert list(broken(document)) == ["repeats_warm"]


def test_a_trainer_that_raises_is_shown_with_its_line(tmp_path: Path) -> None:
    code, document = check(planted(tmp_path, ("# epoch", "raise RuntimeError('mine')")))
    assert code == 1
    (only,) = document["checks"]
    assert only["check"] == "trains"
    assert "mine" in only["found"]
    assert "raise RuntimeError('mine')" in only["traceback"]


def test_a_good_network_holds_on_images_of_the_size_and_colours_that_are_asked_for(
    tmp_path: Path,
) -> None:
    path = tmp_path / "network.py"
    only = "    assert shape == (24, 24, 1), shape\n    inputs"
    path.write_text(NETWORK.replace("    inputs", only, 1))
    code, document = check(f"{path}:build", "--image-size", "24", "--grayscale")
    assert code == 0, document
    assert document["kind"] == "network"
    assert [each["holds"] for each in document["checks"]] == [True] * 5


def test_the_talos_function_that_the_docs_convert_holds(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "trainers.md").read_text()
    path = tmp_path / "talos.py"
    path.write_text(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[-1])
    code, document = check(f"{path}:train")
    assert code == 0, document
    assert document["kind"] == "trainer"


def test_a_function_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "other.py"
    path.write_text("def train(context):\n    pass\n")
    for function in ("train", "missing"):
        done = subprocess.run(
            python_command("runner", "check", f"{path}:{function}"),
            env=environment_for_children(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert function in done.stderr
