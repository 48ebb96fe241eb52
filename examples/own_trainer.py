"""A training loop of your own: a linear classifier of scikit-learn, one epoch after another.

runner check examples/own_trainer.py:train
runner submit train --trainer examples/own_trainer.py:train --dataset digits --wait
"""

import pickle

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

PARAMS = {"alpha": 0.0001, "epochs": 5}


def train(params, context):
    data = context.data
    images, labels = flat(data.train.scaled()), data.train.labels
    model = SGDClassifier(loss="log_loss", alpha=params["alpha"], random_state=context.seed)
    done = 0
    if (checkpoint := context.resume()) is not None:
        done, model = pickle.loads(checkpoint)
    for epoch in range(done + 1, params["epochs"] + 1):
        # Drawn from the seed and the epoch: there is no generator whose state could be lost.
        order = np.random.default_rng([context.seed, epoch]).permutation(len(labels))
        for rows in np.array_split(order, max(1, len(order) // 32)):
            model.partial_fit(images[rows], labels[rows], classes=range(len(data.classes)))
        loss, accuracy = scores(model, data.train)
        val_loss, val_accuracy = scores(model, data.validation)
        metrics = {
            "loss": loss,
            "accuracy": accuracy,
            "val_loss": val_loss,
            "val_accuracy": val_accuracy,
        }
        context.report(epoch, metrics, checkpoint=pickle.dumps((epoch, model)))
    context.save("model.pkl", pickle.dumps(model))
    return Classifier(model)


def scores(model, split):
    found = model.predict_proba(flat(split.scaled()))
    accuracy = np.mean(found.argmax(axis=1) == split.labels)
    return log_loss(split.labels, found, labels=model.classes_), accuracy


def load(files):
    """Return the model that was saved; runner check compares its predictions."""
    return Classifier(pickle.loads(files["model.pkl"]))


class Classifier:
    def __init__(self, model):
        self.model = model

    def predict(self, images):
        return self.model.predict_proba(flat(images))


def flat(images):
    return images.reshape(len(images), -1)
