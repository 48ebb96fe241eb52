"""What a trial is trained with, also where an older store keeps `--epochs` apart from its params.

A job's params are those that are trained. In stores of earlier versions they are those of the grid,
and the epochs of the experiment override theirs: whoever reads params goes through here.
"""

from collections.abc import Mapping
from typing import Any

from cifar_model.params import Params


def trained_params(params: Mapping[str, Any], epochs: int | None) -> dict[str, Any]:
    """Return params with the epochs that are trained, unless they say so themselves."""
    own = params.get("epochs", Params().epochs)
    return dict(params) if epochs in (None, own) else {**params, "epochs": epochs}


def job_configuration(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that a job needs to know: its own configuration over its experiment's."""
    merged = {**common, **own}
    if "params" in merged:
        merged["params"] = trained_params(merged["params"], merged.get("epochs"))
    return merged
