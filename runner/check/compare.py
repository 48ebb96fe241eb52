"""Compare what two trainings left, bit for bit."""

from cifar_model.checking.plan import Outcome

MOST_SHOWN = 3


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Return what differs between two trainings, in words, the earliest first."""
    found = []
    if one.initial != other.initial:
        found.append("the first weights")
    if len(one.epochs) != len(other.epochs):
        found.append(f"the number of epochs ({len(one.epochs)} and {len(other.epochs)})")
    for number, (metrics, others) in enumerate(zip(one.epochs, other.epochs, strict=False), 1):
        for name in metrics.keys() | others.keys():
            first, second = metrics.get(name), others.get(name)
            if first != second:
                found.append(f"{name} of epoch {number} ({first!r} and {second!r})")
    found += [
        name
        for name in sorted(one.left.keys() | other.left.keys())
        if one.left.get(name) != other.left.get(name)
    ]
    return found


def in_words(found: list[str]) -> str:
    """Return the first differences as the end of a sentence."""
    more = len(found) - MOST_SHOWN
    return "; ".join(found[:MOST_SHOWN]) + (f"; and {more} more" if more > 0 else "")
