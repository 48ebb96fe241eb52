"""The axes of parallel coordinates: one for each param that differs, and one for the metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from matplotlib.ticker import MaxNLocator

from cifar_model.params import ParamValue, ParamValues

# More values than that are a scale, not a list.
MOST_VALUES = 6

# Lines through one word of a list pass it side by side, in this share of the axis.
SPREAD = 0.12


class Line(Protocol):
    """A trial with its params, the same names in all; it has its metrics under their names."""

    @property
    def trial(self) -> int | None:
        """Return its number."""

    @property
    def params(self) -> ParamValues:
        """Return its params, also those that were not given."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Say how high a value is on an axis, from 0 to 1, and where its ticks are."""

    name: str
    values: Sequence[ParamValue]
    scale: tuple[float, float] | None

    def height(self, value: ParamValue) -> float:
        """Return how high a value is; the only one is in the middle."""
        low, high = self.scale or (0, len(self.values) - 1)
        place = float(value) if self.scale else self.values.index(value)
        height = float((place - low) / (high - low)) if high > low else 0.5
        return height if self.scale else SPREAD / 2 + (1 - SPREAD) * height

    def ticks(self) -> Sequence[ParamValue]:
        """Return the values that are written beside the axis."""
        if self.scale is None:
            return self.values
        low, high = self.scale
        found = MaxNLocator(5).tick_values(low, high)
        return [float(tick) for tick in found if low <= tick <= high] or [low]


def axes_of(trials: Sequence[Line], by: str) -> list[Axis]:
    """Return an axis for each param that differs, and the metric's."""
    if not trials:
        return []
    columns = {name: [trial.params[name] for trial in trials] for name in trials[0].params}
    axes = [_axis_of(name, values) for name, values in columns.items() if len(set(values)) > 1]
    scores = [getattr(trial, by) for trial in trials]
    return [*axes, Axis(by, (), (min(scores), max(scores)))]


def _axis_of(name: str, values: Sequence[ParamValue]) -> Axis:
    numbers = sorted({value for value in values if not isinstance(value, str)})
    if len(numbers) > MOST_VALUES:
        return Axis(name, numbers, (numbers[0], numbers[-1]))
    return Axis(name, numbers or sorted({str(value) for value in values}), None)
