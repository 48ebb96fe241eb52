"""A trial is verified, carried to another store as a bundle, and verified there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.command_line import TINY, Runner, wait_until

# What a person who has only Keras would write: it knows nothing of this project.
PLAIN_KERAS = """
import sys, keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
outputs = model.predict(np.zeros((2, 32, 32, 3)), verbose=0)
assert outputs.shape == (2, 10) and np.allclose(outputs.sum(axis=1), 1, atol=1e-5)
assert not {"runner", "workers", "cifar_model"} & set(sys.modules)
"""


@pytest.mark.timeout(600)
def test_a_trial_is_verified_exported_imported_and_verified_again(
    runner_in: Callable[..., Runner],
) -> None:
    here, there = runner_in("here"), runner_in("there")
    here("up")
    here("submit", "train", *TINY, "--epochs", "2", "--wait", "--name", "first", "--tag", "good")
    verified = here.json("verify", "1")
    assert verified["same_bits"]
    assert verified["verified"]
    here("down")

    bundle = here.directory / "bundle"
    exported = here.json("export", "1", "--out", str(bundle))
    assert exported["files"] == sorted(path.name for path in bundle.iterdir())
    plain = subprocess.run(
        [sys.executable, "-P", "-c", PLAIN_KERAS, str(bundle / "model.keras")],
        cwd=bundle,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert plain.returncode == 0, plain.stderr
    assert "Skipping" not in plain.stderr, "a variable of the optimizer is missing"
    metrics = json.loads((bundle / "metrics.json").read_text())
    assert metrics["val_accuracy"] == here.json("show", "1")["val_accuracy"]
    assert "keras.saving.load_model" in (bundle / "README.md").read_text()
    assert "already" in here("export", "1", "--out", str(bundle), code=2).stderr
    assert here.json("import", str(bundle)) == {"trial": 1, "imported": False}

    assert "trial 1" in there("import", str(bundle)).stdout
    assert there.json("import", str(bundle)) == {"trial": 1, "imported": False}
    assert there.look("status", "first")["tags"] == ["good"]
    assert there.json("show", "1")["model"] == here.json("show", "1")["model"]
    assert "bit-identical" in there("verify", "1").stdout

    (bundle / "params.json").write_text("{}")
    assert "does not match" in there("import", str(bundle), code=2).stderr
    there("down")


@pytest.mark.timeout(600)
def test_a_training_goes_on_in_another_home_and_ends_with_the_same_weights(
    runner_in: Callable[..., Runner],
) -> None:
    here, there = runner_in("here"), runner_in("there")
    training = ("submit", "train", *TINY, "--epochs", "40")
    here("up")
    here(*training)
    wait_until(lambda: here.look("show", "--job", "1")["epochs"])
    here("down")
    assert here.look("show", "--job", "1")["state"] == "pending"

    carried = here.directory / "carried"
    epoch = here.json("export", "--checkpoint", "1", "--out", str(carried))["epoch"]
    assert 1 <= epoch < 40
    imported = there.json("import", str(carried))["experiments"]
    assert imported == [{"original": 1, "experiment": 1, "imported": True}]
    there(*training, "--wait")
    moved, undisturbed = there.look("show", "1"), there.look("show", "2")
    assert [attempt["attempt"] for attempt in moved["attempt_details"]] == [1, 2]
    assert moved["model"] == undisturbed["model"]
    assert without_times(moved["epochs"]) == without_times(undisturbed["epochs"])

    whole = there.directory / "whole"
    there("export", "--experiment", "1", "--no-weights", "--out", str(whole))
    assert "already stored" in there("import", str(whole)).stdout
    assert "one thing" in there("export", "1", "--experiment", "1", "--out", "x", code=2).stderr
    there("down")


def without_times(epochs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return epochs without what no two runs share."""
    return [{**epoch, "seconds": None} for epoch in epochs]
