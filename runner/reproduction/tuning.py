"""Our values for the paper's figures of tuning, and for what it leaves to the future."""

from typing import Any

from runner.report.trials import effective
from runner.reproduction.measured import Measured, Missing, Row, Sources, Values, exact, share
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
    seconds = sum(trial["seconds"] for trial in document["trials"])
    ours = summary | {"trials": len(document["trials"]), "minutes": seconds / 60}
    inexact = (*IDLE, *NAMES_AND_TIMES, "minutes")
    return {name: Measured(ours[name], exact=name not in inexact) for name in SCAN}


def figure_4(sources: Sources) -> Values:
    """Return the scores of the five rounds: of each metric on its own the best epoch."""
    images = sources.reproduction.dataset
    sizes = {"val_accuracy": len(images.validation), "accuracy": len(images.train)}
    found: Values = {}
    for row, step in enumerate(ROWS, start=1):
        trial = sources.trial(step)
        for name in ROUND:
            found[f"row {row}, {name}"] = _round_value(trial, name, sizes)
    return found


def _round_value(trial: Row, name: str, sizes: dict[str, int]) -> Measured:
    if name == "round_epochs":
        return exact(trial["trained_epochs"])
    value: Any = trial["best"][name]["value"]
    return share(value, sizes[name]) if name in sizes else Measured(value)


def figure_5(sources: Sources) -> Values:
    """Return the params of the five rounds, with the epochs that they really had."""
    found: Values = {}
    for row, step in enumerate(ROWS, start=1):
        trial = sources.trial(step)
        params = effective(trial["params"]) | {"epochs": trial["trained_epochs"]}
        asked = FIGURE_5[row - 1]
        # Of others than the paper's only those that were changed.
        more = {name: value for name, value in trial["params"].items() if name not in asked}
        found[f"row {row}"] = exact({name: params[name] for name in asked} | more)
    return found


def future(sources: Sources) -> Values:
    """Return what the paper leaves to the future, or the command that it takes."""
    images = len(sources.reproduction.dataset.validation)
    trial, longest = sources.trial("deeper"), sources.trial("untuned-long")
    return {
        "a deeper model": share(trial["val_accuracy"], images),
        "CIFAR-100": _cifar100(sources),
        "more epochs": Measured(longest["trained_epochs"]),
    }


def _cifar100(sources: Sources) -> Measured:
    try:
        document = sources["cifar100"]
    except Missing:
        return Measured("not run: needs the CIFAR-100 archive")
    trial = document["trials"][0]
    return share(trial["val_accuracy"], document["dataset"]["images"]["validation"])


FUTURE = (
    "Validation accuracy with so many blocks instead of 3:"
    f" `runner submit train --param blocks={DEEPER_BLOCKS}`; other pictures:"
    " `runner submit train --dataset cifar100`; more epochs: `runner submit train --epochs 200`."
)
