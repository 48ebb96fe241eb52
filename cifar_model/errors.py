"""Errors that a person can mend: what happened, what was expected, how to fix it."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MOST_SHOWN = 80  # signs of a value
MOST_LISTED = 5


def printable(text: str) -> str:
    """Return text in which a terminal finds nothing to obey: control characters are spelled out."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1] for sign in text
    )


def shown(value: object) -> str:
    """Return a value as a message shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def listed(names: Sequence[str]) -> str:
    """Return the first few of many names, saying how many more there are."""
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


def nearest(word: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the name that is spelled nearly like a word, to ask whether it was meant."""
    close = get_close_matches(word, list(names), n=1, cutoff=cutoff)
    return close[0] if close else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return words that ask whether the nearest name was meant; none if no name is near."""
    close = nearest(word, names)
    return f"; did you mean {close!r}?" if close else ""


def guess(word: str, names: Iterable[str], otherwise: str, *, cutoff: float = 0.6) -> str:
    """Return a fix that asks whether the nearest name was meant, or another if none is near."""
    close = nearest(word, names, cutoff=cutoff)
    return f"did you mean {close!r}?" if close else otherwise


class InputError(ValueError):
    """Refuse something a person gave us, before anything is written."""

    def __init__(self, what: str, expected: str, fix: str) -> None:
        what, expected, fix = printable(what), printable(expected), printable(fix)
        super().__init__(f"{what}\nexpected: {expected}\nto fix it: {fix}")
        self.what = what
        self.expected = expected
        self.fix = fix


class DivergedError(ArithmeticError):
    """Report a loss that is no longer a finite number."""


class CheckpointError(ValueError):
    """Refuse a checkpoint that is damaged or of another network."""


class OtherThreadsError(RuntimeError):
    """Refuse a number of threads in a process whose backend has started with another."""
