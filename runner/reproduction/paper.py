"""What the paper shows: every output with its place, its values and what is odd about it.

The values are the paper's, copied; nothing here is ours, and nothing is tuned towards them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.reproduction.paper_values import FIGURE_4, FIGURE_5, LAYERS, ROUND, SCAN

TITLE = "CIFAR-10 Image Classification with Explanations (K. Jadhav and S. Mathew)"


@dataclass(frozen=True, slots=True)
class Output:
    """One output: `values` by their names, an oddity if it has one, and how ours is made."""

    id: str
    title: str
    place: str
    values: Mapping[str, Any]
    oddity: str | None = None
    ours: str = ""


WHOLE = {"share for it, stock segmentation": 1.0, "share against it, stock segmentation": 0.0}
ONE_SUPERPIXEL = (
    "Very likely an artefact. LIME's default segmentation finds a single superpixel on most"
    " images of 32x32 pixels in [0, 1] (393 of 600 in docs/explanations.md). Then the mask is"
    " the whole image, green or red by the sign of one weight, whatever the model sees."
)
WHY = (
    "The first test image of its class, by LIME with 1000 samples: once with segments made for"
    " small images, once as stock LIME does it. Regions of a void explanation are never drawn;"
    " the shares say how much of the image stock LIME would have coloured."
)

PAPER = (
    Output(
        "MODEL",
        "The network",
        "section IV.B",
        {"parameters": 422_346, "trainable parameters": 421_450},
        ours="Counted in the stored weights. The paper lists the layers; that padding is `same`"
        " follows from its list of activations, and the counts from both.",
    ),
    Output(
        "DATA",
        "The images",
        "sections IV.A and V.A",
        {
            "train images": 40_000,
            "validation images": 10_000,
            "test images": 10_000,
            "classes": 10,
            "pixels": "from 0 to 1",
            "labels": "one-hot",
        },
    ),
    Output(
        "T-I",
        "No tuning, with augmentation, 10 epochs",
        "Table I",
        {
            "train loss": 0.3773,
            "train accuracy": 0.8686,
            "validation loss": 0.3536,
            "validation accuracy": 0.8888,
            "test loss": 0.3911,
            "test accuracy": 0.8718,
        },
        oddity="87 % after 10 epochs with augmentation, and better on what was not trained on:"
        " probably each of these epochs was many passes over the images.",
        ours="Scores of the trained network. Neither the generator's settings nor its steps per"
        " epoch are given: ours flips, shifts by up to 10 %, turns by up to 15 degrees and zooms"
        " by up to 10 %, and an epoch is one pass.",
    ),
    Output(
        "T-II",
        "No tuning, no augmentation",
        "Table II",
        {
            "100 epochs, train loss": 0.0217,
            "100 epochs, train accuracy": 0.9945,
            "100 epochs, validation loss": 0.5821,
            "100 epochs, validation accuracy": 0.8672,
            "100 epochs, test loss": 0.5949,
            "100 epochs, test accuracy": 0.8114,
            "10 epochs, train loss": 0.4217,
            "10 epochs, train accuracy": 0.6104,
            "10 epochs, validation loss": 0.3996,
            "10 epochs, validation accuracy": 0.6877,
            "10 epochs, test loss": 0.4863,
            "10 epochs, test accuracy": 0.6394,
        },
        oddity="At 10 epochs a cross-entropy of 0.4863 does not fit an accuracy of 0.6394 (Figure 4"
        " has 0.66 at 0.786), and 0.6394 does not fit Figure 5's last row (0.8024 after 9 epochs,"
        " almost the same settings). At 100 epochs validation (0.8672) and test (0.8114), of 10,000"
        " images each, differ by 10.7 standard errors: no sampling noise.",
        ours="Scores of the trained network. Batch size and learning rate are not given: ours are"
        " Keras's defaults, 32 and 0.001.",
    ),
    Output(
        "T-III",
        "Tuned, no augmentation",
        "Table III",
        {
            "k-fold accuracy": 0.6253,
            "validation accuracy": 0.8056,
            "test accuracy": 0.7964,
        },
        oddity="Tuning was 'for only 10 epochs', but the rounds shown have 6 to 9; dropout is said"
        " to be tuned and has one value; and the tuned model (0.7964) is worse on test than the"
        " untuned one of 100 epochs (0.8114).",
        ours="The best of our sampled trials by validation accuracy, which is biased upwards by"
        " selection. The paper's number"
        " for the training set is '.6253 after 10-fold cross validation': beside it stands"
        " a k-fold that trains anew for each fold; apart from it, the fold score of Talos, which is"
        " the F1 of one trained model on each fold and no cross-validation.",
    ),
    Output(
        "F-2",
        "Sample images of each class",
        "Figure 2",
        {"classes shown": 10},
        oddity="The text calls it Figure 4.",
    ),
    Output(
        "F-3",
        "Scan summary details",
        "Figure 3",
        SCAN,
        oddity="The experiment's name is its start, 20:02:23, so the scan took 48 minutes on a"
        " machine that is not described. It was not seeded: its points cannot be drawn again.",
        ours="The same fraction of the same grid, sampled by Talos with a seed. reduction_method is"
        " None there too, so the interval, window, threshold and metric had no effect; ours has"
        " none of them. minutes: the seconds of all trials, one after another.",
    ),
    Output(
        "F-4",
        "Scores of the five rounds shown",
        "Figure 4",
        {
            f"row {row}, {name}": value
            for row, values in enumerate(FIGURE_4, start=1)
            for name, value in zip(ROUND, values, strict=True)
        },
        oddity="val_loss cannot be compared between rows: some are log-cosh, some cross-entropy."
        " Talos of that time logged for each metric on its own its best epoch.",
        ours="Of each metric on its own the best epoch, as there; what the last epoch had, which is"
        " the epoch of the stored model, stands in the table after it. loss and accuracy are means"
        " over the training epoch, dropout included, so their intervals are a rough measure.",
    ),
    Output(
        "F-5",
        "Params of the five rounds shown",
        "Figure 5",
        {f"row {row}": params for row, params in enumerate(FIGURE_5, start=1)},
        oddity="Four of the five train with log-cosh, a regression loss, or with a sigmoid head"
        " under a cross-entropy; dropout and learning rate have one value.",
    ),
    Output(
        "LST",
        "The list of activations, for a batch of 500",
        "section V.D",
        LAYERS,
        ours="Shapes of stored outputs of one image; the 500 is the paper's batch.",
    ),
    Output("F-6", "A cat", "Figure 6", {"picture": "a cat"}),
    Output(
        "F-7",
        "The cat's activations, all layers",
        "Figure 7",
        {"layers": 24},
        ours="Of the untuned model with most epochs, as section V.D has it.",
    ),
    Output("F-8", "A truck", "Figure 8", {"picture": "a truck"}),
    Output("F-9", "The truck's activations at layer 1", "Figure 9", {"layer": "conv2d_1"}),
    Output(
        "F-10",
        "The truck's activations at layer 17",
        "Figure 10",
        {"layer": "max_pooling2d_3"},
        ours="Layers are counted from 1, so that 17 is the third max pooling; the paper does not"
        " say where it begins.",
    ),
    Output(
        "F-11",
        "Confusion",
        "Figure 11",
        {"fewest images of a class": 1000, "most images of a class": 1000},
        ours="On the test split, of the untuned model with most epochs: the paper does not say"
        " which of its models it is.",
    ),
    Output("F-12", "Why airplane", "Figure 12", WHOLE, oddity=ONE_SUPERPIXEL, ours=WHY),
    Output(
        "F-13",
        "Why not bird",
        "Figure 13",
        {"share for it, stock segmentation": 0.0, "share against it, stock segmentation": 1.0},
        oddity=ONE_SUPERPIXEL,
        ours=WHY,
    ),
    Output(
        "F-14",
        "Learning curve",
        "Figure 14",
        {"epochs": 100},
        ours="The paper does not say of which training its two curves are: this is the longer one.",
    ),
    Output(
        "F-15",
        "Learning curve",
        "Figure 15",
        {"epochs": 10},
        ours="The shorter of the two trainings without augmentation.",
    ),
    Output(
        "EQ",
        "Accuracy, log loss, TP, TN, FP and FN",
        "section II.F",
        {
            "accuracy": "correct / examples",
            "log loss": "- sum of y log(p), by example",
            "sum of TP / images": "the accuracy",
        },
        oddity="A sigmoid head under a cross-entropy, as in Figure 5, puts out no distribution, and"
        " the formula of the log loss needs one.",
        ours="Of the untuned model with most epochs on the test split. Before the log loss, outputs"
        " are clipped and divided by their sum.",
    ),
    Output(
        "FUT",
        "CIFAR-100, deeper models, more epochs",
        "section VIII",
        {"a deeper model": "future work", "CIFAR-100": "future work", "more epochs": "future work"},
        ours="Each is one option away.",
    ),
)
