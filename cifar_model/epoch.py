"""What one pass over the training split gave."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """The metrics of one epoch, numbered from 1; loss and accuracy are means while training."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
