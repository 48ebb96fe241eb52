"""Say where a report shows losses that were computed by the first rule."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.reports.model import Note

MOST_NAMED = 10

FIRST_RULE = (
    "loss rule 1, that of earlier versions: for a sigmoid head with cross-entropy it is not the"
    " loss that was trained, nor what Keras's evaluate gives"
)


def loss_rule_notes(metric: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Note]:
    """Name the trials of which a loss was computed by the first rule, if there are any."""
    old = [row["trial"] for row in rows if row["loss_rule"] == 1]
    if not old:
        return
    if all(row["loss_rule"] in (1, None) for row in rows):
        yield Note(f"{metric} was computed by {FIRST_RULE}.")
        return
    left = len(old) - MOST_NAMED
    names = ", ".join(map(str, old[:MOST_NAMED])) + (f" and {left} more" if left > 0 else "")
    yield Note(
        f"{metric} of trial{'s' * (len(old) > 1)} {names} was computed by {FIRST_RULE}. Do not"
        f" compare it with that of the other trials.",
        warning=True,
    )


def mixed_rules_note(by: str, rules: Sequence[int]) -> Iterator[Note]:
    """Warn that trials were ordered by losses that two rules computed."""
    if by == "val_loss" and len(rules) > 1:
        yield Note(
            f"Ordered by val_loss, which for some of these trials was computed by {FIRST_RULE}."
            " Their places among the others mean nothing.",
            warning=True,
        )
