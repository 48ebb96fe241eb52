"""Errors that a person can mend: what happened, what was expected, how to fix it."""


class InputError(ValueError):
    """Refuse something a person gave us, before anything is written."""

    def __init__(self, what: str, expected: str, fix: str) -> None:
        super().__init__(f"{what}\nexpected: {expected}\nto fix it: {fix}")
        self.what = what
        self.expected = expected
        self.fix = fix


class DivergedError(ArithmeticError):
    """Report a loss that is no longer a finite number."""


class CheckpointError(ValueError):
    """Refuse a checkpoint that is damaged or of another network."""


class OtherThreadsError(RuntimeError):
    """Refuse a number of threads in a process whose TensorFlow has started with another."""
