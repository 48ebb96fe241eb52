"""What has to be done for the paper's outputs, as data: how much, for whom, and in which steps."""

from dataclasses import dataclass, field

import numpy as np

from cifar_model.data import Dataset
from cifar_model.params import ParamValues
from runner.reproduction.paper_values import FIGURE_5
from runner.submit.explain import Explaining

DEEPER_BLOCKS = 4

# The steps that train the five rounds of figure 5.
ROUND_STEPS = tuple(f"figure-5-row-{row}" for row in range(1, len(FIGURE_5) + 1))


@dataclass(frozen=True, slots=True)
class Scale:
    """Say how much is trained; the defaults are what the paper did.

    `train_size` keeps that many images to train on; `epochs` overrides those of figure 5 and of
    the grid. `short` and `long` are the paper's 10 and 100 epochs without tuning. `params` are
    added to those of every trial.
    """

    name: str
    train_size: int | None = None
    epochs: int | None = None
    short: int = 10
    long: int = 100
    folds: int = 10
    samples: int = 1000
    downsample: float = 0.01
    deeper_epochs: int = 10
    params: ParamValues = field(default_factory=dict)


SCALES = {
    scale.name: scale
    for scale in (
        Scale("full"),
        Scale("medium", train_size=8000),
        Scale(
            "small",
            train_size=2000,
            epochs=1,
            short=2,
            long=4,
            folds=5,
            deeper_epochs=1,
            # Keras's 0.99 needs some 400 steps before validation means anything.
            params={"batch_norm_momentum": 0.9},
        ),
    )
}

# Where the paper's classes stand among CIFAR-10's; another data set's own stand in for them.
PLACES = {"airplane": 0, "bird": 2, "cat": 3, "truck": 9}


@dataclass(frozen=True, slots=True)
class Subjects:
    """Hold the class that stands for each of the paper's, and the first test image of it."""

    classes: dict[str, str]
    images: dict[str, int]

    def words(self) -> str | None:
        """Say which classes stand in for the paper's; None if they are the paper's own."""
        others = {name: shown for name, shown in self.classes.items() if name != shown}
        if not others:
            return None
        words = ", ".join(f"{shown} for {name}" for name, shown in others.items())
        return f"The data set has not all of the paper's classes; its own stand in: {words}."


def choose(dataset: Dataset) -> Subjects:
    """Return the classes and images to look at; which ones does not depend on any result."""
    names = dataset.classes
    classes = {
        name: name if name in names else names[place % len(names)] for name, place in PLACES.items()
    }
    if classes["bird"] == classes["airplane"]:
        classes["bird"] = names[(names.index(classes["airplane"]) + 1) % len(names)]
    return Subjects(
        classes, {name: _first(dataset, names.index(shown)) for name, shown in classes.items()}
    )


def _first(dataset: Dataset, label: int) -> int:
    """Return the first test image of a class; the first of all if it has none."""
    return int(np.argmax(dataset.test.labels == label))


@dataclass(frozen=True, slots=True)
class Train:
    """Train one params; `dataset` names another data set than that of the reproduction."""

    params: ParamValues
    epochs: int | None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class Tune:
    """Train the sampled points of the paper's grid, each with `params` added."""

    downsample: float
    params: ParamValues
    epochs: int | None


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Score the (best) trial of another step on a split."""

    trial_of: str
    split: str


@dataclass(frozen=True, slots=True)
class Folds:
    """Train the params of the (best) trial of another step anew for each fold."""

    trial_of: str
    folds: int


@dataclass(frozen=True, slots=True)
class Explain:
    """Explain the (best) trial of another step."""

    trial_of: str
    explaining: Explaining


Work = Train | Tune | Evaluate | Folds | Explain


@dataclass(frozen=True, slots=True)
class Step:
    """One experiment: its name in the plan and what it does."""

    name: str
    work: Work


def plan(scale: Scale, subjects: Subjects, *, cifar100: bool) -> list[Step]:
    """Return the steps, those that others wait for first; `cifar100`: its archive is here."""
    return [*_training(scale, cifar100), *_evaluating(scale), *_explaining(scale, subjects)]


def _training(scale: Scale, cifar100: bool) -> list[Step]:
    extra = dict(scale.params)
    steps = [
        Step("untuned-long", Train(extra, scale.long)),
        Step("untuned-short", Train(extra, scale.short)),
        Step("augmented", Train(extra | {"augment": True}, scale.short)),
        *(
            Step(name, Train({**params, **extra}, scale.epochs))
            for name, params in zip(ROUND_STEPS, FIGURE_5, strict=True)
        ),
        Step("tuned", Tune(scale.downsample, extra, scale.epochs)),
        Step("deeper", Train(extra | {"blocks": DEEPER_BLOCKS}, scale.deeper_epochs)),
    ]
    if cifar100:
        steps.append(Step("cifar100", Train(extra, scale.short, dataset="cifar100")))
    return steps


def _evaluating(scale: Scale) -> list[Step]:
    return [
        *(
            Step(f"{name}-on-{split}", Evaluate(name, split))
            for name in ("augmented", "untuned-short", "untuned-long")
            for split in ("train", "test")
        ),
        Step("tuned-on-test", Evaluate("tuned", "test")),
        Step("tuned-folds", Folds("tuned", scale.folds)),
    ]


def _explaining(scale: Scale, subjects: Subjects) -> list[Step]:
    """Return what is explained of the untuned model with most epochs, as in section V.D."""
    images, classes = subjects.images, subjects.classes
    looked_at = Explaining(
        tuple(dict.fromkeys((images["cat"], images["truck"]))),
        ("predicted",),
        "small",
        scale.samples,
        activations=True,
    )
    steps = [Step("activations", Explain("untuned-long", looked_at))]
    labels = (classes["airplane"], classes["bird"])
    for segmentation in ("small", "stock"):
        asked = Explaining(
            (images["airplane"],), labels, segmentation, scale.samples, activations=False
        )
        steps.append(Step(f"why-{segmentation}", Explain("untuned-long", asked)))
    return steps
