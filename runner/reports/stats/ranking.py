"""The trials of a document: their scores, best epochs and ranks, and the scan they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cifar_model.params import Params

Row = Mapping[Any, Any]

# The paper's columns, in its order; other params come after them.
PAPER_PARAMS = (
    *("lr", "batch_size", "epochs", "dropout", "optimizer", "losses", "activation"),
    "last_activation",
)
METRICS = ("val_loss", "val_accuracy", "loss", "accuracy")

# What is better: the smallest loss, the largest accuracy.
BETTER = {"loss": min, "accuracy": max, "val_loss": min, "val_accuracy": max}

SCORES = ("best_epoch", *BETTER, "best_val_accuracy", "seconds")


EPOCH = ("epoch", *BETTER, "seconds", "loss_rule", "fingerprint")


def trial_rows(jobs: Sequence[Row], epochs: Sequence[Row]) -> list[dict[str, Any]]:
    """Return one row for each job that trains, also for those that have no trial.

    Scores are those of the last epoch; `best` holds, for each metric on its own, the best epoch.
    """
    epochs_of: dict[int, list[dict[str, Any]]] = {job["job"]: [] for job in jobs}
    for epoch in epochs:
        row = {name: epoch[name] for name in EPOCH}
        epochs_of[epoch["job_id"]].append(row)
    return [_trial_row(job, epochs_of[job["job"]]) for job in jobs]


def _trial_row(job: Row, epochs: list[dict[str, Any]]) -> dict[str, Any]:
    identity = {name: job[name] for name in ("trial", "job", "experiment", "number", "state")}
    return identity | {
        "params": job["params"],
        "seed": job["seed"],
        "epochs": epochs,
        "trained_epochs": len(epochs),
        **{name: job[name] for name in SCORES},
        "loss_rule": job["loss_rule"],
        "val_accuracy_interval": None,
        "noise": None,
        "best": {name: _best(epochs, name) for name in BETTER} if epochs else None,
        "attempts": job["attempts"],
        "reason": job["reason"],
        "not_reproducible": job["not_reproducible"],
        "fingerprints": list(dict.fromkeys(epoch["fingerprint"] for epoch in epochs)),
        "fingerprint": job["fingerprint"],
        "model": job["model"],
    }


def _best(epochs: list[dict[str, Any]], metric: str) -> dict[str, Any]:
    value = BETTER[metric](epoch[metric] for epoch in epochs)
    first = next(epoch["epoch"] for epoch in epochs if epoch[metric] == value)
    return {"epoch": first, "value": value}


def effective(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return params with the defaults of those that were not given."""
    return asdict(Params()) | dict(params)


def ranked(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the trials with their rank by val_accuracy, the best first; unscored ones last.

    Trials that scored the same have the same rank.
    """
    scored = [trial for trial in trials if trial["val_accuracy"] is not None]
    scored.sort(key=lambda trial: (-trial["val_accuracy"], trial["number"]))
    ranks: dict[float, int] = {}
    for place, trial in enumerate(scored, start=1):
        ranks.setdefault(trial["val_accuracy"], place)
    unscored = [trial for trial in trials if trial["val_accuracy"] is None]
    return [{"rank": ranks.get(trial["val_accuracy"])} | trial for trial in scored + unscored]


def scan_summary(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of Talos's scan summary, with our values: nothing is reduced here."""
    dataset, configuration = document["dataset"], document["configuration"]
    images = dataset["images"]["train"]
    return {
        "random_method": configuration.get("method"),
        "reduction_method": None,
        "reduction_interval": None,
        "reduction_window": None,
        "grid_downsample": configuration.get("downsample"),
        "reduction_threshold": None,
        "reduction_metric": None,
        "reduce_loss": False,
        "experiment_name": f"experiment-{document['experiment']}",
        "complete_time": document["ended_at"],
        "x_shape": [images, *dataset["shape"]],
        "y_shape": [images, len(dataset["classes"])],
    }


def param_names(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the paper's params, in its order, and after them what else any trial was given."""
    given = dict.fromkeys(name for trial in trials for name in trial["params"])
    return [*PAPER_PARAMS, *(name for name in given if name not in PAPER_PARAMS)]
