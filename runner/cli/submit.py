"""`runner submit`: what should be done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cifar_model import grid as grids
from cifar_model.explanation.settings import SEGMENTATIONS
from runner.cli.options import (
    Method,
    format_option,
    key_option,
    read_params,
    seed_option,
    training_options,
    trial_option,
    wait_option,
)


@click.group()
def submit() -> None:
    """Submit an experiment of one or more jobs."""


@submit.command()
@training_options
@click.option("--augment", is_flag=True, help="Flip, shift, rotate and zoom the images.")
def train(augment: bool, **options: Any) -> None:
    """Train one trial."""
    from runner.submit.experiments import new_train

    training, params = _training(options)
    params |= {"augment": True} if augment else {}
    _submit(lambda s, _: new_train(s, training, params), options)


@submit.command()
@training_options
@click.option(
    "--downsample", type=float, required=True, help="The fraction of the grid's points to train."
)
@click.option(
    "--grid", default="paper", show_default=True, help="'paper', or the path of a JSON file."
)
@click.option(
    "--method",
    type=click.Choice(grids.METHODS),
    default=grids.METHODS[0],
    show_default=True,
    help="How Talos samples the points.",
)
def tune(downsample: float, grid: str, method: str, **options: Any) -> None:
    """Train points of a grid, sampled by Talos, one job per point."""
    from runner.submit.experiments import new_tune

    training, fixed = _training(options)
    points = grids.PAPER_GRID if grid == "paper" else grids.read_grid(Path(grid))
    points = {**points, **{name: [value] for name, value in fixed.items()}}
    _submit(lambda s, _: new_tune(s, training, points, (downsample, method)), options)


@submit.command()
@trial_option
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    default="test",
    show_default=True,
    help="The split to score it on.",
)
@click.option(
    "--folds",
    type=click.IntRange(2, grids.MAX_TRIALS),
    help=(
        "Cross-validation: train the params again for each of K folds, one job per fold; cannot "
        "be combined with --split."
    ),
)
@seed_option
@key_option
@wait_option
@format_option
def evaluate(trial: int, split: str, folds: int | None, **options: Any) -> None:
    """Score a trial: loss, accuracy, log loss and confusion matrix."""
    from runner.submit.experiments import new_evaluate, new_folds

    seed, key = options["seed"], options["key"]
    if folds is None:
        return _submit(
            lambda _, store: new_evaluate(store, trial, split, seed, key),
            options,
            about_a_trial=True,
        )
    given = click.get_current_context().get_parameter_source("split")
    if given is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError(
            "--folds splits the training and validation images and cannot be combined with --split"
        )
    return _submit(
        lambda _, store: new_folds(store, trial, folds, seed, key), options, about_a_trial=True
    )


@submit.command()
@trial_option
@click.option(
    "--images",
    required=True,
    metavar="0,10-19,random:20",
    help=(
        "Images of the test split, fifty per job: numbers, ranges, wrong, random:20, class:cat "
        "or most-confident-wrong:10; separate several with commas."
    ),
)
@click.option(
    "--labels",
    default="predicted",
    show_default=True,
    metavar="airplane,bird",
    help="The classes to explain: 'predicted', or class names; write a comma in a name as \\,.",
)
@click.option(
    "--dataset",
    help="Explain images of this data set, with the same classes, instead of the trial's own.",
)
@click.option("--resize", is_flag=True, help="Resize images of --dataset that are not 32x32.")
@click.option(
    "--method",
    type=Method(),
    default="lime",
    show_default=True,
    help="The explanation method.",
)
@click.option(
    "--segmentation",
    type=click.Choice(SEGMENTATIONS),
    default=SEGMENTATIONS[0],
    show_default=True,
    help=(
        "small: superpixels for small images; stock: LIME's default segmentation, which is too "
        "coarse for them."
    ),
)
@click.option(
    "--samples",
    type=click.IntRange(10, 100_000),
    default=1000,
    show_default=True,
    help="The number of perturbed images that LIME samples.",
)
@click.option("--activations", is_flag=True, help="Also store the output of every layer.")
@seed_option
@key_option
@wait_option
@format_option
def explain(trial: int, seed: int, **options: Any) -> None:
    """Explain a trial's predictions: which parts of an image support a class."""
    from cifar_model.data import DatasetSpec
    from runner.submit.explain import Explaining, new_explain
    from runner.submit.image_choice import comma_parts

    dataset, resize = options["dataset"], options["resize"]
    if resize and dataset is None:
        raise click.UsageError("--resize applies to the images of --dataset, which is not given")
    explaining = Explaining(
        images=options["images"],
        labels=comma_parts(options["labels"]),
        segmentation=options["segmentation"],
        samples=options["samples"],
        activations=options["activations"],
        method=options["method"],
        dataset=None if dataset is None else DatasetSpec(dataset, resize=resize),
    )
    key = options["key"]
    _submit(
        lambda s, store: new_explain(s, store, trial, explaining, seed, key),
        options,
        about_a_trial=True,
    )


def _training(options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    from cifar_model.data import DatasetSpec
    from runner.submit.experiments import Training

    dataset = DatasetSpec(options["dataset"], options["train_size"], options["resize"])
    shared = (options[name] for name in ("epochs", "threads", "seed", "repeats", "key"))
    training = Training(dataset, *shared)
    return training, read_params(options["params"])


def _submit(
    make: Callable[[Any, Any], Any], options: dict[str, Any], *, about_a_trial: bool = False
) -> None:
    """Create the experiment, send its jobs, say so, and wait for its end if that was asked for."""
    from runner.cli.deliver import deliver
    from runner.cli.interrupts import explained, held_back, kept
    from runner.cli.reading import reading_shown
    from runner.settings import Settings
    from runner.store.opening import find_store, make_store
    from runner.submit.experiments import save

    said = ["nothing was submitted"]
    with explained(said):
        settings = Settings.from_environment()
        # A stored trial is in a store that is there already.
        store = find_store(settings) if about_a_trial else make_store(settings)
        with reading_shown():
            new = make(settings, store)
        with held_back():
            experiment_id = save(store, new)
            said.append(kept(settings, experiment_id))
        deliver(settings, store, experiment_id, wait=options["wait"], form=options["form"])


COMMANDS = [submit]
