"""On JAX, too, the same seed gives the same bits, interrupted or not, and gradients are right."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")

TRAIN = """
import hashlib, os, signal, sys
from pathlib import Path
import numpy as np
from cifar_model import determinism
from cifar_model.data import Dataset, Split
from cifar_model.evaluation import evaluate, keras_scores
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.networks.building import restore
from cifar_model.training import Hooks, train

determinism.configure(1)
kept, kill = Path(sys.argv[1]), sys.argv[2] == "kill"

def split(size):
    labels = np.arange(size) % 4
    noise = np.random.default_rng(size).integers(0, 90, (size, 32, 32, 3))
    return Split((noise + 50 * labels[:, None, None, None]).astype(np.uint8), labels)

def on_step(epoch, step, steps):
    if kill and (epoch, step) == (2, 1):
        os.kill(os.getpid(), signal.SIGKILL)

dataset = Dataset("noise", "noise", "0", tuple("abcd"), split(50), split(20), split(20))
params = Params.from_json({"blocks": 1, "filters": 2, "batch_size": 16, "augment": True})
hooks = Hooks(on_step, lambda epoch, checkpoint: kept.write_bytes(checkpoint))
resume = kept.read_bytes() if sys.argv[2] == "resume" else None
trained = train(params, dataset, 3, epochs=2, hooks=hooks, resume=resume)
print(hashlib.sha256(trained.weights).hexdigest())
print([(epoch.loss, epoch.accuracy, epoch.val_loss) for epoch in trained.epochs])
print("tensorflow" in sys.modules, determinism.fingerprint())
if sys.argv[2] == "whole":
    predictor = Predictor(restore(params, (32, 32, 3), 4, trained.weights))
    ours = evaluate(predictor, dataset.test, 4)
    assert np.allclose((ours.loss, ours.accuracy), keras_scores(predictor.model, dataset.test, 4))
    assert ours.loss > 0
"""

GRADIENTS = """
from tests.cifar_model.test_methods import test_every_method_finds_what_counts
for method in ("gradcam", "integrated_gradients"):
    test_every_method_finds_what_counts(method)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Offer the environment of a worker on JAX."""
    jax = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    return {**os.environ, **jax, "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "jax")}


def test_a_killed_training_ends_with_the_bits_of_one_that_was_not(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    def run(what: str, name: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", TRAIN, str(tmp_path / name), what],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode, done.stdout.splitlines()

    _, whole = run("whole", "whole")
    code, said = run("kill", "killed")
    assert (code, said) == (-signal.SIGKILL, [])
    _, resumed = run("resume", "killed")
    assert resumed == whole
    # It would take seconds and hundreds of megabytes to import.
    assert whole[2].startswith("False jax ")


def test_gradients_find_what_counts(environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-c", GRADIENTS], env=environment, check=True)
