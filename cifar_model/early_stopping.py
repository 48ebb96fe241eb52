"""When a training ends before its epochs do: a function of its history alone."""

from collections.abc import Sequence

EPOCHS, PATIENCE = "epochs", "patience"


def has_stalled(val_losses: Sequence[float], patience: int) -> bool:
    """Return whether so many epochs have passed since the lowest val_loss; never with 0."""
    if not patience or not val_losses:
        return False
    best = val_losses.index(min(val_losses))
    return len(val_losses) - 1 - best >= patience


def ended_by(trained: int, epochs: int, patience: int) -> str:
    """Return what ended a training of so many of its epochs: patience, or that it had them all."""
    return PATIENCE if patience and trained < epochs else EPOCHS
