"""What trials are ordered and shown by: the names of their params and scores."""

from collections.abc import Sequence
from dataclasses import asdict

from cifar_model.params import Params, ParamValues
from runner.reports.records import Trial

# The paper's columns, in its order; other params come after them.
PAPER_PARAMS = (
    *("lr", "batch_size", "epochs", "dropout", "optimizer", "losses", "activation"),
    "last_activation",
)
METRICS = ("val_loss", "val_accuracy", "loss", "accuracy")

# What is better: the smallest loss, the largest accuracy.
BETTER = {"loss": min, "accuracy": max, "val_loss": min, "val_accuracy": max}

SCORES = ("best_epoch", *BETTER, "best_val_accuracy", "seconds")


def effective(params: ParamValues) -> ParamValues:
    """Return params with the defaults of those that were not given."""
    return asdict(Params()) | dict(params)


def param_names(trials: Sequence[Trial]) -> list[str]:
    """Return the paper's params, in its order, and after them what else any trial was given."""
    given = dict.fromkeys(name for trial in trials for name in trial.params)
    return [*PAPER_PARAMS, *(name for name in given if name not in PAPER_PARAMS)]
