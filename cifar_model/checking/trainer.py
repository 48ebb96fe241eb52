"""Run a trainer as a worker does, for two short epochs."""

import threading

import numpy as np

from cifar_model.checking.drawn import drawn_images
from cifar_model.checking.files import Files, die, digest
from cifar_model.checking.plan import EPOCHS, Life, Outcome, Plan
from cifar_model.data import Dataset
from cifar_model.trainers.context import Context, Reported
from cifar_model.trainers.prediction import Predicting, probabilities
from cifar_model.trainers.running import load_model, loads, run
from cifar_model.trainers.state import State


class EnoughError(Exception):
    """End a trainer that goes on after the last epoch of the check."""


class Recording:
    """Record epochs as a worker does, and die where the life is to."""

    def __init__(self, life: Life, files: Files) -> None:
        self.life = life
        self.files = files
        self.seconds = 0.0

    def record(self, reported: Reported) -> None:
        """Keep an epoch."""
        epoch = reported.epoch
        if self.life.die == f"middle_{epoch}":
            # It was quicker than the timer.
            die()
        if epoch > EPOCHS:
            raise EnoughError
        self.files.record(epoch, reported.metrics, reported.state)
        self.seconds = reported.seconds
        if self.life.die == f"end_{epoch}":
            die()
        self.begin(epoch + 1)

    def begin(self, epoch: int) -> None:
        """Set the timer if this process is to die in the middle of this epoch."""
        if self.life.die == f"middle_{epoch}":
            timer = threading.Timer(self.files.middle_seconds(), die)
            timer.daemon = True
            timer.start()


def run_trainer(plan: Plan, life: Life, seed: int, files: Files) -> Outcome:
    """Train with a seed, from the checkpoint in the directory if there is one."""
    data = drawn_images(plan.drawn)
    recording, state = Recording(life, files), files.resume()
    context = Context(seed, data, recording.record, state)
    if state:
        recording.begin(State.unpack(state).epoch + 1)
    try:
        returned = run(plan.name, plan.code, plan.params, context)
    except EnoughError:
        returned = None
    model = returned if isinstance(returned, Predicting) else None
    left = {f"the file {name}": digest(content) for name, content in context.files.items()}
    if (last := files.resume()) is not None:
        left["the last checkpoint"] = digest(State.unpack(last).checkpoint)
    if model is not None:
        left["what the model predicts"] = _predicted(model, data)
        if loads(plan.code):
            again = load_model(plan.name, plan.code, context.files)
            left["what the loaded model predicts"] = _predicted(again, data)
    return Outcome(seed, files.epochs(), left, None, recording.seconds)


def _predicted(model: Predicting, data: Dataset) -> str:
    found = probabilities(model, data.test.scaled(), len(data.classes))
    return digest(np.ascontiguousarray(found).tobytes())
