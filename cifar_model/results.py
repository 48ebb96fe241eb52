"""The results of training, evaluation and explanation: plain records that do not need Keras."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cifar_model.objective import METRICS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cifar_model.explanation.regions import Segments

# The rule by which the loss of a split is computed. It is stored with every loss.
# 1: the loss function applied to the outputs alone. For a sigmoid head with cross-entropy this
# differs from the training loss, which Keras computes from the logits.
# 2: the loss returned by Keras's `evaluate`.
LOSS_RULE = 2


@dataclass(frozen=True, slots=True)
class Epoch:
    """The metrics of one epoch, numbered from 1; loss and accuracy are means during training."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float

    @property
    def metrics(self) -> dict[str, float]:
        """Return the metrics by name."""
        return {name: float(getattr(self, name)) for name in METRICS}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The scores of a network on a split. Rows of the confusion matrix are true classes.

    `predictions` and `labels` have the predicted and the true class of every image;
    `probabilities` has a row for every image, which sums to 1.
    """

    images: int
    loss: float
    loss_rule: int
    accuracy: float
    log_loss: float
    confusion: "NDArray[np.int64]"
    predictions: "NDArray[np.int64]"
    labels: "NDArray[np.int64]"
    probabilities: "NDArray[np.float64]"


@dataclass(frozen=True, slots=True)
class Integrity:
    """The quantities that an explanation's verdict is based on.

    `spread` is the range of the label's probability over all images with hidden superpixels,
    `strongest` the largest change of it caused by one superpixel, `weight_range` the range of the
    weights, and `stability` the mean overlap of the strongest superpixels between seeds.
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
    """The probabilities after hiding the regions that support a label; None if there are none.

    `removed` is the label's probability, `removed_random` its mean for random regions of the
    same area and `removed_random_low` its 5th percentile for them; `removed_imputed` is the
    probability after filling the regions from the pixels around them, as ROAD does. With two
    labels, `contrast` and `contrast_other` are the probabilities of this label and of the other
    after hiding the regions that support this one and those that oppose the other.
    """

    removed: float | None = None
    removed_random: float | None = None
    removed_random_low: float | None = None
    removed_imputed: float | None = None
    other: int | None = None
    contrast: float | None = None
    contrast_other: float | None = None
    contrast_random: float | None = None
    contrast_other_random: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rules look at beside `Integrity`; what could not be measured is None.

    `removed_random_low` and `removed_imputed` are those of `Checks`. `input_correlation` and
    `other_correlation` are rank correlations of the weights with those of the image with a
    little noise, and of another label. `completeness` is the sum of the weights less the change
    of the probability, for methods whose weights should add up to it. `untrained_correlation`
    and `untrained_fall` are of the trial and the method, see `Randomisation`.

    `similar_images` is the number of held-out images that were compared, those to which the network
    gives the most similar outputs; `similar_right` is the share of them that has the predicted
    class, and `similar_chance` the probability of at least such a share of random ones.
    """

    removed_random_low: float | None = None
    removed_imputed: float | None = None
    input_correlation: float | None = None
    other_correlation: float | None = None
    completeness: float | None = None
    untrained_correlation: float | None = None
    untrained_fall: float | None = None
    similar_images: int | None = None
    similar_right: float | None = None
    similar_chance: float | None = None


@dataclass(frozen=True, slots=True)
class Randomisation:
    """How explanations by one method change if a network's weights are drawn anew.

    `correlation` is the mean rank correlation with the weights that the trained network gives,
    over `images`; `fall` is the 95th percentile of the share by which the odds of the class that an
    untrained network predicts fall without the regions shown for it (their probability, if measured
    before version 4 of the rules). `curve` has the mean rank correlation after drawing anew all
    layers from the top down to each of `layers`.
    """

    images: int
    correlation: float | None
    fall: float | None
    layers: list[str]
    curve: list[float | None]


@dataclass(frozen=True, slots=True)
class Curves:
    """The deletion and insertion curves at the points of `curve_counts`, and the areas under them.

    Superpixels are processed in descending order of weight: `deletion` hides them in the image,
    `insertion` shows them while all others are hidden. A good explanation has a small deletion area
    and a large insertion area; with the superpixels in random order both are equal on average.
    """

    deletion: list[float]
    insertion: list[float]
    deletion_area: float
    insertion_area: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one label, with one weight per superpixel, in the order of their ids.

    A void explanation has no curves and no evidence. `rules` is the version of the rules of its
    verdict.
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
    rules: int
    evidence: Evidence | None


@dataclass(frozen=True, eq=False)
class Explained:
    """The explanations of one image; `segments` (height, width) has the superpixel id per pixel.

    `normalised` is whether the network's outputs do not sum to 1 and were divided by their sum;
    `samples` is how many were used, or would be by a method that has any.
    """

    segments: "Segments"
    predicted: int
    normalised: bool
    explanations: list[Explanation]
    samples: int


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """The output of one layer, numbered from 1 after the input, for one image.

    `channels` (3, channels) has the mean, standard deviation and share of zeros of each channel.
    """

    layer: int
    name: str
    output: "NDArray[np.float32]"
    channels: "NDArray[np.float32]"
