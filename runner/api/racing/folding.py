"""What `submit tune --folds` asks for."""

from typing import Protocol

from cifar_model.data import Description
from cifar_model.spaces.folding import FEWEST_FOLDS
from runner.api import checks
from runner.errors import InputError
from runner.store.lifecycle.experiments import NewExperiment
from runner.store.lifecycle.tuning.folding import WILCOXON
from runner.submit.experiments import check_folds


class Folding(Protocol):
    """A request to train points, perhaps each on folds."""

    @property
    def folds(self) -> int | None:
        """Return the number of folds."""

    @property
    def repeats(self) -> int:
        """Return the number of seeds."""

    @property
    def start_from(self) -> object:
        """Return what a search starts from; None if it starts from nothing."""

    @property
    def stop(self) -> str | None:
        """Return the rule that ends trials early."""

    @property
    def reduce(self) -> str | None:
        """Return the reducer."""

    @property
    def objective(self) -> object:
        """Return the objectives, if there are any."""


def read_folds(request: Folding) -> int | None:
    """Return the number of folds that each point is trained on; None if it is not."""
    if request.folds is None:
        if request.stop == WILCOXON:
            raise InputError(
                "--stop wilcoxon without --folds: it compares points on the same folds",
                f"--folds with at least {FEWEST_FOLDS} folds",
                f"add --folds {FEWEST_FOLDS}, or choose --stop median, asha or hyperband",
            )
        return None
    folds = checks.whole_number("folds", request.folds)
    if request.start_from is not None:
        raise InputError(
            "--folds together with --from: earlier trials were scored on other images",
            "one of them",
            "omit --from, or search without --folds",
        )
    check_repeats(request.repeats, folds)
    if request.reduce is not None:
        raise InputError(
            "--folds together with --reduce: a reducer compares trials on the same images",
            "one of them",
            "omit --reduce; --stop wilcoxon ends points that are behind",
        )
    if len(checks.words("objective", request.objective)) > 1:
        raise InputError(
            "--folds together with several objectives",
            "one --objective: points are ranked by its mean over the folds",
            "omit the others",
        )
    _check_stop(request.stop, folds)
    return folds


def check_repeats(repeats: int, folds: int | None) -> None:
    """Raise InputError if points should have several seeds and folds."""
    if folds is not None and repeats != 1:
        raise InputError(
            f"--repeats {repeats} together with --folds {folds}",
            "one of them: either trains each point several times",
            "omit --repeats, or submit again with another --seed",
        )


def _check_stop(stop: str | None, folds: int) -> None:
    if stop not in (None, WILCOXON):
        raise InputError(
            f"--stop {stop} together with --folds: it compares trials on the same images",
            "--stop wilcoxon, which compares points on the same folds",
            "use --stop wilcoxon, or omit --stop or --folds",
        )
    if stop == WILCOXON and folds < FEWEST_FOLDS:
        raise InputError(
            f"--stop wilcoxon has no effect with --folds {folds}: its test needs"
            f" {FEWEST_FOLDS - 1} folds to be significant",
            f"{FEWEST_FOLDS} folds or more",
            f"use --folds {FEWEST_FOLDS}, or omit --stop",
        )


def check_images(new: NewExperiment, folds: int | None) -> None:
    """Raise InputError if there are no images to divide into so many folds."""
    if folds is None:
        return
    dataset = Description.from_json(new.configuration["dataset"])
    if not dataset:
        raise InputError(
            f"--folds {folds} without a data set",
            "--dataset, whose images are divided into folds",
            "choose a --dataset, or omit --folds",
        )
    check_folds(folds, dataset)
