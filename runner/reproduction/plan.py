"""The plan of a reproduction as data: its scales, the explained images, and its steps."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from cifar_model.data import Dataset
from cifar_model.grid import PAPER_GRID
from cifar_model.params import ParamValues
from cifar_model.spaces.space import Grid
from runner.reproduction.paper_values import FIGURE_5
from runner.submit.explain import Explaining

DEEPER_BLOCKS = 4

# What the paper does not state, and the values that are tried: batch size and learning rate of the
# untuned model, and how many passes over the images an epoch of its image generator has. Keras's
# defaults are 32 and 0.001; the paper's list of activations is for a batch of 500.
BATCH_SIZES, RATES = (32, 128, 500), (0.0001, 0.001, 0.01)
UNTUNED_GRID: Grid = {"batch_size": [*BATCH_SIZES], "lr": [*RATES]}
PASSES = 3
UNTUNED_STEP, PASSES_STEP = "untuned-batch-sizes", f"augmented-{PASSES}-passes"

# The row of Figure 5 with a sigmoid head and a cross-entropy, of which Keras had another in 2018.
SIGMOID_ROW = 2
LOSS_OF_2018 = "normalised_crossentropy"
SIGMOID_STEP = f"figure-5-row-{SIGMOID_ROW}-normalised"

# A row of Figure 5 with less dropout: the paper does not say where the tuned network has it.
DROPOUT_ROW = 5
DROPOUT_STEPS = {rate: f"figure-5-row-{DROPOUT_ROW}-dropout-{rate:g}" for rate in (0.0, 0.1)}

# The steps of Tables I to III, which are trained again with other seeds, with the splits that they
# are evaluated on; and the most seeds of one that takes longer than all others.
UNTUNED_LONG = "untuned-long"
TABLE_SPLITS = {
    "augmented": ("train", "test"),
    "untuned-short": ("train", "test"),
    UNTUNED_LONG: ("train", "test"),
    "tuned": ("test",),
}
MOST_REPEATS = {UNTUNED_LONG: 2}

# The steps that train the five rounds of Figure 5.
ROUND_STEPS = tuple(f"figure-5-row-{row}" for row in range(1, len(FIGURE_5) + 1))


@dataclass(frozen=True, slots=True)
class Scale:
    """The amount of training. The defaults are those of the paper.

    `train_size` limits the number of training images. `epochs` overrides the epochs of Figure 5 and
    of the grid. `short` and `long` replace the paper's 10 and 100 epochs without tuning. `params`
    are added to the params of every trial.
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
            # With Keras's 0.99, validation scores are not meaningful before about 400 steps.
            params={"batch_norm_momentum": 0.9},
        ),
    )
}

# The labels of the paper's classes in CIFAR-10. A data set without them uses its own classes.
PLACES = {"airplane": 0, "bird": 2, "cat": 3, "truck": 9}


@dataclass(frozen=True, slots=True)
class Subjects:
    """The class used for each of the paper's classes, and its first test image."""

    classes: dict[str, str]
    images: dict[str, int]

    def words(self) -> str | None:
        """Return a sentence about replaced classes; None if all are the paper's."""
        others = {name: shown for name, shown in self.classes.items() if name != shown}
        if not others:
            return None
        words = ", ".join(f"{shown} for {name}" for name, shown in others.items())
        return f"The data set does not have all classes of the paper and uses instead: {words}."


def choose(dataset: Dataset) -> Subjects:
    """Return the classes and images to explain. The choice does not depend on any result."""
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
    """Return the first test image of a class, or the first test image if the class has none."""
    return int(np.argmax(dataset.test.labels == label))


@dataclass(frozen=True, slots=True)
class Train:
    """Train one trial. `dataset` is set if it is not the data set of the reproduction."""

    params: ParamValues
    epochs: int | None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class Tune:
    """Train sampled points of a grid, the paper's by default, with `params` added to each."""

    downsample: float
    params: ParamValues
    epochs: int | None
    grid: Grid = field(default_factory=lambda: PAPER_GRID)


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Evaluate the best trial of another step on a split."""

    trial_of: str
    split: str


@dataclass(frozen=True, slots=True)
class Folds:
    """Train the params of the best trial of another step again for each fold."""

    trial_of: str
    folds: int


@dataclass(frozen=True, slots=True)
class Again:
    """Train the params of the best trial of another step again, with another seed."""

    trial_of: str
    epochs: int | None


@dataclass(frozen=True, slots=True)
class Explain:
    """Explain predictions of the best trial of another step."""

    trial_of: str
    explaining: Explaining


# Work on the best trial of another step, which must have ended.
OfTrial = Evaluate | Folds | Again | Explain
Work = Train | Tune | OfTrial


@dataclass(frozen=True, slots=True)
class Step:
    """One experiment of the plan: its name and its work.

    `repeats` is the step whose work it does again with another seed, which is `later_seed` after
    that of the plan.
    """

    name: str
    work: Work
    repeats: str | None = None
    later_seed: int = 0


def plan(
    scale: Scale, subjects: Subjects, *, cifar100: bool = False, repeats: int = 1
) -> list[Step]:
    """Return the steps in order of dependency; `cifar100` says whether its archive is available.

    With `repeats`, the steps of Tables I to III are trained and evaluated with that many seeds.
    """
    return [
        *_training(scale, cifar100),
        *_evaluating(scale),
        *_explaining(scale, subjects),
        *_repeating(scale, repeats),
    ]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The names of the steps whose results are wanted, and of those with several seeds."""

    once: Collection[str]
    repeated: Collection[str]


