"""What one GPU does with Keras on JAX: `python -m benchmarks.gpu`, in less than eight minutes.

Needs `cifar_model`, keras, jax and numpy, and LIME for the explanations. Every part is a process of
its own, so that each has its own memory and flags. `--small` tries the script on a processor, with
tiny networks and few images.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cifar_model.data import Dataset, DatasetSpec, Split, load
from cifar_model.machine import DETERMINISTIC_OPS, keep_compiled
from cifar_model.networks.network import BUILT_IN
from cifar_model.params import Params
from cifar_model.results import Epoch
from cifar_model.training_params import PRECISIONS

SEED = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured; every batch size divides the number of images."""

    images: int
    batches: tuple[int, ...]
    samples: int
    networks: dict[str, dict[str, Any]]
    train_size: int | None


FULL = Scale(40_960, (32, 128, 1024), 1000, {"paper": {}, "resnet": {}}, None)
TINY = {"paper": {"blocks": 1, "filters": 2}, "resnet": {"width": 2, "depth": 0}}
SMALL = Scale(64, (32,), 50, TINY, 64)


def params_of(scale: Scale, network: str = "paper", **values: Any) -> Params:
    return Params.from_json(scale.networks[network] | values, BUILT_IN[network])


def drawn(scale: Scale) -> Dataset:
    """Return a data set of noise: what it shows does not change how fast it is."""
    random = np.random.default_rng(0)
    parts = [
        Split(random.integers(0, 256, (size, 32, 32, 3), np.uint8), np.arange(size) % 10)
        for size in (scale.images, 1000, 1000)
    ]
    return Dataset("noise", "noise", "0", tuple("abcdefghij"), *parts)


def measure_rates(scale: Scale) -> None:
    """Print images a second of an epoch, without its compilation and validation."""
    from cifar_model.batches.epoch import Batches
    from cifar_model.compile_cache import compiled

    dataset = drawn(scale)
    for network in scale.networks:
        for precision in PRECISIONS:
            for batch in scale.batches:
                params = params_of(scale, network, precision=precision, batch_size=batch)
                program = compiled(params, (32, 32, 3), 10, SEED).program
                seconds = []
                for epoch in (1, 2, 3):
                    key, training = (SEED, epoch), params.training
                    started = time.perf_counter()
                    program.train(Batches(dataset.train, 10, training, key, lambda *_: None))
                    seconds.append(time.perf_counter() - started)
                best = min(seconds[1:])
                print(
                    f"{network}, {precision}, batch size {batch}: {scale.images / best:,.0f} "
                    f"images/s; {seconds[0] - best:.1f} s to compile; {peak_memory()}",
                    flush=True,
                )


def peak_memory() -> str:
    """Return the most device memory that this process has had until now, in words."""
    import jax

    found = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    return "peak memory unknown" if found is None else f"peak memory {found / 2**20:,.0f} MiB"


def train_paper(scale: Scale, checkpoint: Path, what: str) -> None:
    """Train two epochs; print images a second of the second one and a hash of the weights.

    `what` is "kill" to be killed in the middle, or "resume" to go on after that.
    """
    from cifar_model.training import Hooks, train

    def on_step(epoch: int, step: int, steps: int) -> None:
        if what == "kill" and epoch == 2 and step == steps // 2:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_epoch(epoch: Epoch, content: bytes) -> None:
        if epoch.epoch == 1:
            checkpoint.write_bytes(content)

    hooks = Hooks(on_step, on_epoch)
    resume = checkpoint.read_bytes() if what == "resume" else None
    params = params_of(scale, augmentation="paper", batch_size=scale.batches[0])
    trained = train(params, drawn(scale), SEED, epochs=2, hooks=hooks, resume=resume)
    rate = scale.images / trained.epochs[-1].seconds
    print(f"{rate:,.0f} images/s with augmentation and validation", end="; weights ")
    print(hashlib.sha256(trained.weights).hexdigest()[:16])


