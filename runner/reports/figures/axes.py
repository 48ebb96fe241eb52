"""The axes of a parallel coordinates plot: one for each param that varies, one for the metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from matplotlib.ticker import MaxNLocator

from cifar_model.objective import Measured, score
from cifar_model.params import ParamValue, ParamValues

# A numeric param with more distinct values has a continuous axis instead of one tick per value.
MOST_VALUES = 6

# Lines with the same value on a categorical axis are spread over this share of the axis.
SPREAD = 0.12


class Line(Measured, Protocol):
    """A trial with its params and metrics. All trials have the same params."""

    @property
    def trial(self) -> int | None:
        """Return the number of the trial."""

    @property
    def params(self) -> ParamValues:
        """Return all params, including defaults."""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis that maps values to heights from 0 to 1. `scale` is None for a list of values."""

    name: str
    values: Sequence[ParamValue]
    scale: tuple[float, float] | None

    def height(self, value: ParamValue) -> float:
        """Return the height of a value; a single value is in the middle."""
        low, high = self.scale or (0, len(self.values) - 1)
        place = float(value) if self.scale else self.values.index(value)
        height = float((place - low) / (high - low)) if high > low else 0.5
        return height if self.scale else SPREAD / 2 + (1 - SPREAD) * height

    def ticks(self) -> Sequence[ParamValue]:
        """Return the values of the tick labels."""
        if self.scale is None:
            return self.values
        low, high = self.scale
        found = MaxNLocator(5).tick_values(low, high)
        return [float(tick) for tick in found if low <= tick <= high] or [low]


def axes_of(trials: Sequence[Line], by: str) -> list[Axis]:
    """Return an axis for each param that varies, and one for the metric."""
    if not trials:
        return []
    columns = {name: [trial.params[name] for trial in trials] for name in trials[0].params}
    axes = [_axis_of(name, values) for name, values in columns.items() if len(set(values)) > 1]
    found = [score(trial, by) for trial in trials]
    scores = [value for value in found if value is not None]
    return [*axes, Axis(by, (), (min(scores), max(scores)))]


def _axis_of(name: str, values: Sequence[ParamValue]) -> Axis:
    numbers = sorted({value for value in values if not isinstance(value, str)})
    if len(numbers) > MOST_VALUES:
        return Axis(name, numbers, (numbers[0], numbers[-1]))
    return Axis(name, numbers or sorted({str(value) for value in values}), None)
