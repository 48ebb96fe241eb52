"""Small stored experiments with results, for the tests of reports."""

from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.data.description import stored_fold
from runner.reports.records import Trial
from runner.states import AttemptState, Kind
from runner.store.engine import Store
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.results import (
    FoldScore,
    write_activations,
    write_evaluation,
    write_explained,
    write_trial,
)
from tests.runner.store.making import (
    FINGERPRINT,
    job_ids,
    make_epoch,
    make_evaluation,
    make_experiment,
    make_explanation,
    make_outputs,
    make_worker,
    value,
)

# The second name would break HTML, Markdown and formulas if it were not escaped.
CLASSES = ["circle", "a|b <$x_1$> \\ &"]
DATASET: dict[str, Any] = {
    "name": "shapes",
    "title": "shapes (built in)",
    "fingerprint": "0123456789abcdef" * 4,
    "classes": CLASSES,
    "shape": [8, 8, 3],
    "images": {"train": 40, "validation": 10, "test": 10},
}
SHOWN_DATASET = "shapes (built in), fingerprint 0123456789ab"
COMMAND = "runner submit tune --downsample 0.01"


def make_trial(**changes: Any) -> Trial:
    """Return a trial that ended, of which nothing else is known."""
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in fields(Trial))
    return Trial(
        **(nothing | {"state": "succeeded", "params": {}, "epochs": [], "metrics": {}} | changes)
    )


def store_tune(
    store: Store,
    val_accuracies: list[list[float]],
    *,
    override: int | None = None,
    **params: Any,
) -> int:
    """Train a trial for each list of val_accuracy by epoch; an empty list leaves its job pending.

    The loss of every epoch is 1 / epoch, so its best epoch is the last.
    """
    jobs = [{"params": {"lr": 0.01 * (n + 1), **params}} for n in range(len(val_accuracies))]
    return _store_trials(store, jobs, val_accuracies, override)


def store_params(store: Store, params: list[dict[str, Any]], val_accuracies: list[float]) -> int:
    """Train a trial with each of these params, for one epoch."""
    jobs = [{"params": each} for each in params]
    return _store_trials(store, jobs, [[accuracy] for accuracy in val_accuracies])


def store_points(store: Store, folds: int, val_accuracies: list[list[float]], **shared: Any) -> int:
    """Train each point on folds, with an accuracy for each; folds without one are pending."""
    jobs = [
        {"params": {"lr": 0.01 * point}, "dataset": stored_fold(DATASET, fold, folds)}
        for point in range(1, len(val_accuracies) + 1)
        for fold in range(1, folds + 1)
    ]
    configuration = {"dataset": DATASET, "epochs": None, "threads": 1, "folds": folds, **shared}
    experiment = make_experiment(store, jobs, configuration=configuration, provenance=_provenance())
    every = iter(job_ids(store, experiment))
    for accuracies in val_accuracies:
        of_point = [next(every) for _ in range(folds)]
        for job, accuracy in zip(of_point, accuracies, strict=False):
            train_to_end(store, job, [accuracy])
    return experiment


def store_repeats(store: Store, val_accuracies: list[float]) -> int:
    """Train one params with a seed for each of these val_accuracies."""
    jobs = [{"params": {"lr": 0.01}, "seed": seed} for seed in range(len(val_accuracies))]
    return _store_trials(store, jobs, [[accuracy] for accuracy in val_accuracies])


def store_seeds(
    store: Store, trials: list[tuple[int, dict[str, Any], list[float]]], **dataset: Any
) -> int:
    """Train trials, each given by its seed, its params and its val_accuracies by epoch."""
    jobs = [{"params": params, "seed": seed} for seed, params, _ in trials]
    return _store_trials(store, jobs, [accuracies for *_, accuracies in trials], **dataset)


def _store_trials(
    store: Store,
    jobs: list[dict[str, Any]],
    val_accuracies: list[list[float]],
    override: int | None = None,
    **dataset: Any,
) -> int:
    configuration = {
        "dataset": DATASET | dataset,
        "epochs": override,
        "threads": 1,
        "downsample": 0.01,
        "method": "sobol",
    }
    experiment = make_experiment(store, jobs, configuration=configuration, provenance=_provenance())
    for job, accuracies in zip(job_ids(store, experiment), val_accuracies, strict=True):
        if accuracies:
            train_to_end(store, job, accuracies)
    return experiment


def train_to_end(store: Store, job: int, val_accuracies: list[float]) -> None:
    """Train the trial of a job, with these epochs."""
    claimed = train_epochs(store, job, val_accuracies)
    _succeed(store, claimed, lambda c: write_trial(c, claimed, b"", FINGERPRINT))


def train_epochs(store: Store, job: int, val_accuracies: list[float]) -> Claim:
    """Claim a job for a worker of its own and record its epochs."""
    claimed = claim(store, job, make_worker(store, f"worker of job {job}"))
    assert claimed is not None
    for number, accuracy in enumerate(val_accuracies, start=1):
        epoch = make_epoch(number, val_accuracy=accuracy, val_loss=2.0 + number)
        assert record_epoch(store, claimed.key, epoch, b"", FINGERPRINT)
    return claimed


