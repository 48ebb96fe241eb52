"""Check the values of options, in the words of the command line.

The command line checks what is typed by the same limits.
"""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from cifar_model.data import LARGEST, SMALLEST
from cifar_model.errors import InputError, did_you_mean, shown
from cifar_model.explanation.settings import AUTO, SAMPLING
from cifar_model.grid import MAX_TRIALS
from cifar_model.params import MOST_SEED
from cifar_model.spaces.racing import FEWEST_SEEDS, MOST_SEEDS
from cifar_model.training_params import MOST_EPOCHS
from runner.store.names import read_printable

# The numbers of experiments, jobs and trials: what an INTEGER of every database holds.
MOST_NUMBER = 2**31 - 1

# The smallest and the largest value of the options that are whole numbers.
LIMITS: Mapping[str, tuple[int, int]] = {
    "trial": (1, MOST_NUMBER),
    "train_size": (1, MOST_NUMBER),
    "image_size": (SMALLEST, LARGEST),
    "epochs": (1, MOST_EPOCHS),
    "threads": (1, 1024),
    "repeats": (1, 1000),
    "seed": (0, MOST_SEED),
    "trials": (1, MAX_TRIALS),
    "priority": (-100, 100),
    "epochs_total": (1, MOST_NUMBER),
    # Talos needs three trials to decide.
    "reduce_every": (3, MAX_TRIALS),
    "limit": (1, MAX_TRIALS),
    "top": (2, 100),
    "seeds": (FEWEST_SEEDS, MOST_SEEDS),
    "budget": (1, MOST_NUMBER),
    "folds": (2, MAX_TRIALS),
    "samples": (10, 100_000),
}


def option(name: str) -> str:
    """Return the name of a keyword argument as the command line has it."""
    return f"--{name.replace('_', '-')}"


def whole_number(name: str, value: Any) -> int:
    """Return the value of an option as a plain integer; raise InputError if it has no such one."""
    low, high = LIMITS[name]
    number = as_integer(value)
    if number is None or not low <= number <= high:
        raise refusal(name, value, f"a whole number from {low:,} to {high:,}")
    return number


def as_integer(value: Any) -> int | None:
    """Return a whole number, also one of NumPy, as a plain integer; None for anything else."""
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None


def optional_number(name: str, value: Any) -> int | None:
    """Return the value of an option that may be left out."""
    return None if value is None else whole_number(name, value)


def samples_of(value: Any, method: str) -> int | str:
    """Return a number of samples, or AUTO, which is for methods that sample."""
    if value != AUTO:
        return whole_number("samples", value)
    if method not in SAMPLING:
        raise InputError(
            f"--samples {AUTO} cannot be combined with --method {method}, which does not sample",
            f"one of {', '.join(SAMPLING)} with --samples {AUTO}",
            "omit --samples",
        )
    return AUTO


def flag(name: str, value: Any) -> bool:
    """Return the value of an option that is on or off."""
    if not isinstance(value, bool):
        raise refusal(name, value, "True or False")
    return value


def one_of(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return the value of an option that has a fixed set of values."""
    if value not in choices:
        hint = did_you_mean(str(value), choices)
        raise refusal(name, value, f"one of {', '.join(choices)}{hint}")
    return str(value)


def text(name: str, value: Any) -> str:
    """Return the value of an option that is a text."""
    if not isinstance(value, str):
        raise refusal(name, value, "a text")
    return value


def optional_text(name: str, value: Any) -> str | None:
    """Return the value of an option that is a text and may be left out."""
    return None if value is None else text(name, value)


def words(name: str, value: Any) -> list[str]:
    """Return the value of an option that is repeatable; one text counts as one word."""
    found = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(word, str) for word in found):
        raise refusal(name, value, "texts")
    return found


def check_key(key: str | None) -> str | None:
    """Return an idempotency key; raise InputError if it is none."""
    return None if key is None else read_printable("--key", key)


def refusal(name: str, value: Any, expected: str) -> InputError:
    """Return the error for a value that an option does not have."""
    return InputError(
        f"{option(name)} {shown(value)} is not valid", expected, f"correct {option(name)}"
    )


def plain(value: Any) -> Any:
    """Return a number of NumPy as one of Python."""
    return value.item() if hasattr(value, "item") else value


def image_numbers(images: Sequence[int] | str) -> Sequence[int] | str:
    """Return numbers of images, each once, or the text that chooses them."""
    if isinstance(images, str):
        return images
    numbers = [plain(image) for image in images]
    if not numbers or not all(type(number) is int for number in numbers):
        raise refusal("images", images, "numbers of images, or a text such as 'random:20'")
    return list(dict.fromkeys(numbers))
