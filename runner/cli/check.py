"""`runner check`: certify a network or a trainer before it is queued."""

import json
import sys
from typing import TYPE_CHECKING

import click

from runner.api.checks import LIMITS
from runner.cli.options import format_option, read_params
from runner.cli.wording.fitting import say, show

if TYPE_CHECKING:
    from runner.check.report import Check, Report

SIGNS = {True: "holds", False: "BROKEN", None: "unknown"}


@click.command()
@click.argument("function", metavar="FILE.py:FUNCTION")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter that it is trained with; repeatable.",
)
@click.option(
    "--image-size",
    type=click.IntRange(*LIMITS["image_size"]),
    default=32,
    show_default=True,
    metavar="PIXELS",
    help="The width and height of the images that it is trained on.",
)
@click.option("--grayscale", is_flag=True, help="Train on grayscale images instead of RGB.")
@format_option
def check(
    function: str, params: tuple[str, ...], image_size: int, form: str, *, grayscale: bool
) -> None:
    """Check that training gives bit-identical results, also after kill -9.

    Exits with 1 if it does not. The network or trainer is trained for two epochs on a few drawn
    images, several times and with two seeds.
    """
    from cifar_model.checking.plan import Drawn
    from runner.check.checking import check as examine
    from runner.check.source import find

    network = find(function)
    given = read_params(params, network)
    kind = "trainer" if network.trainer else "network"
    say(f"{network.name} is a {kind}; it is trained several times, which takes up to a minute")
    report = examine(network, given, Drawn(image_size, grayscale))
    if form == "json":
        click.echo(json.dumps(report.to_json(), indent=2))
    else:
        _show(report)
    sys.exit(0 if report.holds else 1)


def _show(report: "Report") -> None:
    for one in report.checks:
        show(_words(one))
        if one.traceback:
            click.echo(one.traceback, err=True)
    broken = sum(1 for one in report.checks if not one.holds)
    end = f"{broken} of {len(report.checks)} do not hold" if broken else "everything holds"
    show(f"{report.function}: {end} ({report.seconds:.0f} s)")


def _words(one: "Check") -> str:
    parts = [f"{SIGNS[one.holds]:8} {one.check}: {one.found}"]
    if one.cause:
        parts.append(f"  usual cause: {one.cause}")
    parts += [f"  line {line.line}: {line.text}" for line in one.lines]
    if one.fix:
        parts.append(f"  to fix it: {one.fix}")
    return "\n".join(parts)


COMMANDS = [check]
