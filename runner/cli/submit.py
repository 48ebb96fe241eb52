"""`runner submit`: what should be done."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from cifar_model import grid as grids
from cifar_model.explanation.settings import DEFAULT_SAMPLES, SEGMENTATIONS
from cifar_model.networks.presets import PRESETS
from cifar_model.spaces.reducing import INTERVAL, REDUCERS
from runner.api.checks import LIMITS
from runner.cli.options import (
    EXPERIMENT,
    Method,
    Samples,
    format_option,
    fresh_option,
    image_size_option,
    key_option,
    label_options,
    read_params,
    resize_option,
    seed_option,
    split_ranges,
    training_options,
    trial_option,
    wait_option,
)
from runner.cli.wording.help import Group
from runner.search import SEARCHES

if TYPE_CHECKING:
    from runner.api.racing.confirming import ConfirmRequest
    from runner.api.submit import AnyRequest


@click.group(cls=Group)
def submit() -> None:
    """Submit an experiment of one or more jobs."""


@submit.command()
@training_options
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    help="A network and params that train well together; --param overrides single ones.",
)
@click.option("--augment", is_flag=True, help="The same as --param augmentation=paper.")
def train(wait: bool, form: str, **options: Any) -> None:
    """Train one trial."""
    from runner.api.submit import TrainRequest, find_function

    options["params"] = read_params(
        options["params"],
        find_function(options["network"], options["trainer"], options["preset"]),
    )
    _submit(TrainRequest(**options), wait=wait, form=form)


@submit.command()
@training_options
@click.option(
    "--downsample", type=float, help="(--search grid) The fraction of the grid's points to train."
)
@click.option(
    "--grid",
    show_default="paper",
    help="paper, small or wide, or the path of a JSON or YAML file.",
)
@click.option(
    "--method",
    type=click.Choice(grids.METHODS),
    show_default=grids.METHODS[0],
    help="(--search grid) How Talos samples the points.",
)
@click.option(
    "--search",
    type=click.Choice(SEARCHES),
    default=SEARCHES[0],
    show_default=True,
    help="grid: a fraction of the points; others: Optuna's samplers, which draw one at a time.",
)
@click.option(
    "--trials",
    type=click.IntRange(*LIMITS["trials"]),
    help="(--search other than grid) The number of points to train.",
)
@click.option(
    "--objective",
    multiple=True,
    metavar="METRIC",
    show_default="val_accuracy",
    help="What the trials are ranked by: val_accuracy, val_loss, recall:CLASS, seconds, "
    "parameters, ...; several give a Pareto front.",
)
@click.option(
    "--minimize",
    multiple=True,
    metavar="METRIC",
    help="An objective that is better if it is smaller; not needed for the usual ones.",
)
@click.option(
    "--constraint",
    multiple=True,
    metavar="'parameters<500000'",
    help="A bound that trials must satisfy; repeatable.",
)
@click.option(
    "--deterministic",
    is_flag=True,
    help="(--search other than grid) Draw the same points whatever the number of workers.",
)
@click.option(
    "--from",
    "start_from",
    metavar="41,40|study.db",
    help="(--search tpe, cmaes, nsga2, gp) Learn from the trials of these experiments, or of an "
    "Optuna study, before the first is drawn.",
)
@click.option(
    "--hours",
    type=float,
    help="Start no trial later than this many hours after the first; finish running ones.",
)
@click.option(
    "--epochs-total",
    type=click.IntRange(*LIMITS["epochs_total"]),
    help="Start no trial that would bring the total above this many epochs.",
)
@click.option(
    "--into",
    type=EXPERIMENT,
    metavar="EXPERIMENT",
    help=(
        "Add the sampled points that this experiment does not have; options that are not given "
        "keep their first values."
    ),
)
@click.option(
    "--stop",
    type=click.Choice(["median", "asha", "hyperband", "wilcoxon"]),
    help=(
        "Stop trials that are behind the others after an epoch, by this rule; wilcoxon "
        "(--folds) ends points after a fold."
    ),
)
@click.option(
    "--folds",
    type=click.IntRange(*LIMITS["folds"]),
    help=(
        "Cross-validation: train each point once for each of K folds, one job per fold, and rank "
        "by the mean over the folds."
    ),
)
@click.option(
    "--reduce",
    type=click.Choice(REDUCERS),
    help="Remove pending points by the correlation of values with the metric, as Talos does.",
)
@click.option(
    "--reduce-every",
    type=click.IntRange(*LIMITS["reduce_every"]),
    show_default=str(INTERVAL),
    metavar="TRIALS",
    help="The number of finished trials after which --reduce decides again.",
)
@click.option(
    "--confirm",
    is_flag=True,
    help="(--wait) Then confirm the best trial with further seeds: `runner submit confirm`.",
)
def tune(wait: bool, form: str, *, confirm: bool, **options: Any) -> None:
    """Train points of a grid, sampled by Talos or searched by Optuna, one job per point."""
    from runner.api.submit import TuneRequest, find_function
    from runner.settings import Settings
    from runner.store.opening import find_store
    from runner.submit.additions import network_of

    if options["into"] is None:
        network = find_function(options["network"], options["trainer"])
    else:
        network = network_of(find_store(Settings.from_environment()), options["into"])
    if confirm and not wait:
        raise click.UsageError("--confirm needs --wait: it begins when all trials have ended")
    if confirm and options["folds"] is not None:
        raise click.UsageError(
            "--confirm cannot be combined with --folds: no trial is trained on all images"
        )
    single, options["ranges"] = split_ranges(options["params"])
    options["params"] = read_params(single, network)
    experiment = _submit(TuneRequest(**options), wait=wait, form="table" if confirm else form)
    if confirm:
        from runner.api.racing.confirming import ConfirmRequest

        _confirm(ConfirmRequest(experiment), wait=wait, form=form)


@submit.command(name="confirm")
@click.argument("experiment", type=EXPERIMENT)
@click.option(
    "--top",
    type=click.IntRange(*LIMITS["top"]),
    default=5,
    show_default=True,
    help="The maximum number of candidates.",
)
@click.option(
    "--seeds",
    type=click.IntRange(*LIMITS["seeds"]),
    default=5,
    show_default=True,
    help="The maximum number of further seeds.",
)
@click.option(
    "--budget",
    type=click.IntRange(*LIMITS["budget"]),
    metavar="EPOCHS",
    help="The maximum number of epochs.",
)
@fresh_option
@wait_option
@format_option
def confirm_(wait: bool, form: str, **options: Any) -> None:
    """Train the best trials of an experiment with further seeds until one stands out."""
    from runner.api.racing.confirming import ConfirmRequest

    _confirm(ConfirmRequest(**options), wait=wait, form=form)


def _confirm(request: "ConfirmRequest", *, wait: bool, form: str) -> None:
    from runner.api.racing.confirming import new_confirmation
    from runner.cli.deliver import deliver
    from runner.cli.output import open_store
    from runner.cli.progress import local_workers
    from runner.needs import needs_of
    from runner.submit.experiments import save_submission

    settings, store = open_store()
    new = new_confirmation(store, request)
    settings = settings.serving(needs_of(new.configuration).backend)
    saved = save_submission(store, new)
    # The trials are waited for, then the test score: by the same workers.
    with local_workers(settings) if wait else nullcontext():
        deliver(settings, store, saved, wait=wait, form=form)


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
    type=click.IntRange(*LIMITS["folds"]),
    help=(
        "Cross-validation: train the params again for each of K folds, one job per fold; cannot "
        "be combined with --split."
    ),
)
@seed_option
@key_option
@label_options
@wait_option
@format_option
def evaluate(split: str, wait: bool, form: str, **options: Any) -> None:
    """Score a trial: loss, accuracy, log loss and confusion matrix."""
    from runner.api.submit import EvaluateRequest

    source = click.get_current_context().get_parameter_source("split")
    given = None if source is click.core.ParameterSource.DEFAULT else split
    _submit(EvaluateRequest(split=given, **options), wait=wait, form=form)


@submit.command()
@trial_option
@click.option(
    "--images",
    required=True,
    metavar="0,10-19,random:20",
    help=(
        "Images of the test split, up to fifty per job: numbers, ranges, wrong, random:20, "
        "class:cat or most-confident-wrong:10; separate several with commas."
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
@image_size_option
@resize_option
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
        "small: 20 to 40 superpixels at any size; stock: LIME's default segmentation, which is "
        "too coarse for small images."
    ),
)
@click.option(
    "--samples",
    type=Samples(),
    metavar="N|auto",
    default=DEFAULT_SAMPLES,
    show_default=True,
    help="The number of perturbed images, or auto: as few as are needed for a stable answer.",
)
@click.option("--activations", is_flag=True, help="Also store the output of every layer.")
@click.option(
    "--epochs-of-life",
    metavar="1,2,5,last",
    help=(
        "Also explain with the weights after these epochs, and compare with the last; the trial is "
        "trained again up to the largest of them."
    ),
)
@seed_option
@key_option
@label_options
@wait_option
@format_option
def explain(wait: bool, form: str, **options: Any) -> None:
    """Explain a trial's predictions: which parts of an image support a class."""
    from runner.api.submit import ExplainRequest

    _submit(ExplainRequest(**options), wait=wait, form=form)


def _submit(request: "AnyRequest", *, wait: bool, form: str) -> int:
    """Create the experiment, send its jobs and wait for its end if asked to; return its number."""
    from runner.api.submit import new_submission, store_for
    from runner.cli.deliver import deliver
    from runner.cli.interrupts import explained, held_back, kept
    from runner.cli.live.reading import reading_shown
    from runner.needs import needs_of
    from runner.settings import Settings
    from runner.submit.experiments import save_submission

    said = ["nothing was submitted"]
    with explained(said):
        settings = Settings.from_environment()
        store = store_for(settings, request)
        with reading_shown():
            new = new_submission(settings, store, request)
        # For --wait, where no workers are up.
        settings = settings.serving(needs_of(new.configuration).backend)
        with held_back():
            saved = save_submission(store, new)
            said.append(kept(settings, saved.experiment))
        deliver(settings, store, saved, wait=wait, form=form)
    return saved.experiment


COMMANDS = [submit]
