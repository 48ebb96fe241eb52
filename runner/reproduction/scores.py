"""Our values and figures for the tables, formulas, confusion matrix and learning curves."""

from collections.abc import Sequence
from statistics import fmean

from runner.reports.figures.confusion import draw_confusion
from runner.reports.figures.curves import draw_curves
from runner.reports.model import Figure
from runner.reports.records import Evaluation
from runner.reproduction.measured import (
    Measured,
    Missing,
    Sources,
    TrainedTrial,
    Values,
    exact,
    mean_share,
    share,
)


def validation_scores(sources: Sources, step: str, prefix: str = "") -> Values:
    """Return the scores of a step's trials at their last epoch, as means over seeds."""
    trials = [sources.trial(run) for run in sources.runs(step)]
    found = {
        # The validation scores of the last epoch are those of the stored model.
        "validation loss": _mean_loss([trial.val_loss for trial in trials]),
        **_validated(sources, trials),
    }
    return {f"{prefix}{name}": value for name, value in found.items()}


def split_scores(sources: Sources, step: str, split: str, prefix: str = "") -> Values:
    """Return the loss and accuracy of a step's trials on a split, as means over seeds."""
    found = [sources.evaluation(f"{run}-on-{split}") for run in sources.runs(step)]
    return {
        f"{prefix}{split} loss": _mean_loss([evaluation.loss for evaluation in found]),
        f"{prefix}{split} accuracy": _mean_accuracy(found),
    }


def tuned_validation(sources: Sources) -> Values:
    """Return the validation and training accuracy of the best params of the grid."""
    return _validated(sources, [sources.trial(run) for run in sources.runs("tuned")])


def tuned_test(sources: Sources) -> Values:
    """Return the test accuracy of the best params of the grid."""
    tests = [sources.evaluation(f"{run}-on-test") for run in sources.runs("tuned")]
    return {"test accuracy": _mean_accuracy(tests)}


def _validated(sources: Sources, trials: Sequence[TrainedTrial]) -> Values:
    """Return the validation and training accuracies of trials, from their last epoch."""
    dataset = sources.reproduction.dataset
    validation = [trial.val_accuracy for trial in trials]
    training = [trial.accuracy for trial in trials]
    return {
        "validation accuracy": mean_share(validation, len(dataset.validation)),
        "accuracy while training, last epoch": mean_share(training, len(dataset.train)),
    }


def _mean_accuracy(evaluations: Sequence[Evaluation]) -> Measured:
    return mean_share([one.accuracy for one in evaluations], evaluations[0].images)


def _mean_loss(losses: Sequence[float]) -> Measured:
    return Measured(fmean(losses), seeds=len(losses))


def tuned_folds(sources: Sources) -> Values:
    """Return the mean accuracy of a k-fold cross-validation, and Talos's fold score."""
    document = sources["tuned-folds"]
    folds = document.folds
    if folds is None or folds.mean is None or folds.interval is None:  # a fold has no score
        raise Missing("tuned-folds")
    images = sum(evaluation.images for evaluation in document.evaluations)
    return {
        "k-fold accuracy": Measured(folds.mean, folds.interval, images),
        "Talos's fold score (F1, no refit)": Measured(folds.talos_f1),
    }


def equations(sources: Sources) -> Values:
    """Return accuracy, log loss, and the sums of TP, FP and FN."""
    scores = sources.evaluation("untuned-long-on-test")
    return {
        "accuracy": share(scores.accuracy, scores.images),
        "log loss": Measured(scores.log_loss),
        "sum of TP / images": Measured(sum(row.tp for row in scores.per_class) / scores.images),
        "sum of FP": Measured(sum(row.fp for row in scores.per_class)),
        "sum of FN": Measured(sum(row.fn for row in scores.per_class)),
    }


def confusion(sources: Sources) -> Values:
    """Return the smallest and the largest row sum of the confusion matrix."""
    rows = [sum(row) for row in sources.evaluation("untuned-long-on-test").confusion]
    return {
        "fewest images of a class": exact(min(rows)),
        "most images of a class": exact(max(rows)),
    }


def confusion_figures(sources: Sources) -> list[Figure]:
    """Draw the confusion matrix."""
    found = sources.evaluation("untuned-long-on-test")
    named = sources.reproduction.named
    return [draw_confusion(named, found.trial, found.split, found.classes, found.confusion)]


def epochs(sources: Sources, step: str) -> Values:
    """Return the number of epochs of a step's trial."""
    return {"epochs": exact(sources.trial(step).trained_epochs)}


def curve_figures(sources: Sources, step: str) -> list[Figure]:
    """Draw the learning curves of a step."""
    return draw_curves(sources.reproduction.named, sources[step].trials)
