"""Keep compiled networks from trial to trial: to trace one takes longer than a short trial."""

import random
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import keras

from cifar_model.backends.chosen import backend
from cifar_model.networks import building
from cifar_model.networks.initial import FRESH, Start
from cifar_model.networks.redrawing import InitialState
from cifar_model.params import Params, Training
from cifar_model.prediction import Predictor

# Each holds its traced functions, some tens of megabytes.
KEPT = 4


@dataclass(frozen=True, slots=True)
class _Case:
    """What a network is built from; not all of it is compiled into it."""

    params: Params
    shape: building.Shape
    classes: int
    steps: int
    freeze: str | None

    def build(self, seed: int) -> keras.Model:
        """Return the network as it is built anew with a seed, and its optimizer too."""
        if self.params.network.code is None:
            # The seeds of initial weights are Python's. To seed TensorFlow, too, makes it discard
            # the functions that it has compiled, which takes longer than a short trial.
            random.seed(seed)
            return self._built()
        if backend.is_used_by(self.params.network.code):
            keras.utils.clear_session(free_memory=False)
            backend.seed(seed)
            return self._built()

        def build() -> keras.Model:
            backend.seed_keras(seed)
            return self._built()

        # A user's function may leave the names of layers to Keras, which counts them in each
        # thread: in a new one they do not depend on earlier trials, and nothing is discarded.
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(build).result()

    def _built(self) -> keras.Model:
        model = building.build(
            self.params, self.shape, self.classes, steps=self.steps, freeze=self.freeze
        )
        model.optimizer.build(model.trainable_variables)
        return model

    @property
    def compiled(self) -> "_Case":
        """Return only what is compiled into the network."""
        constant = self.params.training.has_constant_lr
        return replace(self, params=_architecture(self.params), steps=1 if constant else self.steps)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A compiled network, and how its initial state is drawn if its function need not be called."""

    predictor: Predictor
    initial: InitialState | None


_kept: OrderedDict[_Case, _Kept] = OrderedDict()


def compiled(
    params: Params,
    shape: building.Shape,
    classes: int,
    seed: int,
    steps: int = 1,
    start: Start = FRESH,
) -> Predictor:
    """Return a network in the very state of one that is built anew with this seed."""
    case = _Case(params, shape, classes, steps, start.freeze)
    kept = _kept.pop(case.compiled, None)
    if kept is None:
        model = case.build(seed)
        own = params.network.code is not None
        kept = _Kept(Predictor(model), None if own else InitialState(model, seed))
    elif kept.initial is None:
        _copy(case.build(seed), kept.predictor.model)
    else:
        kept.initial.put(seed)
        if params.training.has_constant_lr:
            kept.predictor.model.optimizer.learning_rate = params.training.lr
    _kept[case.compiled] = kept
    if len(_kept) > KEPT:
        _kept.popitem(last=False)
    start.put_into(kept.predictor.model)
    return kept.predictor


def _architecture(params: Params) -> Params:
    """Return params of which only that is left that is compiled into a network."""
    plain, training = Training(), params.training
    training = replace(
        training,
        # A variable, where no schedule computes it.
        lr=plain.lr if training.has_constant_lr else training.lr,
        batch_size=plain.batch_size,
        epochs=plain.epochs,
        augmentation=plain.augmentation,
        patience=plain.patience,
    )
    return replace(params, training=training)


def _copy(fresh: keras.Model, model: keras.Model) -> None:
    """Give a network every value of another one, of which a constant learning rate is one."""
    for variable, value in zip(_variables(model), _variables(fresh), strict=True):
        variable.assign(value)


def _variables(model: keras.Model) -> list[keras.Variable]:
    # The seeds of dropout are among the model's.
    return [*model.variables, *model.optimizer.variables]
