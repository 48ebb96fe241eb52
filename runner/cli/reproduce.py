"""`runner reproduce`: the paper regenerated, with one command that may be stopped and repeated."""

import math
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.api.checks import LIMITS
from runner.cli.options import seed_option, wide_option
from runner.cli.output import report_view, show_written
from runner.cli.wording.fitting import say

if TYPE_CHECKING:
    from runner.reproduction.advance import Reproduction
    from runner.store.engine import Store

# What is reproduced if nothing is said.
DATASETS = {"small": "shapes", "medium": "cifar10", "full": "cifar10"}


@click.command()
@click.option(
    "--scale",
    type=click.Choice(list(DATASETS)),
    default="full",
    show_default=True,
    help=(
        "full: the paper's images and epochs; medium: 8,000 training images; small: few images "
        "and epochs, takes minutes."
    ),
)
@click.option(
    "--dataset", help="As for `runner submit`; default: cifar10, with --scale small: shapes."
)
@seed_option
@click.option(
    "--repeats",
    type=click.IntRange(*LIMITS["repeats"]),
    default=1,
    show_default=True,
    help=(
        "Train the networks of Tables I to III with N seeds (that with 100 epochs: at most 2),"
        " so that intervals cover the seed too."
    ),
)
@click.option(
    "--only",
    multiple=True,
    metavar="ID",
    help="Run and report only this output of the paper, such as T-II; repeatable.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown", "table", "json"]),
    default="html",
    show_default=True,
    help="html: one file with its figures; json: one document on stdout and nothing else.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report to this file, with its figures beside it.",
)
@wide_option
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop after this many minutes; the same command continues. Default: no limit.",
)
@click.option("--only-report", is_flag=True, help="Submit nothing; report the results that exist.")
def reproduce(
    scale: str,
    dataset: str | None,
    seed: int,
    repeats: int,
    form: str,
    out: Path | None,
    **given: Any,
) -> None:
    """Reproduce the paper. Runs its missing experiments and reports the results.

    The report shows them beside the paper's values. The command can be stopped at any time;
    run it again to continue.
    """
    from runner.cli.interrupts import explained
    from runner.cli.live.reading import reading_shown
    from runner.reports.output import choose_destination, write_report
    from runner.reproduction.advance import begin
    from runner.reproduction.measured import read_sources
    from runner.reproduction.outputs import outputs_with, wanted
    from runner.reproduction.plan import SCALES
    from runner.reproduction.view import reproduction_report
    from runner.settings import Settings
    from runner.store.opening import find_store, make_store

    outputs = outputs_with(given["only"])
    view = report_view(form, wide=given["wide"])
    settings = Settings.from_environment()
    name = "-".join([f"reproduction-{scale}", *(output.id for output in outputs if given["only"])])
    destination = choose_destination(settings.home, name, form, out)
    store = find_store(settings) if given["only_report"] else make_store(settings)
    with reading_shown():
        source = dataset or DATASETS[scale]
        whole = begin(settings, store, SCALES[scale], source, seed, repeats)
    reproduction = replace(whole, wanted=wanted(outputs))
    with explained(["submitted experiments are saved; run the same command again to continue"]):
        failed = [] if given["only_report"] else _do_all(reproduction, given["minutes"])
    report = reproduction_report(read_sources(reproduction), outputs)
    written = write_report(report, form, destination, view)
    show_written(written)
    if failed:
        from runner.errors import ExitCode

        commands = "; ".join(f"runner retry {number}" for number in failed)
        say(f"not all jobs succeeded: run {commands}, then the same command again")
        sys.exit(ExitCode.JOB_FAILED)


def _do_all(reproduction: "Reproduction", minutes: float | None) -> list[int]:
    """Submit and wait until nothing is left to do but what is paused, or the time is over.

    Return the experiments of which jobs did not succeed.
    """
    from runner.cli.progress import local_workers, wait_for
    from runner.reproduction.advance import (
        is_open,
        is_paused,
        running,
        submitted,
        unfinished,
        without_weights,
    )

    settings, store = reproduction.settings, reproduction.store
    end = math.inf if minutes is None else time.monotonic() + 60 * minutes
    with local_workers(settings):
        while True:
            experiments = submitted(reproduction, submit=True)
            left = [number for number in experiments.values() if is_open(store, number)]
            words = f"{len(experiments)} of {len(reproduction.steps)} steps submitted"
            say(f"{words}, {len(left)} of them not finished")
            paused = [number for number in left if is_paused(store, number)]
            if left == paused or time.monotonic() >= end:
                break
            going = sorted(set(left) - set(paused))
            shown = (running(store, going) or going)[0]
            wait_for(settings, store, shown, partial(_is_over, store, shown, going, end))
    missing = unfinished(reproduction, experiments)
    if left:
        resume = "".join(f"`runner resume {number}`, then " for number in paused)
        why = "the rest is paused" if left == paused else f"{minutes:g} minutes have passed"
        say(
            f"{why}, {len(missing)} of {len(reproduction.steps)} steps are"
            f" left: {', '.join(missing)}; {resume}the same command continues"
        )
    if impossible := without_weights(reproduction, experiments):
        say(
            f"not possible: {', '.join(impossible)}; the weights of their trials were not imported:"
            " import the experiments exported with --weights"
        )
    there = [experiments[step] for step in missing if step in experiments]
    return [number for number in there if not is_open(store, number)]


def _is_over(store: "Store", experiment: int, going: list[int], end: float) -> bool:
    """Return whether not to show an experiment any longer: it is paused, or others are running."""
    from runner.reproduction.advance import is_paused, running
    from runner.store.engine import StoreUnavailable

    try:
        if time.monotonic() >= end or is_paused(store, experiment):
            return True
        found = running(store, going)
        return bool(found) and experiment not in found
    except StoreUnavailable:
        # The display says so, and gives up after a long time.
        return False


COMMANDS = [reproduce]
