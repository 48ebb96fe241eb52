"""The names of params and scores, in the order in which reports show them."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from cifar_model import objective
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

SCORES = ("best_epoch", *objective.METRICS, "best_val_accuracy", "seconds")


def better(metric: str) -> Any:
    """Return the function that selects the best value of a metric: min or max."""
    return min if objective.is_smaller_better(metric) else max


class HasParams(Protocol):
    """What has params, such as a trial or a group of trials."""

    @property
    def params(self) -> ParamValues:
        """Return its params."""


def effective(params: ParamValues, network: str = PAPER.name, trainer: bool = False) -> ParamValues:
    """Return params with defaults for those that were not given.

    Those of another network than the paper's are all stored, and so are all those of a trainer.
    """
    if trainer:
        return params
    return {**(DEFAULTS if network == PAPER.name else OF_TRAINING), **params}


class WithNetwork(HasParams, Protocol):
    """What has params and the network, or the trainer, that they are of."""

    @property
    def network(self) -> str:
        """Return the name of its network."""

    @property
    def trainer(self) -> bool:
        """Return whether the network is a training loop."""


def effective_of(trial: WithNetwork) -> ParamValues:
    """Return the effective params of a trial."""
    return effective(trial.params, trial.network, trial.trainer)


def loss_of(trial: Trial) -> str:
    """Return the name of the loss function of a trial; only a trainer knows its own."""
    return str(effective_of(trial).get("losses", ""))


def param_names(trials: Sequence[Trial]) -> list[str]:
    """Return the paper's params in the paper's order, then all others given to any trial.

    Of the paper's, those that a trial here has.
    """
    given = dict.fromkeys(name for trial in trials for name in trial.params)
    networks = [trial.network for trial in trials if not trial.trainer]
    is_paper = not trials or PAPER.name in networks
    known = {**(OF_TRAINING if networks else {}), **given}
    first = [name for name in PAPER_PARAMS if is_paper or name in known]
    return [*first, *(name for name in given if name not in first)]


def all_names(trials: Iterable[HasParams]) -> tuple[str, ...]:
    """Return the names of all params, and after them those that only networks of users have."""
    return tuple(dict.fromkeys((*PARAMS, *(name for trial in trials for name in trial.params))))
