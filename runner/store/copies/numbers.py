"""The numbers of experiments and trials that stored configurations name, which a copy changes."""

from collections.abc import Iterator, Mapping
from typing import Any


def trials_in(configuration: Mapping[str, Any]) -> Iterator[int]:
    """Yield the trials that the configuration of an experiment or a job names."""
    named = [configuration.get("trial"), (configuration.get("init") or {}).get("trial")]
    candidates = (configuration.get("confirm") or {}).get("candidates", ())
    named += [candidate["trial"] for candidate in candidates]
    yield from (number for number in named if number is not None)


def experiment_in(configuration: Mapping[str, Any]) -> int | None:
    """Return the experiment that a configuration names: the one whose best trials are confirmed."""
    return (configuration.get("confirm") or {}).get("experiment")


def renumbered(
    configuration: Mapping[str, Any], trials: Mapping[int, int], experiments: Mapping[int, int]
) -> dict[str, Any]:
    """Return a configuration with the numbers that trials and experiments have elsewhere."""
    found = dict(configuration)
    if found.get("trial") is not None:
        found["trial"] = trials[found["trial"]]
    if (init := found.get("init")) and "trial" in init:
        own = trials.get(init["trial"])
        # It may have been deleted before the copy was made.
        elsewhere = {"file": f"trial {init['trial']} of another store"}
        others = {name: value for name, value in init.items() if name != "trial"}
        found["init"] = (elsewhere if own is None else {"trial": own}) | others
    if confirm := found.get("confirm"):
        found["confirm"] = {
            **confirm,
            "experiment": experiments[confirm["experiment"]],
            "candidates": [
                {**candidate, "trial": trials[candidate["trial"]]}
                for candidate in confirm["candidates"]
            ],
        }
    return found
