"""A small version of `python -m benchmarks.gpu` runs on the CPU: `make slow`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_small_version_of_the_gpu_benchmark_runs_on_the_cpu(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", "--small", "--kept", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rates = re.findall(r"(\w+), (\w+), batch size 32: [\d,]+ images/s", done.stdout)
    assert sorted(rates) == [(n, p) for n in ("paper", "resnet") for p in ("bfloat16", "float32")]
    assert "s an explanation with 50 samples" in done.stdout
    assert re.search(r"64 images: [\d.]+ s; val_accuracy", done.stdout)
    assert done.stdout.count("; weights ") == 6
    assert "deterministic weights\nall equal" in done.stdout
