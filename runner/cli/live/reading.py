"""Show on stderr how far the reading of a large data set is, which submitting waits for."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

# What takes less time needs no words.
SOON_SECONDS = 2.0
LINE_SECONDS = 5.0


@contextmanager
def reading_shown() -> Iterator[None]:
    """Show how many images have been read: a bar on a terminal, else a line now and then."""
    from cifar_model.data import told_to

    reading = _Reading()
    try:
        with told_to(reading.tell):
            yield
    finally:
        reading.close()


class _Reading:
    def __init__(self) -> None:
        from tqdm import tqdm

        self._next_line = time.monotonic() + SOON_SECONDS
        self._bar: tqdm[NoReturn] | None = None
        if sys.stderr.isatty():
            self._bar = tqdm(
                desc="reading images", delay=SOON_SECONDS, leave=False, file=sys.stderr
            )

    def tell(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._bar.n)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_SECONDS
            click.echo(f"reading images: {done:,} of {total:,}", err=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
