"""Bring a built-in network back to the state in which a seed builds it, without building it."""

from dataclasses import dataclass
from random import Random
from typing import Any

import keras
import numpy as np

# Keras gives each initializer and each random layer a seed from Python's generator, of up to this.
MOST = 10**9


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A variable that a seed decides: by its initializer, or as the state of a random layer."""

    variable: keras.Variable
    seed: int
    initializer: keras.initializers.Initializer | None

    def put(self, seed: int) -> None:
        """Give the variable the value that it is built with if Keras draws this seed."""
        if self.initializer is None:
            self.variable.assign(np.array([seed, 0], np.uint32))
            return
        config = self.initializer.get_config() | {"seed": seed}
        draw = type(self.initializer).from_config(config)
        self.variable.assign(draw(self.variable.shape, dtype=self.variable.dtype))


class InitialState:
    """Know where each value of a model comes from, of which Python's seed decides all."""

    def __init__(self, model: keras.Model, seed: int) -> None:
        """Look at a model that was just built with a seed; its optimizer is built too."""
        drawn = [each for layer in model.layers for each in _drawn_in(layer)]
        seeds = _seeds(seed, len(drawn))
        if {each.seed for each in drawn} != set(seeds):
            raise RuntimeError(f"Keras draws the seeds of {model.name} in another way")
        # In the order in which they were drawn.
        self._drawn = sorted(drawn, key=lambda each: seeds.index(each.seed))
        of_seed = {id(each.variable) for each in drawn}
        variables = [*model.variables, *model.optimizer.variables]
        self._others = [
            (variable, _value(variable)) for variable in variables if id(variable) not in of_seed
        ]

    def put(self, seed: int) -> None:
        """Give every variable of the model the value that it is built with after this seed."""
        for each, drawn in zip(self._drawn, _seeds(seed, len(self._drawn)), strict=True):
            each.put(drawn)
        for variable, value in self._others:
            variable.assign(np.zeros(variable.shape, variable.dtype) if value is None else value)


def _seeds(seed: int, count: int) -> list[int]:
    random = Random(seed)  # noqa: S311 (as Keras draws them)
    return [random.randint(1, MOST) for _ in range(count)]


def _drawn_in(layer: keras.Layer) -> list[_Drawn]:
    """Return what a seed decides of a layer; `kernel_initializer` is that of its `kernel`."""
    found = []
    for variable in layer.weights:
        initializer: Any = getattr(layer, f"{variable.name}_initializer", None)
        seed = getattr(initializer, "seed", None)
        if seed is not None:
            found.append(_Drawn(variable, seed, initializer))
    generator = getattr(layer, "seed_generator", None)
    if generator is not None:
        # A new generator's state begins with its seed.
        seed = int(keras.ops.convert_to_numpy(generator.state)[0])
        found.append(_Drawn(generator.state, seed, None))
    return found


def _value(variable: keras.Variable) -> Any:
    """Return the value of a variable; None for zeros, as most of an optimizer's are."""
    value = np.array(keras.ops.convert_to_numpy(variable))
    return value if value.any() else None
