"""The science: data sets, network, training, evaluation and explanations.

What others use is here by name, and is imported when it is first used: only training, evaluation
and explanations import Keras.
"""

from typing import TYPE_CHECKING

from cifar_model.front_door import front_door

if TYPE_CHECKING:
    from cifar_model.data import Dataset, DatasetSpec, load
    from cifar_model.errors import InputError
    from cifar_model.evaluation import evaluate
    from cifar_model.explanation.picture import explain
    from cifar_model.params import Params
    from cifar_model.prediction import Predictor
    from cifar_model.training import train

__all__ = [
    "Dataset",
    "DatasetSpec",
    "InputError",
    "Params",
    "Predictor",
    "evaluate",
    "explain",
    "load",
    "train",
]

_MODULES = {
    "Dataset": "data",
    "DatasetSpec": "data",
    "InputError": "errors",
    "Params": "params",
    "Predictor": "prediction",
    "evaluate": "evaluation",
    "explain": "explanation.picture",
    "load": "data",
    "train": "training",
}

__getattr__, __dir__ = front_door(__name__, _MODULES)
