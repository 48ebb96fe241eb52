"""The errors of the command line and the exit code that each ends with."""

from enum import IntEnum

from cifar_model.errors import InputError, printable


class ExitCode(IntEnum):
    """What the command's exit code says; documented in docs/commands.md."""

    OK = 0
    JOB_FAILED = 1
    USAGE = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130


class UnavailableError(Exception):
    """Report a service that cannot be reached: what, what was expected, how to fix it."""

    def __init__(self, what: str, expected: str, fix: str) -> None:
        what, expected, fix = printable(what), printable(expected), printable(fix)
        super().__init__(f"{what}\nexpected: {expected}\nto fix it: {fix}")
        self.what = what
        self.expected = expected
        self.fix = fix


__all__ = ["ExitCode", "InputError", "UnavailableError"]
