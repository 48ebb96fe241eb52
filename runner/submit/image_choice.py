"""Which images to explain: numbers and ranges, or words that are turned into numbers at submit."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.errors import InputError, shown
from runner.store.queries.predictions import Predictions

WAYS = "numbers, ranges as in 10-19, wrong, random:20, class:NAME or most-confident-wrong:10"


@dataclass(frozen=True, slots=True)
class Pool:
    """The test split to choose from; labels and predictions are looked up only where needed."""

    images: int
    classes: Sequence[str]
    seed: int
    labels: Callable[[], NDArray[Any]]
    predictions: Callable[[str], Predictions]


def comma_parts(text: str) -> list[str]:
    r"""Return what stands between commas, without blanks around it; `\,` is a comma within."""
    parts = re.split(r"(?<!\\),", text)
    names = [part.strip().replace("\\,", ",") for part in parts]
    return [unicodedata.normalize("NFC", name) for name in names]  # as data sets have them


def choose_images(text: str, pool: Pool) -> list[int]:
    """Return the numbers of the images that a text asks for, each once, in its order."""
    found: dict[int, None] = {}
    for part in comma_parts(text):
        found |= dict.fromkeys(_chosen(part, pool))
    return list(found)


def check_numbers(numbers: Iterable[int], images: int) -> None:
    """Raise InputError if there is no such image in the test split."""
    wrong = [number for number in numbers if not 0 <= number < images]
    if wrong:
        raise _outside(",".join(map(str, wrong)), images)


def _chosen(part: str, pool: Pool) -> Iterable[int]:
    word, colon, argument = part.partition(":")
    match (word, bool(colon)):
        case ("wrong", False):
            return _wrong(pool.predictions(part), part)
        case ("random", True):
            count = _count(part, argument, pool.images)
            return sorted(_shuffled(pool)[:count])
        case ("class", True):
            return _of_class(part, argument, pool)
        case ("most-confident-wrong", True):
            return _most_confident_wrong(part, argument, pool)
        case _:
            return _numbers(part, pool.images)


def _numbers(part: str, images: int) -> Iterable[int]:
    matched = re.fullmatch(r"(\d+)(?:-(\d+))?", part, re.ASCII)
    # Numbers of this many digits are outside any split.
    first, last = (int(end[:19]) for end in matched.groups(matched[1])) if matched else (1, 0)
    if last < first:
        raise InputError(
            f"--images {shown(part)} is not a valid selection of images",
            f"{WAYS}; separated by commas, ranges in ascending order",
            "correct --images",
        )
    if last >= images:
        raise _outside(part, images)
    return range(first, last + 1)


def _outside(part: str, images: int) -> InputError:
    return InputError(
        f"--images {shown(part)[1:-1]}: the test split has {images:,} images",
        f"numbers from 0 to {images - 1}",
        "correct --images",
    )


def _count(part: str, argument: str, most: int) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", argument, re.ASCII) or int(argument) > most:
        raise InputError(
            f"--images {shown(part)}: there are {most:,} images to choose from",
            f"a whole number from 1 to {most} after the colon" if most else "at least one image",
            "correct --images",
        )
    return int(argument)


def _shuffled(pool: Pool) -> list[int]:
    order: list[int] = np.random.default_rng(pool.seed).permutation(pool.images).tolist()
    return order


def _of_class(part: str, name: str, pool: Pool) -> list[int]:
    if name not in pool.classes:
        raise InputError(
            f"--images {shown(part)}: the data set has no such class",
            f"class: and one of {', '.join(pool.classes)}",
            "correct --images; write a comma in a name as \\,",
        )
    return _some(part, np.flatnonzero(pool.labels() == list(pool.classes).index(name)))


def _wrong(predictions: Predictions, part: str) -> list[int]:
    return _some(part, np.flatnonzero(predictions.predictions != predictions.labels))


def _most_confident_wrong(part: str, argument: str, pool: Pool) -> list[int]:
    predictions = pool.predictions(part)
    probabilities = predictions.probabilities
    if probabilities is None:
        raise InputError(
            f"--images {part}: evaluation {predictions.evaluation} of trial {predictions.trial}"
            " has no probabilities, because an earlier version made it",
            "an evaluation of the trial on the test split by this version",
            f"run: runner submit evaluate --trial {predictions.trial} --wait",
        )
    wrong = np.array(_wrong(predictions, part))
    # Of equally confident ones the first come first.
    order = np.argsort(-probabilities[wrong].max(axis=1).astype(np.float64), kind="stable")
    chosen: list[int] = wrong[order][: _count(part, argument, len(wrong))].tolist()
    return chosen


def _some(part: str, found: NDArray[np.intp]) -> list[int]:
    if not len(found):
        raise InputError(
            f"--images {shown(part)}: no image of the test split matches",
            "a selection that matches at least one image",
            "select other images",
        )
    numbers: list[int] = found.tolist()
    return numbers
