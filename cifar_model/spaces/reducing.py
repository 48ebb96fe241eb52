"""Talos's correlation reducers: which value of which parameter a search should leave out."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from cifar_model.params import ParamValues
from cifar_model.rules import ParamValue

# `correlation` is Talos's other name of `spearman`.
REDUCERS = ("correlation", "spearman", "pearson", "kendall")

# Talos's defaults: every so many trials, it looks at the newest ones, and removes the value whose
# correlation with a worse metric is the largest, and is at least the threshold.
INTERVAL, WINDOW, THRESHOLD = 50, 20, 0.2

# No parameter has this name.
METRIC = "the metric"


@dataclass(frozen=True, slots=True)
class Removal:
    """A value of a parameter that no further trial should have."""

    param: str
    value: ParamValue

    def __str__(self) -> str:
        return f"{self.param}={self.value}"

    def removes(self, params: ParamValues) -> bool:
        """Return whether a point has the value."""
        return self.param in params and params[self.param] == self.value


def load() -> None:
    """Import what `removal` needs, which takes seconds the first time."""
    import pandas  # noqa: F401
    import talos.reducers.correlation  # noqa: F401


def removal(
    reducer: str,
    names: Sequence[str],
    trials: Sequence[tuple[ParamValues, float]],
    *,
    smaller_is_better: bool,
) -> Removal | None:
    """Return what Talos removes after these trials, the oldest first; None if nothing.

    The decision is Talos's own function. It looks at the parameters `names` and at the last WINDOW
    trials.
    """
    import pandas as pd
    from talos.reducers.correlation import correlation

    removed: list[Removal] = []
    scan = SimpleNamespace(
        result=pd.DataFrame([{**params, METRIC: value} for params, value in trials]),
        reduction_window=WINDOW,
        reduction_threshold=THRESHOLD,
        reduction_metric=METRIC,
        minimize_loss=smaller_is_better,
        _param_dict_keys=list(names),
        param_object=SimpleNamespace(
            remove_is=lambda param, value: removed.append(Removal(param, value))
        ),
    )
    correlation(scan, "spearman" if reducer == "correlation" else reducer)
    return removed[0] if removed else None
