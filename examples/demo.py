"""The main job end to end: tune the paper's network, score the best trial, explain two images.

`make demo` runs this. It only calls the command line, so it is also an example of how a script
does: `--format json` prints one document, everything for people goes to stderr.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "results" / "demo"

# With seed 0 two of the 16 points differ in their epochs only, which --epochs makes equal.
SAMPLE = ["--downsample=0.01", "--seed=2"]
# Real handwritten digits that need no network, and few enough of them for two cores.
TRAINING = ["--dataset=digits", "--train-size=650", "--epochs=3"]
# Not Keras's 0.99: so few steps are too short for running averages that slow.
MOMENTUM = ["--param", "batch_norm_momentum=0.9"]


def runner(*arguments: str) -> str:
    """Run one command in the demo's own home, whatever deployment the person's settings name."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RUNNER_")}
    environment["RUNNER_HOME"] = str(HOME)
    command = [sys.executable, "-m", "runner", *arguments]
    print("$ runner", *arguments, file=sys.stderr, flush=True)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def submit(*arguments: str) -> str:
    """Submit an experiment, wait for its end, show its report and return its id."""
    document: dict[str, Any] = json.loads(runner("submit", *arguments, "--wait", "--format=json"))
    experiment = str(document["experiment"])
    print(runner("report", experiment))
    runner("report", experiment, "--format=html")
    return experiment


def best_trial(tuning: str) -> str:
    """Return the trial whose best epoch did best on the validation split."""
    trials = json.loads(runner("report", tuning, "--format=json"))["trials"]
    return str(max(trials, key=lambda trial: trial["best_val_accuracy"])["trial"])


def main() -> None:
    """Start workers, run the three experiments, and leave nothing running."""
    if HOME.exists():
        runner("down")
        shutil.rmtree(HOME)
    runner("up")
    try:
        tuning = submit("tune", *SAMPLE, *TRAINING, *MOMENTUM)
        trial = best_trial(tuning)
        evaluation = submit("evaluate", "--trial", trial, "--split=test")
        explanation = submit("explain", "--trial", trial, "--images=0,1", "--activations")
    finally:
        runner("down")
    dataset = json.loads(runner("report", tuning, "--format=json"))["dataset"]
    print(f"Data set: {dataset['title']}; images: {dataset['images']}")
    for experiment in (tuning, evaluation, explanation):
        page = HOME / "reports" / f"experiment-{experiment}" / "report.html"
        print(f"Report: {page.relative_to(ROOT)}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"`runner {' '.join(error.cmd[3:])}` ended with exit code {error.returncode}")
