"""What one pass over the training split gave."""

from dataclasses import dataclass

# How the losses of finished splits are computed; stored beside every one of them.
# 1: the loss function called on the outputs alone. For a sigmoid head with cross-entropy that is
# another number than the one that is trained, because Keras computes it from the logits.
# 2: the loss that Keras's own `evaluate` gives.
LOSS_RULE = 2


@dataclass(frozen=True, slots=True)
class Epoch:
    """The metrics of one epoch, numbered from 1; loss and accuracy are means while training."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
