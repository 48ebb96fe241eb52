"""Keep compiled networks from trial to trial: to trace one takes longer than a short trial."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import keras

from cifar_model.backends.chosen import backend
from cifar_model.networks import building
from cifar_model.networks.initial import FRESH, Start
from cifar_model.networks.kept import KEPT, Case, kept
from cifar_model.networks.redrawing import InitialState
from cifar_model.params import Params
from cifar_model.prediction import Predictor


@dataclass(frozen=True, slots=True)
class _Kept:
    """A compiled network, and how its initial state is drawn if its function need not be called."""

    predictor: Predictor
    initial: InitialState | None


def compiled(
    params: Params,
    shape: building.Shape,
    classes: int,
    seed: int,
    steps: int = 1,
    start: Start = FRESH,
) -> Predictor:
    """Return a network in the very state of one that is built anew with this seed."""
    case = Case(params, shape, classes, steps, start.freeze)
    known: _Kept | None = kept.pop(case.compiled, None)
    if known is None:
        model = _build(case, seed)
        own = params.network.code is not None
        known = _Kept(Predictor(model), None if own else InitialState(model, seed))
    elif known.initial is None:
        _copy(_build(case, seed), known.predictor.model)
    else:
        known.initial.put(seed)
        if params.training.has_constant_lr:
            known.predictor.model.optimizer.learning_rate = params.training.lr
    kept[case.compiled] = known
    if len(kept) > KEPT:
        kept.popitem(last=False)
    start.put_into(known.predictor.model)
    return known.predictor


def _build(case: Case, seed: int) -> keras.Model:
    """Return the network as it is built anew with a seed, and its optimizer too."""
    network = case.params.network
    if network.code is None:
        # The seeds of initial weights are Python's. To seed TensorFlow, too, makes it discard
        # the functions that it has compiled, which takes longer than a short trial.
        random.seed(seed)
        return _built(case)
    if backend.is_used_by(network.code):
        keras.utils.clear_session(free_memory=False)
        backend.seed(seed)
        return _built(case)

    def build() -> keras.Model:
        backend.seed_keras(seed)
        return _built(case)

    # A user's function may leave the names of layers to Keras, which counts them in each
    # thread: in a new one they do not depend on earlier trials, and nothing is discarded.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(build).result()


def _built(case: Case) -> keras.Model:
    model = building.build(
        case.params, case.shape, case.classes, steps=case.steps, freeze=case.freeze
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _copy(fresh: keras.Model, model: keras.Model) -> None:
    """Give a network every value of another one, of which a constant learning rate is one."""
    for variable, value in zip(_variables(model), _variables(fresh), strict=True):
        variable.assign(value)


def _variables(model: keras.Model) -> list[keras.Variable]:
    # The seeds of dropout are among the model's.
    return [*model.variables, *model.optimizer.variables]
