"""Our values and figures for the tables, formulas, confusion matrix and learning curves."""

from runner.reports.figures.confusion import draw_confusion
from runner.reports.figures.curves import draw_curves
from runner.reports.model import Figure
from runner.reproduction.measured import Measured, Missing, Sources, Values, exact, share


def split_scores(sources: Sources, step: str, prefix: str = "") -> Values:
    """Return the loss and accuracy of a step's trial on the three splits."""
    trial = sources.trial(step)
    train, test = (sources.evaluation(f"{step}-on-{split}") for split in ("train", "test"))
    found = {
        "train loss": Measured(train.loss),
        "train accuracy": share(train.accuracy, train.images),
        # The validation scores of the last epoch are those of the stored model.
        "validation loss": Measured(trial.val_loss),
        "validation accuracy": share(trial.val_accuracy, _validation(sources)),
        "test loss": Measured(test.loss),
        "test accuracy": share(test.accuracy, test.images),
        "accuracy while training, last epoch": share(trial.accuracy, _train(sources)),
    }
    return {f"{prefix}{name}": value for name, value in found.items()}


def tuned_validation(sources: Sources) -> Values:
    """Return the validation accuracy and the training accuracy of the best trial of the grid."""
    trial = sources.trial("tuned")
    return {
        "validation accuracy": share(trial.val_accuracy, _validation(sources)),
        "accuracy while training, last epoch": share(trial.accuracy, _train(sources)),
    }


def tuned_test(sources: Sources) -> Values:
    """Return the test accuracy of the best trial of the grid."""
    test = sources.evaluation("tuned-on-test")
    return {"test accuracy": share(test.accuracy, test.images)}


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


def _validation(sources: Sources) -> int:
    return len(sources.reproduction.dataset.validation)


def _train(sources: Sources) -> int:
    return len(sources.reproduction.dataset.train)
