"""On JAX, too, the same seed gives the same bits, interrupted or not, and gradients are right."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cifar_model.machine import keep_compiled

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

# What both cross-entropies of a sigmoid head are here.
LOSSES = """
import numpy as np
from cifar_model.networks.building import build
from cifar_model.params import Params
from cifar_model.prediction import Predictor

images = np.random.default_rng(0).random((5, 8, 8, 3), np.float32)
labels = np.eye(3, dtype=np.float32)[np.arange(5) % 3]
for loss in ("normalised_crossentropy", "categorical_crossentropy"):
    values = {"blocks": 1, "filters": 2, "last_activation": "sigmoid", "losses": loss}
    predictor = Predictor(build(Params.from_json(values), (8, 8, 3), 3))
    outputs, losses = predictor.scored(images, labels)
    shares = outputs / outputs.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(losses, -np.log((shares * labels).sum(axis=1)), rtol=1e-5)
    model = predictor.model
    whole = model.evaluate(images, labels, verbose=0, return_dict=True)
    np.testing.assert_allclose(whole["loss"], losses.mean(), rtol=1e-5)
"""

GRADIENTS = """
from tests.cifar_model.test_methods import test_every_method_finds_what_counts
for method in ("gradcam", "integrated_gradients"):
    test_every_method_finds_what_counts(method)
"""

# The same images as on the processor, but for rounding.
AUGMENTATION = """
import jax
import numpy as np
from cifar_model.batches.augmentation import augment, draw
from cifar_model.backends.jax_augmentation import augmented
from cifar_model.training_params import AUGMENTATIONS

images = np.random.default_rng(0).random((9, 16, 12, 3), np.float32)
labels = np.eye(3, dtype=np.float32)[np.arange(9) % 3]
for kind in AUGMENTATIONS:
    here = augment(kind, images, labels, (1, 2))
    there = augmented(kind, images, labels, draw(kind, images.shape[:3], (1, 2)))
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5, err_msg=kind)
"""

# An epoch is two loops of two steps and one of a smaller batch. It learns what the steps one at a
# time do, but for rounding, and resumed it ends with the same bits.
LOOPS = """
import numpy as np
from cifar_model import determinism
from cifar_model.backends import jax as backend
from cifar_model.data import Dataset, Split
from cifar_model.params import Params
from cifar_model.training import Hooks, train

determinism.configure(1)
backend.LOOP_STEPS = 2
labels = np.arange(72) % 3
noise = np.random.default_rng(0).integers(0, 256, (72, 8, 8, 3), np.uint8)
split = Split(noise, labels)
dataset = Dataset("noise", "noise", "0", tuple("abc"), split, split.take(slice(9)), split)
params = Params.from_json(
    {"blocks": 1, "filters": 2, "batch_size": 16, "optimizer": "sgd", "augmentation": "paper"}
)
told, kept, found = [], [], {}
hooks = Hooks(lambda *step: told.append(step), lambda epoch, content: kept.append(content))
for loops in (False, True):
    backend.take_loops(loops)
    assert ("steps in loops" in determinism.fingerprint()) == loops
    told.clear()
    kept.clear()
    found[loops] = train(params, dataset, 3, epochs=2, hooks=hooks)
    assert told == [(epoch, step, 5) for epoch in (1, 2) for step in range(5)]
of = [[(each.loss, each.val_loss) for each in found[loops].epochs] for loops in (False, True)]
np.testing.assert_allclose(*of, rtol=1e-4)
assert found[True].weights != found[False].weights
assert train(params, dataset, 3, epochs=2, resume=kept[0]).weights == found[True].weights
assert train(params, dataset, 4, epochs=2, resume=kept[0]).weights != found[True].weights
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Offer the environment of a worker on JAX."""
    jax = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    return {**os.environ, **jax, **keep_compiled(tmp_path / "jax")}


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


@pytest.mark.parametrize("program", [GRADIENTS, AUGMENTATION, LOOPS, LOSSES])
def test_on_jax(environment: dict[str, str], program: str) -> None:
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