def store_failure(store: Store, job: int, reason: str) -> None:
    """Let a job fail in its second epoch."""
    claimed = train_epochs(store, job, [0.5])
    error = "Traceback (most recent call last):\nDivergedError: nan"
    assert finish(store, claimed.key, AttemptState.FAILED, reason=reason, error=error)


def store_evaluation(store: Store, trial: int | None = None) -> int:
    """Evaluate a trial, a new one by default: 7 of 10 images are right."""
    claimed = _claim_on_trial(store, Kind.EVALUATE, trial, split="test")
    _succeed(store, claimed, lambda c: write_evaluation(c, claimed, make_evaluation(), CLASSES))
    return claimed.experiment_id


def evaluated(store: Store, predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> int:
    """Return a new trial that predicted these classes for the images of the test split."""
    confusion = np.zeros((2, 2), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    claimed = _claim_on_trial(store, Kind.EVALUATE, split="test")
    evaluation = make_evaluation(
        images=len(labels),
        accuracy=float((predictions == labels).mean()),
        confusion=confusion,
        predictions=predictions,
        labels=labels,
    )
    _succeed(store, claimed, lambda c: write_evaluation(c, claimed, evaluation, CLASSES))
    return int(claimed.configuration["trial"])


def store_folds(store: Store, accuracies: list[float], folds: int, **changes: Any) -> int:
    """Score some of the folds of a new trial; Talos gives each 0.9."""
    trial = new_trial(store)
    configuration = {"dataset": DATASET, "threads": 1, "trial": trial, "split": "validation"}
    experiment = make_experiment(
        store,
        [{"fold": fold} for fold in range(1, folds + 1)],
        kind=Kind.EVALUATE,
        configuration=configuration | {"folds": folds},
        provenance=_provenance(),
    )
    done = list(zip(job_ids(store, experiment), accuracies, strict=False))
    for fold, (job, accuracy) in enumerate(done, start=1):
        claimed = claim(store, job, make_worker(store, f"worker of job {job}"))
        assert claimed is not None
        scored = make_evaluation(accuracy=accuracy, **changes)
        score = FoldScore(fold, 0.9)

        def write(c: Any, of: Claim = claimed, scored: Any = scored, score: Any = score) -> None:
            write_evaluation(c, of, scored, CLASSES, score)

        _succeed(store, claimed, write)
    return experiment


def store_explanation(
    store: Store,
    verdict: str = "sound",
    reason: str = "R2 0.90",
    trial: int | None = None,
    **changes: Any,
) -> int:
    """Explain both labels of one image of 8x8 pixels with four superpixels; keep activations."""
    asked: dict[str, Any] = {"samples": 100, "segmentation": "small", "method": "lime"}
    claimed = _claim_on_trial(store, Kind.EXPLAIN, trial, **asked)
    said = {"superpixels": 4, "weights": [0.5, -0.25, 0.0, 0.1]}
    said |= {"verdict": verdict, "reason": reason}
    said |= {"deletion": [0.75, 0.5, 0.25, 0.25, 0.2], "insertion": [0.2, 0.5, 0.75, 0.75, 0.75]}
    if verdict == "void":
        said |= {"removed": None, "removed_random": None}
    explained: Any = SimpleNamespace(
        segments=np.kron(np.arange(4, dtype=np.int32).reshape(2, 2), np.ones((4, 4), np.int32)),
        predicted=1,
        normalised=changes.pop("normalised", False),
        explanations=[make_explanation(label, **(said | changes)) for label in (0, 1)],
        samples=asked["samples"],
    )
    split: Any = SimpleNamespace(images=np.full((3, 8, 8, 3), 128, np.uint8), labels=np.zeros(3))

    def write(connection: Any) -> None:
        write_explained(connection, claimed, 2, split, explained)
        write_activations(connection, claimed, 2, make_outputs())

    _succeed(store, claimed, write)
    return claimed.experiment_id


def new_trial(store: Store) -> int:
    """Train a trial and return its number."""
    query = "SELECT trials.id FROM trials JOIN jobs ON jobs.id = job_id WHERE experiment_id = :id"
    return int(value(store, query, id=store_tune(store, [[0.5]])))


def _claim_on_trial(
    store: Store, kind: Kind, trial: int | None = None, **configuration: Any
) -> Claim:
    shared = {"dataset": DATASET, "threads": 1, "trial": trial or new_trial(store)}
    experiment = make_experiment(
        store,
        [{}],
        kind=kind,
        configuration=shared | configuration,
        provenance=_provenance(),
    )
    [job] = job_ids(store, experiment)
    claimed = claim(store, job, make_worker(store, f"reader of job {job}"))
    assert claimed is not None
    return claimed


def _succeed(store: Store, claimed: Claim, write: Any) -> None:
    assert finish(store, claimed.key, AttemptState.SUCCEEDED, write=write)


def _provenance() -> dict[str, Any]:
    return {"command": COMMAND, "packages": {"keras": "3.15.1"}}
