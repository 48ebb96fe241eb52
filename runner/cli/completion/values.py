"""What is offered for a value: experiments, trials and jobs of the store, params and metrics."""

import os
import threading

import click
from click.shell_completion import CompletionItem

from cifar_model.networks.network import ACTIVATIONS, LAST_ACTIVATIONS
from cifar_model.params import RULES
from cifar_model.training_params import (
    AUGMENTATIONS,
    LOSSES,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
)

# A person who presses Tab does not wait for longer.
MOST_SECONDS = 0.3

CHOICES = {
    "optimizer": OPTIMIZERS,
    "losses": LOSSES,
    "activation": ACTIVATIONS,
    "last_activation": LAST_ACTIVATIONS,
    "augmentation": AUGMENTATIONS,
    "nesterov": ("true", "false"),
    "schedule": SCHEDULES,
    "precision": PRECISIONS,
}

# What a leaderboard can be ranked and chosen by; its own module imports the database.
METRICS = ("val_accuracy", "best_val_accuracy", "accuracy", "val_loss", "loss", "seconds")

# What the experiment of a trial, and its network, are called.
LABELS = ("name", "tag", "network")

Item = CompletionItem[str]


def stored(what: str, incomplete: str) -> list[Item]:
    """Return the numbers and names of stored experiments, trials or jobs; nothing if none are read.

    If the store does not answer soon, the process ends, and nothing is offered.
    """
    from runner.settings import Settings
    from runner.store.peek import newest

    settings = Settings.from_environment()
    if not settings.database_url.startswith("sqlite:"):
        import runner.store.engine  # noqa: F401 (its import is not the database's time)
    alarm = threading.Timer(MOST_SECONDS, os._exit, [0])
    alarm.daemon = True
    alarm.start()
    try:
        rows = newest(settings.database_url, what)
    except Exception:
        return []
    finally:
        alarm.cancel()
    offered = [(str(value), meaning) for value, meaning, _ in rows]
    offered += [(name, f"experiment {value}, {meaning}") for value, meaning, name in rows if name]
    return [
        CompletionItem(value, help=meaning)
        for value, meaning in offered
        if value.startswith(incomplete)
    ]


def metrics(
    ctx: click.Context,  # noqa: ARG001 (Click's form)
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[Item]:
    """Offer the metrics that every trial of a network has."""
    return [CompletionItem(name) for name in METRICS if name.startswith(incomplete)]


def compared(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[Item]:
    """Offer what `compare` takes: trials, or with --folds experiments."""
    return stored("experiment" if ctx.params.get("folds") else "trial", incomplete)


def param_values(
    ctx: click.Context,  # noqa: ARG001 (Click's form)
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[Item]:
    """Complete NAME=VALUE for `--param`."""
    return _pairs(incomplete, tuple(RULES))


def conditions(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[Item]:
    """Complete a condition of `--where`, which is a name, an operator and a value."""
    return _pairs(incomplete, (*METRICS, *LABELS, *RULES))


def column_names(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[Item]:
    """Complete the last of the names in `--columns`, which are separated by commas."""
    before, comma, last = incomplete.rpartition(",")
    given = before.split(",")
    return [
        _item(f"{before}{comma}{name}")
        for name in (*METRICS, *RULES)
        if name.startswith(last) and name not in given
    ]


def _pairs(incomplete: str, names: tuple[str, ...]) -> list[Item]:
    name, equals, value = incomplete.partition("=")
    if not equals:
        return [_item(f"{each}=") for each in names if each.startswith(name)]
    return [_item(f"{name}={each}") for each in CHOICES.get(name, ()) if each.startswith(value)]


def _item(value: str) -> Item:
    return CompletionItem(value)
