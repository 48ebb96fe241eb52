"""Keep a loop alive: log what goes wrong in one turn of it, and go on with the next."""

from collections.abc import Iterator
from contextlib import contextmanager
from logging import Logger

from runner.errors import InputError, UnavailableError


class LoopErrors:
    """Catch every error of a loop's turns; each is logged once, until another one comes."""

    def __init__(self, logger: Logger, trouble: str) -> None:
        self._logger = logger
        self._trouble = trouble
        self._logged = ""

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Run one turn, whatever error it ends with."""
        try:
            yield
        except Exception as error:
            self.log(error)
        else:
            if self._logged:
                self._logger.warning("resolved: %s", self._trouble)
            self._logged = ""

    def log(self, error: Exception) -> None:
        """Log an error unless the last one said the same; one of ours without its traceback."""
        words = summary(error)
        if words != self._logged:
            expected = isinstance(error, InputError | UnavailableError)
            trace = None if expected else error
            self._logger.warning("%s: %s", self._trouble, words, exc_info=trace)
        self._logged = words


def summary(error: Exception) -> str:
    """Return an error in one line that does not change from one try to the next."""
    if isinstance(error, InputError | UnavailableError):
        return error.what
    # SQLAlchemy adds the statement and its parameters on further lines.
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
