"""Which earlier epochs of a trial are explained: `runner submit explain --epochs-of-life`."""

from collections.abc import Sequence
from typing import Any

from runner.errors import InputError
from runner.needs import require_network
from runner.store import queries
from runner.submit.experiments import start_entries
from runner.submit.image_choice import comma_parts

LAST = "last"


def read_epochs(asked: Sequence[int | str] | str) -> list[int]:
    """Return the epochs of a text such as "1,2,5,last", in order and each once, without the last.

    Raises InputError for anything else. That the last epoch is explained goes without saying.
    """
    parts = comma_parts(asked) if isinstance(asked, str) else list(asked)
    words = [str(part) for part in parts]
    wrong = [word for word in words if word != LAST and not _is_epoch(word)]
    if wrong or not words:
        raise InputError(
            f"--epochs-of-life {','.join(words)}: {', '.join(map(repr, wrong)) or 'nothing'} is not"
            " an epoch",
            "numbers of epochs from 1, or last, such as 1,2,5,last",
            "correct --epochs-of-life",
        )
    return sorted({int(word) for word in words if word != LAST})


def _is_epoch(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) < 10 and int(word) > 0


def life_configuration(trial: queries.Trial, epochs: Sequence[int]) -> dict[str, Any]:
    """Return what jobs need to train a trial again to its earlier epochs; empty without any.

    Raises InputError for an epoch that the trial does not have.
    """
    if epochs:
        require_network(trial.id, trial.network, "explained at earlier epochs")
    later = [epoch for epoch in epochs if epoch > trial.epochs]
    if later:
        raise InputError(
            f"--epochs-of-life {','.join(map(str, epochs))}: trial {trial.id} was trained for"
            f" {trial.epochs} epoch{'s' * (trial.epochs != 1)}",
            f"epochs from 1 to {trial.epochs}, or last",
            "correct --epochs-of-life",
        )
    training = {"dataset": trial.dataset, "params": trial.params, "seed": trial.seed}
    return {
        # The weights after the last epoch are stored.
        "epochs_of_life": [epoch for epoch in epochs if epoch < trial.epochs],
        "training": training | start_entries(trial.init, trial.freeze),
    }
