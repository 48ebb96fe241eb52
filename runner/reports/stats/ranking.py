"""The names of params and scores, in the order in which reports show them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from cifar_model.networks.network import PAPER
from cifar_model.params import DEFAULTS, RULES, TRAINING_RULES, ParamValues
from runner.reports.records import Trial

# The paper's columns in the paper's order; other params come after them.
PAPER_PARAMS = (
    *("lr", "batch_size", "epochs", "dropout", "optimizer", "losses", "activation"),
    "last_activation",
)

# The paper's params, followed by all others.
PARAMS = tuple(dict.fromkeys((*PAPER_PARAMS, *RULES)))

OF_TRAINING: ParamValues = {name: DEFAULTS[name] for name in TRAINING_RULES}

METRICS = ("val_loss", "val_accuracy", "loss", "accuracy")

# The function that selects the best value of each metric.
BETTER = {"loss": min, "accuracy": max, "val_loss": min, "val_accuracy": max}

SCORES = ("best_epoch", *BETTER, "best_val_accuracy", "seconds")


class HasParams(Protocol):
    """What has params, such as a trial or a group of trials."""

    @property
    def params(self) -> ParamValues:
        """Return its params."""


def effective(params: ParamValues, network: str = PAPER.name) -> ParamValues:
    """Return params with defaults for those that were not given.

    Those of another network than the paper's are all stored.
    """
    return {**(DEFAULTS if network == PAPER.name else OF_TRAINING), **params}


def loss_of(trial: Trial) -> str:
    """Return the name of the loss function that a trial was trained with."""
    return str(effective(trial.params, trial.network)["losses"])


def param_names(trials: Sequence[Trial]) -> list[str]:
    """Return the paper's params in the paper's order, then all others given to any trial.

    Of the paper's, those that a trial here has.
    """
    given = dict.fromkeys(name for trial in trials for name in trial.params)
    is_paper = not trials or any(trial.network == PAPER.name for trial in trials)
    first = [name for name in PAPER_PARAMS if is_paper or name in OF_TRAINING or name in given]
    return [*first, *(name for name in given if name not in first)]


def all_names(trials: Iterable[HasParams]) -> tuple[str, ...]:
    """Return the names of all params, and after them those that only networks of users have."""
    return tuple(dict.fromkeys((*PARAMS, *(name for trial in trials for name in trial.params))))
