"""The documents of the page that compares trials: params, curves, tests and disputed images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_model.params import ParamValue
from runner.errors import InputError
from runner.reports.comparison.trials import Comparison, compared_pairs, same_images
from runner.reports.records import Epoch, Evaluation, Interval
from runner.reports.stats.ranking import effective_of
from runner.reports.stats.uncertainty import known_interval
from runner.reports.trial import TrialDocument, trial_document
from runner.store.engine import Store
from runner.store.queries.predictions import Predictions, newest_predictions
from runner.ui.images import dataset_of
from runner.ui.pictures import SPLITS as SHOWN
from runner.ui.pictures import Pictures

FEWEST, MOST = 2, 6
# The split that is shown unless another one is chosen: the first that all have, or the last.
SPLITS = ("test", "validation", "train")
# Images that a page lists.
MOST_IMAGES = 200

Trials = tuple[int, ...]
# The trial that has an image right, and the one that has it wrong; None for any.
Outcomes = tuple[int | None, int | None]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the compared trials; `accuracy` is that of its newest evaluation on the split."""

    trial: int
    experiment: int
    state: str
    ended_by: str | None
    trained_epochs: int
    settings: Mapping[str, ParamValue]
    val_accuracy: float | None
    val_accuracy_interval: Interval | None
    accuracy: float | None
    accuracy_interval: Interval | None
    epochs: list[Epoch]


@dataclass(frozen=True, slots=True)
class CompareDocument:
    """Trials beside one another; `differing` are the settings in which they differ.

    The `p` of `comparisons` is corrected for their number.
    `unevaluated` are the trials that have no evaluation on the split; `unlike` tells whether some
    were evaluated on other images than others, and are therefore not compared.
    """

    split: str
    splits: list[str]
    trials: list[Side]
    differing: list[str]
    comparisons: list[Comparison]
    unevaluated: list[int]
    unlike: bool


@dataclass(frozen=True, slots=True)
class DisputedImage:
    """An image that not all trials got right: each one's class and its probability, in order."""

    image: int
    true_class: str
    predicted: list[str]
    probabilities: list[float | None]


@dataclass(frozen=True, slots=True)
class DisputedImages:
    """The images that some trials classified correctly and others did not.

    With `right` and `wrong`, those that the one has right and the other wrong. `pictures` is `none`
    if the images themselves cannot be shown.
    """

    split: str
    trials: list[int]
    right: int | None
    wrong: int | None
    pictures: str
    count: int
    images: list[DisputedImage]


def compare_document(store: Store, trials: Trials, split: str) -> CompareDocument:
    """Return the comparison of trials on a split; an empty split is chosen for them."""
    documents = [trial_document(store, trial=number) for number in _checked(trials)]
    evaluated = [{each.split for each in _whole(document)} for document in documents]
    known = [name for name in SPLITS if any(name in splits for splits in evaluated)]
    common = [name for name in known if all(name in splits for splits in evaluated)]
    split = split or next(iter([*common, *known, SPLITS[0]]))
    found = _predictions(store, trials, split)
    sides = [_side(document, split) for document in documents]
    names = dict.fromkeys(name for side in sides for name in side.settings)
    return CompareDocument(
        split=split,
        splits=known,
        trials=sides,
        differing=[name for name in names if _differs(name, sides)],
        comparisons=compared_pairs(split, found),
        unevaluated=[number for number in trials if number not in {of.trial for of in found}],
        unlike=any(not same_images(found[0], other) for other in found[1:]),
    )


