"""Refuse numbers that are not finite before a database turns them into something else."""

import math
from collections.abc import Mapping

from cifar_model.errors import DivergedError


def require_finite(what: str, numbers: Mapping[str, float]) -> None:
    """Raise DivergedError naming the numbers that are NaN or infinite."""
    wrong = [f"{name} is {number}" for name, number in numbers.items() if not math.isfinite(number)]
    if wrong:
        raise DivergedError(f"{what}: {', '.join(wrong)}")