def explain_images(scale: Scale, kept: Path) -> None:
    """Print the seconds of an explanation with LIME."""
    from cifar_model.compile_cache import compiled
    from cifar_model.explanation.picture import explain
    from cifar_model.explanation.settings import Settings

    predictor = compiled(params_of(scale), (32, 32, 3), 10, SEED)
    images = load(DatasetSpec("shapes"), kept).test.images
    seconds = []
    for image in images[:6]:
        started = time.perf_counter()
        explain(predictor, image, [], Settings("small", scale.samples, SEED))
        seconds.append(time.perf_counter() - started)
    print(f"{np.median(seconds[1:]):.2f} s an explanation with {scale.samples} samples (median)")


def train_ten_epochs(scale: Scale, name: str, kept: Path) -> None:
    """Print how long the paper's ten epochs take with everything, and what they reach."""
    from cifar_model import determinism
    from cifar_model.training import train

    print(determinism.fingerprint())
    dataset = load(DatasetSpec(name, scale.train_size), kept)
    started = time.perf_counter()
    trained = train(params_of(scale, epochs=10), dataset, SEED)
    print(
        f"{dataset.title}, {len(dataset.train):,} images: {time.perf_counter() - started:.1f} s; "
        f"val_accuracy {trained.epochs[-1].val_accuracy:.3f}"
    )


def start(kept: Path, arguments: list[str], flags: str = DETERMINISTIC_OPS) -> Any:
    """Start a part of the measurements in a process of its own."""
    environment = {
        "KERAS_BACKEND": "jax",
        "XLA_FLAGS": flags,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        **keep_compiled((kept / "jax").absolute()),
    }
    command = [sys.executable, "-m", "benchmarks.gpu", *sys.argv[1:], *arguments]
    return subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )


def output_of(process: subprocess.Popen[str], code: int = 0) -> str:
    """Return what a part printed; its errors are on the terminal already."""
    printed, _ = process.communicate()
    if process.returncode != code:
        raise SystemExit(f"a part ended with {process.returncode}, not {code}: {process.args!r}")
    return printed.strip()


def show(title: str, printed: str) -> None:
    print(f"\n{title}\n{printed}", flush=True)


def compare_bits(kept: Path) -> None:
    """Print what determinism costs, and whether bits are equal: again, at once, after a kill."""

    def training(what: str, flags: str = DETERMINISTIC_OPS, name: str = "one") -> Any:
        return start(kept, ["--part", what, "--checkpoint", str(kept / f"{name}.npz")], flags)

    alone = output_of(training("whole"))
    show("deterministic", alone)
    two = [training("whole", name=name) for name in ("first", "second")]
    both = [output_of(process) for process in two]
    show("two processes on the device at once", "\n".join(both))
    output_of(training("kill"), -signal.SIGKILL)
    resumed = output_of(training("resume"))
    show("killed with SIGKILL in the second epoch and resumed", resumed)
    fast = [output_of(training("whole", flags="")) for _ in range(2)]
    show("not deterministic, twice", "\n".join(fast))
    digests = {line.rpartition(" ")[2] for line in (alone, *both, resumed)}
    show("deterministic weights", "all equal" if len(digests) == 1 else "DIFFERENT")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="tiny networks, for a processor")
    parser.add_argument("--dataset", default="shapes", help="of the ten epochs")
    parser.add_argument(
        "--kept", type=Path, default=Path("results/benchmarks"), help="where programs are kept"
    )
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--checkpoint", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    scale = SMALL if given.small else FULL
    kept: Path = given.kept.absolute()
    kept.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Callable[[], None]] = {
        "rates": lambda: measure_rates(scale),
        "explanation": lambda: explain_images(scale, kept),
        "ten epochs": lambda: train_ten_epochs(scale, given.dataset, kept),
    }
    if given.part:
        from cifar_model import determinism

        determinism.configure(1)
        parts.get(given.part, lambda: train_paper(scale, given.checkpoint, given.part))()
        return
    started = time.perf_counter()
    for part in parts:
        if part == "explanation" and find_spec("lime") is None:
            show(part, "skipped: LIME is not installed")
            continue
        show(part, output_of(start(kept, ["--part", part])))
    compare_bits(kept)
    print(f"\n{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
