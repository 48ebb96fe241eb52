"""How many inputs a fuzz test generates, and how many were generated of each kind."""

import functools
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

Test = TypeVar("Test", bound=Callable[..., Any])

PROFILE = "fuzz"  # what `make fuzz` asks Hypothesis for
QUICK = 40  # `make test` generates one of so many
HANGS = timedelta(seconds=60)  # the first input imports Talos, slowly on a busy machine

COUNTS: Counter[str] = Counter()

settings.register_profile(PROFILE)


def generates(kind: str, examples: int) -> Callable[[Test], Test]:
    """Let a test of Hypothesis's generate so many inputs of a kind in `make fuzz`.

    It goes above `@given`. In `make test` there are fewer, always the same.
    """

    def decorate(test: Test) -> Test:
        # The attribute that Hypothesis documents for those who wrap what it calls.
        handle: Any = test.hypothesis  # type: ignore[attr-defined]
        handle.inner_test = _counting(kind, handle.inner_test)
        full = settings.get_current_profile_name() == PROFILE
        configured: Test = settings(
            max_examples=examples if full else max(examples // QUICK, 5),
            deadline=HANGS,
            database=None,
            derandomize=not full,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        )(test)
        return configured

    return decorate


def _counting(kind: str, test: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(test)
    def count(*arguments: Any, **named: Any) -> None:
        COUNTS[kind] += 1
        test(*arguments, **named)

    return count
