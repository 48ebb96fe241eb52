"""Our values for the paper's figures of tuning, and for what it leaves to the future."""

from typing import Any

from runner.reports.stats.ranking import effective
from runner.reproduction.measured import Measured, Row, Sources, Values, exact, share
from runner.reproduction.paper_values import FIGURE_5, ROUND, SCAN
from runner.reproduction.plan import DEEPER_BLOCKS

# What had no effect there, because nothing was reduced.
IDLE = ("reduction_interval", "reduction_window", "reduction_threshold", "reduction_metric")
NAMES_AND_TIMES = ("experiment_name", "complete_time")

ROWS = [f"figure-5-row-{row}" for row in range(1, len(FIGURE_5) + 1)]


def scan(sources: Sources) -> Values:
    """Return the fields of the scan summary, the number of trials and their minutes."""
    document = sources["tuned"]
    summary = {
        name: "None" if value is None else value for name, value in document["scan_summary"].items()
    }
    seconds = sum(trial["seconds"] or 0 for trial in document["trials"])
    ours = summary | {"trials": len(document["trials"]), "minutes": seconds / 60}
    inexact = (*IDLE, *NAMES_AND_TIMES, "minutes")
    return {name: Measured(ours[name], exact=name not in inexact) for name in SCAN}


def figure_4(sources: Sources, row: int) -> Values:
    """Return the scores of one of the five rounds: of each metric on its own the best epoch."""
    pictures = sources.reproduction.dataset
    sizes = {"val_accuracy": len(pictures.validation), "accuracy": len(pictures.train)}
    trial = sources.trial(ROWS[row - 1])
    return {f"row {row}, {name}": _round_value(trial, name, sizes) for name in ROUND}


def _round_value(trial: Row, name: str, sizes: dict[str, int]) -> Measured:
    if name == "round_epochs":
        return exact(trial["trained_epochs"])
    value: Any = trial["best"][name]["value"]
    return share(value, sizes[name]) if name in sizes else Measured(value)


def figure_5(sources: Sources, row: int) -> Values:
    """Return the params of one of the five rounds."""
    trial = sources.trial(ROWS[row - 1])
    params = effective(trial["params"])
    asked = FIGURE_5[row - 1]
    # Of others than the paper's only those that were changed.
    more = {name: value for name, value in trial["params"].items() if name not in asked}
    return {f"row {row}": exact({name: params[name] for name in asked} | more)}


def deeper(sources: Sources) -> Values:
    """Return the validation accuracy of a deeper network."""
    trial, images = sources.trial("deeper"), len(sources.reproduction.dataset.validation)
    return {"a deeper model": share(trial["val_accuracy"], images)}


def more_epochs(sources: Sources) -> Values:
    """Return the most epochs that were trained."""
    return {"more epochs": Measured(sources.trial("untuned-long")["trained_epochs"])}


def cifar100(sources: Sources) -> Values:
    """Return the validation accuracy on CIFAR-100, where its archive is."""
    if "cifar100" not in {*sources.experiments, *sources.unfinished}:
        return {"CIFAR-100": Measured("not run: needs the CIFAR-100 archive")}
    trial, images = sources.trial("cifar100"), sources["cifar100"]["dataset"]["images"]
    return {"CIFAR-100": share(trial["val_accuracy"], images["validation"])}


FUTURE = (
    "Validation accuracy with so many blocks instead of 3:"
    f" `runner submit train --param blocks={DEEPER_BLOCKS}`; other images:"
    " `runner submit train --dataset cifar100`; more epochs: `runner submit train --epochs 200`."
)