def needed(steps: Sequence[Step], wanted: Wanted) -> list[Step]:
    """Return the steps that are wanted, their repeats, and the steps whose trials these need."""
    by_name = {step.name: step for step in steps}
    left = [step for step in steps if step.name in wanted.once or step.repeats in wanted.repeated]
    found = set()
    while left:
        step = left.pop()
        found.add(step.name)
        if isinstance(step.work, OfTrial) and step.work.trial_of not in found:
            left.append(by_name[step.work.trial_of])
    return [step for step in steps if step.name in found]


def runs(step: str, repeats: int) -> list[str]:
    """Return the names of the steps that train the same as a step with `repeats` seeds."""
    last = min(repeats, MOST_REPEATS.get(step, repeats))
    return [step, *(f"{step}-repeat-{number}" for number in range(2, last + 1))]


def _untuned(scale: Scale) -> dict[str, Train]:
    extra = dict(scale.params)
    return {
        UNTUNED_LONG: Train(extra, scale.long),
        "untuned-short": Train(extra, scale.short),
        "augmented": Train(extra | {"augment": True}, scale.short),
    }


def _training(scale: Scale, cifar100: bool) -> list[Step]:
    extra = dict(scale.params)
    steps = [
        *(Step(name, work) for name, work in _untuned(scale).items()),
        *(
            Step(name, Train({**params, **extra}, scale.epochs))
            for name, params in zip(ROUND_STEPS, FIGURE_5, strict=True)
        ),
        Step("tuned", Tune(scale.downsample, extra, scale.epochs)),
        Step("deeper", Train(extra | {"blocks": DEEPER_BLOCKS}, scale.deeper_epochs)),
    ]
    if cifar100:
        steps.append(Step("cifar100", Train(extra, scale.short, dataset="cifar100")))
    return [*steps, *_readings(scale)]


def _readings(scale: Scale) -> list[Step]:
    """Return the steps that train other readings of what the paper leaves out."""
    extra = dict(scale.params)
    row = {**FIGURE_5[SIGMOID_ROW - 1], "losses": LOSS_OF_2018}
    dropouts = {
        step: Train({**FIGURE_5[DROPOUT_ROW - 1], "dropout": rate, **extra}, scale.epochs)
        for rate, step in DROPOUT_STEPS.items()
    }
    grid = PAPER_GRID | {"losses": ["logcosh", LOSS_OF_2018]}
    several = Train(extra | {"augment": True}, scale.short * PASSES)
    return [
        Step(SIGMOID_STEP, Train({**row, **extra}, scale.epochs)),
        *(Step(name, work) for name, work in dropouts.items()),
        Step("tuned-normalised", Tune(scale.downsample, extra, scale.epochs, grid)),
        Step(UNTUNED_STEP, Tune(1, extra, scale.short, UNTUNED_GRID)),
        Step(PASSES_STEP, several),
    ]


def _evaluating(scale: Scale) -> list[Step]:
    return [
        *(
            Step(f"{name}-on-{split}", Evaluate(name, split))
            for name, splits in TABLE_SPLITS.items()
            for split in splits
        ),
        Step("tuned-folds", Folds("tuned", scale.folds)),
    ]


def _repeating(scale: Scale, repeats: int) -> list[Step]:
    """Return the steps that train those of Tables I to III with further seeds."""
    works: dict[str, Work] = {**_untuned(scale), "tuned": Again("tuned", scale.epochs)}
    steps = []
    for name, splits in TABLE_SPLITS.items():
        for later, run in enumerate(runs(name, repeats)[1:], start=1):
            steps.append(Step(run, works[name], name, later))
            steps += [
                Step(f"{run}-on-{split}", Evaluate(run, split), f"{name}-on-{split}", later)
                for split in splits
            ]
    return steps


def _explaining(scale: Scale, subjects: Subjects) -> list[Step]:
    """Return the explanations of the untuned model with the most epochs, as in section V.D."""
    images, classes = subjects.images, subjects.classes
    looked_at = Explaining(
        tuple(dict.fromkeys((images["cat"], images["truck"]))),
        ("predicted",),
        "small",
        scale.samples,
        activations=True,
    )
    steps = [Step("activations", Explain(UNTUNED_LONG, looked_at))]
    labels = (classes["airplane"], classes["bird"])
    for segmentation in ("small", "stock"):
        asked = Explaining(
            (images["airplane"],), labels, segmentation, scale.samples, activations=False
        )
        steps.append(Step(f"why-{segmentation}", Explain(UNTUNED_LONG, asked)))
    return steps
