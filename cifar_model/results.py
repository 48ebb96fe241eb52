"""What training, evaluation and explanation return: plain records, without Keras."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_model.explanation.regions import Segments

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


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The scores of one network on one split; rows of the confusion are true classes.

    `predictions` and `labels` hold the predicted and the true class of every image,
    `probabilities` a row for each, which sums to 1.
    """

    images: int
    loss: float
    loss_rule: int
    accuracy: float
    log_loss: float
    confusion: NDArray[np.int64]
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Integrity:
    """What tells a sound explanation from one that only looks like one.

    `spread` is the range of the label's probability over all images with something hidden,
    `strongest` the most that one superpixel changes it, `weight_range` the range of the weights,
    and `stability` the mean overlap of the strongest superpixels of the seeds that were tried.
    """

    superpixels: int
    largest_share: float
    weight_range: float
    r2: float | None
    stability: float
    spread: float
    strongest: float
    one_colour: bool


@dataclass(frozen=True, slots=True)
class Checks:
    """What the network says without the regions that speak for a label; None: nothing to remove.

    `removed` is the label's probability then, `removed_random` what it is without random regions
    of the same area. Of two labels, `contrast` and `contrast_other` are the probabilities of this
    one and of the other without the regions for this one and against the other.
    """

    removed: float | None = None
    removed_random: float | None = None
    other: int | None = None
    contrast: float | None = None
    contrast_other: float | None = None
    contrast_random: float | None = None
    contrast_other_random: float | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """The probabilities at the points of `curve_counts`, and the areas below them.

    Superpixels change in the order of their weights, what speaks most for the label first:
    `deletion` hides them in the image, `insertion` shows them where all are hidden. A good
    explanation has a small deletion area and a large insertion area; with the superpixels in
    random order both areas are the same on average.
    """

    deletion: list[float]
    insertion: list[float]
    deletion_area: float
    insertion_area: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What speaks for and against one label; one weight per superpixel, in the order of ids.

    What is void has no curves.
    """

    label: int
    probability: float
    weights: list[float]
    intercept: float | None
    integrity: Integrity
    verdict: str
    reason: str
    checks: Checks
    curves: Curves | None


@dataclass(frozen=True, eq=False)
class Explained:
    """The explanations of one image; segments (height, width) hold the ids of superpixels.

    `normalised` says that the network's outputs are no distribution and were made one.
    """

    segments: Segments
    predicted: int
    normalised: bool
    explanations: list[Explanation]


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """The output of one layer, numbered from 1 after the input, for one image.

    `channels` (3, channels) has the mean, the spread and the share of zeros of each channel.
    """

    layer: int
    name: str
    output: NDArray[np.float32]
    channels: NDArray[np.float32]
