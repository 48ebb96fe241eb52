"""Our values for what the paper leaves out: which reading of it comes nearest to its numbers."""

from cifar_model.params import ParamValue
from runner.reproduction.measured import Measured, Missing, Sources, Values, share
from runner.reproduction.plan import (
    DROPOUT_ROW,
    DROPOUT_STEPS,
    LOSS_OF_2018,
    PASSES,
    PASSES_STEP,
    ROUND_STEPS,
    SIGMOID_ROW,
    SIGMOID_STEP,
    UNTUNED_GRID,
    UNTUNED_STEP,
)

NEAREST = "nearest"
LOSSES = ("categorical_crossentropy", LOSS_OF_2018)
# The steps of a row of Figure 5 by dropout, with the row itself.
BY_DROPOUT = DROPOUT_STEPS | {0.2: ROUND_STEPS[DROPOUT_ROW - 1]}


def untuned(sources: Sources, paper: float) -> Values:
    """Return the validation accuracy of the untuned model by batch size and learning rate."""
    images = len(sources.reproduction.dataset.validation)
    found = {}
    for trial in sources[UNTUNED_STEP].trials:
        if trial.val_accuracy is not None:
            name = untuned_name(*(trial.params[name] for name in UNTUNED_GRID))
            found[name] = share(trial.val_accuracy, images)
    return _with_nearest(found, paper, UNTUNED_STEP)


def untuned_name(batch_size: ParamValue, lr: ParamValue) -> str:
    """Return the name of the value of one batch size and learning rate."""
    return f"batch_size {batch_size}, lr {lr}"


def passes(sources: Sources, paper: float) -> Values:
    """Return the validation accuracy by the number of passes that each epoch has.

    One training is looked at after so many epochs of one pass: an epoch changes nothing else.
    """
    images = len(sources.reproduction.dataset.validation)
    short = sources.reproduction.scale.short
    scores = [epoch.val_accuracy for epoch in sources[PASSES_STEP].trials[0].epochs]
    found = {
        passes_name(number): share(score, images)
        for number, score in enumerate(scores[short - 1 :: short], start=1)
        if score is not None
    }
    return _with_nearest(found, paper, PASSES_STEP)


def passes_name(number: int) -> str:
    """Return the name of the value of so many passes an epoch."""
    return "1 pass an epoch" if number == 1 else f"{number} passes an epoch"


PASSES_NAMES = tuple(passes_name(number) for number in range(1, PASSES + 1))


def sigmoid_losses(sources: Sources, paper: float) -> Values:
    """Return the scores of a row of Figure 5 with each cross-entropy, each at its best epoch."""
    images = len(sources.reproduction.dataset.validation)
    accuracies, losses = {}, {}
    for step, name in zip((ROUND_STEPS[SIGMOID_ROW - 1], SIGMOID_STEP), LOSSES, strict=True):
        trial = sources.trial(step)
        accuracies[f"row {SIGMOID_ROW}, {name}"] = share(trial.best.val_accuracy, images)
        losses[f"row {SIGMOID_ROW}, val_loss with {name}"] = Measured(trial.best.val_loss)
    return {**_with_nearest(accuracies, paper, SIGMOID_STEP), **losses}


def tuned_losses(sources: Sources) -> Values:
    """Return the best validation accuracy of the grid with each cross-entropy."""
    images = len(sources.reproduction.dataset.validation)
    return {
        f"best of the grid, {name}": share(sources.trial(step).val_accuracy, images)
        for step, name in zip(("tuned", "tuned-normalised"), LOSSES, strict=True)
    }


def dropouts(sources: Sources, paper: float) -> Values:
    """Return the accuracies of a row of Figure 5 by dropout, each at its best epoch."""
    dataset = sources.reproduction.dataset
    found, training = {}, {}
    for rate, step in BY_DROPOUT.items():
        best = sources.trial(step).best
        found[dropout_name(rate)] = share(best.val_accuracy, len(dataset.validation))
        training[training_name(rate)] = share(best.accuracy, len(dataset.train))
    return {**_with_nearest(found, paper, ROUND_STEPS[DROPOUT_ROW - 1]), **training}


def dropout_name(rate: float) -> str:
    """Return the name of the validation accuracy with a dropout."""
    return f"row {DROPOUT_ROW}, dropout {rate:g}"


def training_name(rate: float) -> str:
    """Return the name of the accuracy while training with a dropout."""
    return f"row {DROPOUT_ROW}, accuracy while training with dropout {rate:g}"


def _with_nearest(found: Values, paper: float, step: str) -> Values:
    """Return values with the name of the one that is nearest to the paper's."""
    distances = {
        name: abs(measured.value - paper)
        for name, measured in found.items()
        if isinstance(measured.value, float)
    }
    if not distances:
        raise Missing(step)
    return {**found, NEAREST: Measured(min(distances, key=lambda name: distances[name]))}
