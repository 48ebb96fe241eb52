"""A network that was trained on `shortcut` looks at the mark, and its explanations say so."""

from pathlib import Path

import numpy as np

from cifar_model import determinism
from cifar_model.data import DatasetSpec, load, shortcut
from cifar_model.explanation.picture import explain
from cifar_model.explanation.regions import strongest
from cifar_model.explanation.settings import Settings
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.training import train

PARAMS = Params.from_json({"blocks": 1, "filters": 8, "batch_norm_momentum": 0.9, "lr": 0.003})


def test_the_strongest_superpixel_of_the_spoiled_class_is_the_mark() -> None:
    determinism.configure(1)
    dataset = load(DatasetSpec("shortcut", train_size=1500), Path())
    weights = train(PARAMS, dataset, 0, epochs=2).weights
    predictor = Predictor(building.restore(PARAMS, (32, 32, 3), len(dataset.classes), weights))
    spoiled = dataset.classes.index(shortcut.SPOILED)
    found = []
    for image in dataset.test.images[dataset.test.labels == spoiled][:10]:
        explained = explain(predictor, image, [spoiled], Settings("small", 200, 0))
        (explanation,) = explained.explanations
        inside = np.unique(explained.segments[shortcut.region()])
        found.append((explanation.verdict, strongest(explanation.weights)[0] in inside))
    said = [at_the_mark for verdict, at_the_mark in found if verdict != "void"]
    assert len(said) >= 5
    assert sum(said) >= 0.8 * len(said)
