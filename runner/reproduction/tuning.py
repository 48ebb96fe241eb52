"""Our values for the paper's figures about tuning, and for its future work."""

from runner.reports.model import Table, titled
from runner.reports.records import values
from runner.reports.stats.ranking import effective
from runner.reproduction.measured import Measured, Missing, Sources, Values, exact, share
from runner.reproduction.paper_values import FIGURE_5, ROUND, SCAN, Content
from runner.reproduction.plan import ROUND_STEPS

# Fields that had no effect in the paper, because the grid was not reduced.
IDLE = ("reduction_interval", "reduction_window", "reduction_threshold", "reduction_metric")
NAMES_AND_TIMES = ("experiment_name", "complete_time")
# Not in the scan summary.
COUNTED = ("trials", "minutes")


def scan(sources: Sources) -> Values:
    """Return the fields of the scan summary, the number of trials and their training time."""
    document = sources["tuned"]
    if document.scan_summary is None:
        raise Missing("tuned")
    names = [name for name in SCAN if name not in COUNTED]
    found = zip(names, values(document.scan_summary, names), strict=True)
    seconds = sum(trial.seconds or 0 for trial in document.trials)
    ours: dict[str, Content] = {
        **{name: "None" if value is None else value for name, value in found},
        "trials": len(document.trials),
        "minutes": seconds / 60,
    }
    inexact = (*IDLE, *NAMES_AND_TIMES, "minutes")
    return {name: Measured(value, exact=name not in inexact) for name, value in ours.items()}


def figure_4(sources: Sources, row: int) -> Values:
    """Return the scores of one of the five rounds, each metric at its own best epoch."""
    trial, dataset = sources.trial(ROUND_STEPS[row - 1]), sources.reproduction.dataset
    ours = (
        exact(trial.trained_epochs),
        Measured(trial.best.val_loss),
        share(trial.best.val_accuracy, len(dataset.validation)),
        Measured(trial.best.loss),
        share(trial.best.accuracy, len(dataset.train)),
    )
    return {f"row {row}, {name}": value for name, value in zip(ROUND, ours, strict=True)}


def last_epochs(sources: Sources) -> Table:
    """Return a table of the last-epoch scores of the five rounds."""
    named = sources.reproduction.named
    trials = [sources.trial(step) for step in ROUND_STEPS]
    return Table(
        titled(named, "F-4: scores of the last epoch of our five rounds"),
        ("row", "trial", *ROUND),
        [
            [row, trial.trial, trial.trained_epochs, *values(trial, ROUND[1:])]
            for row, trial in enumerate(trials, start=1)
        ],
    )


def figure_5(sources: Sources, row: int) -> Values:
    """Return the params of one of the five rounds."""
    trial = sources.trial(ROUND_STEPS[row - 1])
    params = effective(trial.params)
    asked = FIGURE_5[row - 1]
    # Params that the paper does not have are shown only if they were set.
    more = {name: value for name, value in trial.params.items() if name not in asked}
    return {f"row {row}": exact({name: params[name] for name in asked} | more)}


def deeper(sources: Sources) -> Values:
    """Return the validation accuracy of a deeper network."""
    trial, images = sources.trial("deeper"), len(sources.reproduction.dataset.validation)
    return {"a deeper model": share(trial.val_accuracy, images)}


def more_epochs(sources: Sources) -> Values:
    """Return the largest number of trained epochs."""
    return {"more epochs": Measured(sources.trial("untuned-long").trained_epochs)}


def cifar100(sources: Sources) -> Values:
    """Return the validation accuracy on CIFAR-100, if its archive is available."""
    if "cifar100" not in {*sources.experiments, *sources.unfinished}:
        return {"CIFAR-100": Measured("not run: needs the CIFAR-100 archive")}
    trial, images = sources.trial("cifar100"), sources["cifar100"].dataset.images
    return {"CIFAR-100": share(trial.val_accuracy, images.validation)}
