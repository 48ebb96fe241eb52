"""What the paper leaves out, one record each: every reading that is tried, beside its number."""

from functools import partial

from runner.reproduction import readings
from runner.reproduction.paper_output import PaperOutput
from runner.reproduction.paper_values import FIGURE_4, ROUND
from runner.reproduction.plan import (
    BATCH_SIZES,
    DROPOUT_ROW,
    DROPOUT_STEPS,
    PASSES,
    PASSES_STEP,
    RATES,
    ROUND_STEPS,
    SIGMOID_ROW,
    SIGMOID_STEP,
    UNTUNED_STEP,
)
from runner.reproduction.readings import BY_DROPOUT, LOSSES

# Validation accuracies: Table II after 10 epochs, Table I, and those of Figure 4 and Table III.
UNTUNED, AUGMENTED, TUNED = 0.6877, 0.8888, 0.8056
SIGMOID = FIGURE_4[SIGMOID_ROW - 1][ROUND.index("val_accuracy")]
SIGMOID_LOSS = FIGURE_4[SIGMOID_ROW - 1][ROUND.index("val_loss")]
DROPOUT, DROPOUT_TRAINING = (
    FIGURE_4[DROPOUT_ROW - 1][ROUND.index(name)] for name in ("val_accuracy", "accuracy")
)
IN_THE_PAPER = "The paper's value is repeated beside every reading; nearest: the closest to it."

READING_OUTPUTS = (
    PaperOutput(
        id="R-BATCH",
        title="Readings: batch size and learning rate of the untuned model",
        place="Table II, not stated",
        paper={
            readings.untuned_name(batch_size, lr): UNTUNED
            for batch_size in BATCH_SIZES
            for lr in RATES
        },
        steps=(UNTUNED_STEP,),
        ours=(partial(readings.untuned, paper=UNTUNED),),
        note="Validation accuracies after the 10 epochs of Table II, without augmentation."
        f" {IN_THE_PAPER} The padding is not varied: the paper's list of activations has that of"
        " `same`, and with `valid` nothing is left of an image of 32x32 after the third pooling.",
    ),
    PaperOutput(
        id="R-PASSES",
        title="Readings: passes over the images in an epoch of the image generator",
        place="Table I, not stated",
        paper=dict.fromkeys(readings.PASSES_NAMES, AUGMENTED),
        steps=(PASSES_STEP,),
        ours=(partial(readings.passes, paper=AUGMENTED),),
        note="Validation accuracies of one training with augmentation, after 10 epochs of so many"
        f" passes each, up to {PASSES}: an epoch changes nothing but when it is validated."
        f" {IN_THE_PAPER}",
    ),
    PaperOutput(
        id="R-LOSS",
        title="Readings: cross-entropy of a sigmoid head",
        place="Figures 4 and 5, Table III",
        paper={
            **{f"row {SIGMOID_ROW}, {name}": SIGMOID for name in LOSSES},
            **{f"row {SIGMOID_ROW}, val_loss with {name}": SIGMOID_LOSS for name in LOSSES},
            **{f"best of the grid, {name}": TUNED for name in LOSSES},
        },
        steps=(ROUND_STEPS[SIGMOID_ROW - 1], SIGMOID_STEP, "tuned", "tuned-normalised"),
        ours=(partial(readings.sigmoid_losses, paper=SIGMOID), readings.tuned_losses),
        note="Keras divided the outputs by their sum in 2018, as normalised_crossentropy does; with"
        " categorical_crossentropy Keras 3 on TensorFlow takes what stands before the sigmoid as"
        " logits. Validation accuracies; those of the row are at the best epoch, as in Figure 4."
        f" {IN_THE_PAPER}",
    ),
    PaperOutput(
        id="R-DROPOUT",
        title="Readings: dropout of the tuned model",
        place="Figures 4 and 5; where the network has dropout is not stated",
        paper={
            **{readings.dropout_name(rate): DROPOUT for rate in BY_DROPOUT},
            **{readings.training_name(rate): DROPOUT_TRAINING for rate in BY_DROPOUT},
        },
        steps=(*DROPOUT_STEPS.values(), ROUND_STEPS[DROPOUT_ROW - 1]),
        ours=(partial(readings.dropouts, paper=DROPOUT),),
        note="Figure 5 has one dropout, 0.2, and does not say where. Here it is that of the first"
        " block: with 0.2 the blocks have 0.2, 0.3 and 0.4 and the dense layers 0.25, as in section"
        " IV.B, and with 0.1 half of that. Validation accuracies, and accuracies during training,"
        " when dropout is active; each at its own best epoch, as in Figure 4. nearest: that of the"
        " closest validation accuracy.",
    ),
)