def disputed_images(
    store: Store, pictures: Pictures, trials: Trials, split: str, outcomes: Outcomes
) -> DisputedImages:
    """Return the images that some of the trials have right and others wrong."""
    right, wrong = outcomes
    found = _predictions(store, _checked(trials), split)
    wanted = {each for each in outcomes if each is not None}
    like = _largest_alike(found, wanted)
    numbers = [of.trial for of in like]
    if len(like) < FEWEST:
        raise InputError(
            f"trials {', '.join(map(str, sorted(wanted) or trials))} cannot be compared by image on"
            f" the {split} split",
            "trials that were evaluated on the same images",
            f"evaluate them with `runner submit evaluate --trial N --split {split}`",
        )
    truths: Truths = np.stack([of.predictions == of.labels for of in like])
    chosen = ~truths.all(axis=0) & truths.any(axis=0)
    if right is not None:
        chosen &= truths[numbers.index(right)]
    if wrong is not None:
        chosen &= ~truths[numbers.index(wrong)]
    dataset = dataset_of(store, numbers[0])
    images = sorted(np.flatnonzero(chosen), key=lambda image: -_spread(like, int(image)))
    return DisputedImages(
        split=split,
        trials=numbers,
        right=right,
        wrong=wrong,
        pictures=pictures.availability(dataset).images if split in SHOWN else "none",
        count=len(images),
        images=[_disputed(like, dataset.classes, int(image)) for image in images[:MOST_IMAGES]],
    )


def _checked(trials: Trials) -> Trials:
    if not FEWEST <= len(set(trials)) == len(trials) <= MOST:
        raise InputError(
            f"trials cannot be compared: {', '.join(map(str, trials))}"
            if trials
            else "no trials were chosen",
            f"{FEWEST} to {MOST} different trials",
            "select them in the table of an experiment, or write /compare?trials=1,2",
        )
    return trials


def _predictions(store: Store, trials: Trials, split: str) -> list[Predictions]:
    found = [newest_predictions(store, trial, split) for trial in trials]
    return [of for of in found if of is not None]


def _largest_alike(found: Sequence[Predictions], wanted: set[int]) -> list[Predictions]:
    """Return the most trials with the same images that all wanted ones are among; or none."""
    groups = [[of for of in found if same_images(first, of)] for first in found]
    fitting = [group for group in groups if wanted <= {of.trial for of in group}]
    return max(fitting, key=len, default=[])


def _whole(document: TrialDocument) -> list[Evaluation]:
    """Return the evaluations that are not of a fold."""
    return [each for each in document.evaluations if each.fold is None]


def _side(document: TrialDocument, split: str) -> Side:
    found = [each for each in _whole(document) if each.split == split]
    newest = max(found, key=lambda each: each.evaluation, default=None)
    return Side(
        trial=document.trial or 0,
        experiment=document.experiment,
        state=document.state,
        ended_by=document.ended_by,
        trained_epochs=document.trained_epochs,
        settings={
            **effective_of(document),
            "network": document.network,
            "data set": document.dataset.title,
            "training images": document.dataset.images.train,
            "seed": document.seed,
        },
        val_accuracy=document.val_accuracy,
        val_accuracy_interval=known_interval(
            document.val_accuracy, document.dataset.images.validation
        ),
        accuracy=newest.accuracy if newest else None,
        accuracy_interval=newest.accuracy_interval if newest else None,
        epochs=document.epochs,
    )


def _differs(name: str, sides: Sequence[Side]) -> bool:
    return len({repr(side.settings.get(name)) for side in sides}) > 1


def _spread(found: Sequence[Predictions], image: int) -> float:
    """Return how far apart the probabilities of the true class are."""
    label = found[0].labels[image]
    known = [float(of.probabilities[image, label]) for of in found if of.probabilities is not None]
    return max(known) - min(known) if known else 0.0


def _disputed(found: Sequence[Predictions], classes: Sequence[str], image: int) -> DisputedImage:
    predicted = [int(of.predictions[image]) for of in found]
    return DisputedImage(
        image=image,
        true_class=classes[int(found[0].labels[image])],
        predicted=[classes[label] for label in predicted],
        probabilities=[
            None if of.probabilities is None else float(of.probabilities[image, label])
            for of, label in zip(found, predicted, strict=True)
        ],
    )
