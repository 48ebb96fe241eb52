"""`runner grid`: what a grid contains, and what its trials cost."""

from typing import TYPE_CHECKING, Any

import click

from cifar_model import grid as grids
from runner.api.checks import LIMITS
from runner.cli.completion.values import param_values
from runner.cli.options import format_option, read_params, seed_option, split_ranges
from runner.cli.output import terminal_view
from runner.search import SEARCHES

if TYPE_CHECKING:
    from runner.settings import Settings
    from runner.store.engine import Store


@click.command()
@click.argument("grid", metavar="paper|small|wide|FILE")
@click.option("--network", help="The network whose parameters these are, as in submit tune.")
@click.option("--trainer", help="The trainer whose parameters these are, as in submit tune.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=param_values,
    help="A value or a range in place of what the grid says; repeatable.",
)
@click.option(
    "--search",
    type=click.Choice(SEARCHES),
    default=SEARCHES[0],
    show_default=True,
    help="Refuse a grid that this sampler cannot draw from.",
)
@click.option("--downsample", type=float, help="(--search grid) The fraction that is trained.")
@click.option(
    "--method",
    type=click.Choice(grids.METHODS),
    default=grids.METHODS[0],
    show_default=True,
    help="(--search grid) How Talos samples the points.",
)
@click.option(
    "--trials",
    type=click.IntRange(*LIMITS["trials"]),
    help="(--search other than grid) The number of points that are trained.",
)
@click.option(
    "--epochs",
    type=click.IntRange(*LIMITS["epochs"]),
    help="Epochs of every trial; overrides the params.",
)
@seed_option
@format_option
def grid(form: str, network: str | None, trainer: str | None, **options: Any) -> None:
    """Show how many points a grid has, some of them, and what its trials cost."""
    import json

    from runner.api.space import GridRequest, grid_document
    from runner.api.submit import find_function
    from runner.reports.experiment.space import grid_parts
    from runner.reports.formats.terminal import as_terminal
    from runner.reports.records import plain
    from runner.settings import Settings

    settings = Settings.from_environment()
    function = find_function(network, trainer)
    single, ranges = split_ranges(options.pop("params"))
    fixed = read_params(single, function)
    request = GridRequest(**options, network=function, fixed=fixed, ranges=ranges)
    document = grid_document(request, _store(settings))
    if form == "json":
        click.echo(json.dumps(plain(document), indent=2))
        return
    title = f"Grid {request.grid}"
    text = as_terminal(title, grid_parts(document), settings.home, terminal_view())
    click.echo(text, nl=False)


def _store(settings: "Settings") -> "Store | None":
    """Return the store, in which epochs were measured; None where there is none yet."""
    from runner.store.opening import NoStoreYet, find_store

    try:
        return find_store(settings)
    except NoStoreYet:
        return None


COMMANDS = [grid]
