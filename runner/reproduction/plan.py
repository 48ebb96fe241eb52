"""What has to be done for the paper's outputs, as data: steps, and which outputs each is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.reproduction.paper_values import FIGURE_5
from runner.reproduction.scales import Scale
from runner.reproduction.subjects import Subjects
from runner.submit.explain import Explaining

DEEPER_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class Train:
    """Train one params; `dataset` names another data set than that of the reproduction."""

    params: Mapping[str, Any]
    epochs: int | None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class Tune:
    """Train the sampled points of the paper's grid, each with `params` added."""

    downsample: float
    params: Mapping[str, Any]
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
    """One experiment: its name in the plan, what it does and the outputs that it is for."""

    name: str
    work: Work
    outputs: tuple[str, ...]


def plan(scale: Scale, subjects: Subjects, *, cifar100: bool) -> list[Step]:
    """Return the steps, those that others wait for first; `cifar100`: its archive is here."""
    return [*_training(scale, cifar100), *_evaluating(scale), *_explaining(scale, subjects)]


def _training(scale: Scale, cifar100: bool) -> list[Step]:
    extra = dict(scale.params)
    steps = [
        Step("untuned-long", Train(extra, scale.long), ("MODEL", "DATA", "F-2", "T-II", "F-14")),
        Step("untuned-short", Train(extra, scale.short), ("T-II", "F-15")),
        Step("augmented", Train(extra | {"augment": True}, scale.short), ("T-I",)),
        *(
            Step(f"figure-5-row-{row}", Train(params | extra, scale.epochs), ("F-4", "F-5"))
            for row, params in enumerate(FIGURE_5, start=1)
        ),
        Step("tuned", Tune(scale.downsample, extra, scale.epochs), ("F-3", "T-III")),
        Step("deeper", Train(extra | {"blocks": DEEPER_BLOCKS}, scale.deeper_epochs), ("FUT",)),
    ]
    if cifar100:
        steps.append(Step("cifar100", Train(extra, scale.short, dataset="cifar100"), ("FUT",)))
    return steps


def _evaluating(scale: Scale) -> list[Step]:
    outputs = {
        "augmented": ("T-I",),
        "untuned-short": ("T-II",),
        "untuned-long": ("T-II", "F-11", "EQ"),
    }
    steps = [
        Step(f"{name}-on-{split}", Evaluate(name, split), served)
        for name, served in outputs.items()
        for split in ("train", "test")
    ]
    return [
        *steps,
        Step("tuned-on-test", Evaluate("tuned", "test"), ("T-III",)),
        Step("tuned-folds", Folds("tuned", scale.folds), ("T-III",)),
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
    steps = [
        Step(
            "activations",
            Explain("untuned-long", looked_at),
            ("LST", "F-6", "F-7", "F-8", "F-9", "F-10"),
        )
    ]
    labels = (classes["airplane"], classes["bird"])
    for segmentation in ("small", "stock"):
        asked = Explaining(
            (images["airplane"],), labels, segmentation, scale.samples, activations=False
        )
        steps.append(Step(f"why-{segmentation}", Explain("untuned-long", asked), ("F-12", "F-13")))
    return steps
