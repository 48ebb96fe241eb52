"""The names of params and scores, in the order in which reports show them."""

from collections.abc import Sequence

from cifar_model.params import DEFAULTS, RULES, ParamValues
from runner.reports.records import Trial

# The paper's columns in the paper's order; other params come after them.
PAPER_PARAMS = (
    *("lr", "batch_size", "epochs", "dropout", "optimizer", "losses", "activation"),
    "last_activation",
)

# The paper's params, followed by all others.
PARAMS = tuple(dict.fromkeys((*PAPER_PARAMS, *RULES)))

METRICS = ("val_loss", "val_accuracy", "loss", "accuracy")

# The function that selects the best value of each metric.
BETTER = {"loss": min, "accuracy": max, "val_loss": min, "val_accuracy": max}

SCORES = ("best_epoch", *BETTER, "best_val_accuracy", "seconds")


def effective(params: ParamValues) -> ParamValues:
    """Return params with defaults for those that were not given."""
    return {**DEFAULTS, **params}


def param_names(trials: Sequence[Trial]) -> list[str]:
    """Return the paper's params in the paper's order, then all others given to any trial."""
    given = dict.fromkeys(name for trial in trials for name in trial.params)
    return [*PAPER_PARAMS, *(name for name in given if name not in PAPER_PARAMS)]
