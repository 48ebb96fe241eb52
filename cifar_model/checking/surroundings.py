"""Change what a function should not depend on: the clock, and generators without a seed."""

import datetime
import itertools
import os
import random
import secrets
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cifar_model.checking.plan import Pins

CLOCKS = ("time", "monotonic", "perf_counter", "process_time")
# A tick is no round number: a clock that is read twice should differ in every digit.
TICK_SECONDS = 0.001234567


def change(pins: Pins) -> None:
    """Change them for what is imported from now on."""
    if pins.pinned_clock:
        ticks = itertools.count()
        _set_clocks(lambda _: pins.clock + next(ticks) * TICK_SECONDS)
    elif pins.clock:
        _set_clocks(lambda real: real() + pins.clock)
    if pins.generators is not None:
        _set_generators(pins.generators)


def _set_clocks(clock: Callable[[Callable[[], float]], float]) -> None:
    for name in CLOCKS:
        real = getattr(time, name)

        def read(real: Callable[[], float] = real) -> float:
            return clock(real)

        def read_ns(real: Callable[[], float] = real) -> int:
            return int(clock(real) * 1e9)

        setattr(time, name, read)
        setattr(time, f"{name}_ns", read_ns)

    # Not by subclassing a class that others hold already: what is imported later gets these.
    class Date(datetime.date):
        @classmethod
        def today(cls) -> Any:
            return datetime.datetime.now().date()

    class DateTime(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    datetime.date, datetime.datetime = Date, DateTime  # type: ignore[misc]


def _set_generators(seed: int) -> None:
    """Seed what draws from the operating system, and the global generators of Python and numpy."""
    entropy = random.Random(seed)  # noqa: S311 (nothing is secret)

    def urandom(size: int) -> bytes:
        return entropy.randbytes(size)

    os.urandom = urandom
    for module, name in (
        (random, "_urandom"),
        (secrets, "randbits"),
        (np.random.bit_generator, "randbits"),
    ):
        if hasattr(module, name):
            setattr(module, name, urandom if name == "_urandom" else entropy.getrandbits)
    random.seed(seed)
    np.random.seed(seed % 2**32)
