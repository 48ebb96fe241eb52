"""The grid that a request asks for: one that is built in, a file or a dictionary."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cifar_model.errors import InputError
from cifar_model.grid import GRIDS, given_grid
from cifar_model.networks.network import PAPER, Network
from cifar_model.spaces.grid_file import lines_of, read_grid
from cifar_model.spaces.space import Grid


def requested_grid(grid: str | Path | Mapping[str, Any], network: Network) -> Grid:
    """Return a grid for a network, read and not yet checked as a whole."""
    if isinstance(grid, Mapping):
        return given_grid(grid)
    if str(grid) not in GRIDS:
        return read_grid(Path(grid))
    if network != PAPER:
        names = ", ".join(name for name, _ in network.parameters) or "none"
        raise InputError(
            f"the grid {str(grid)!r} is for the paper's network, and the network is {network.name}",
            f"a grid of its parameters ({names}) and of those of training",
            "choose another grid: --grid FILE",
        )
    return GRIDS[str(grid)]


@contextmanager
def grid_lines(grid: str | Path | Mapping[str, Any]) -> Iterator[None]:
    """Name the line in errors about a parameter of a grid, if it is a file."""
    if isinstance(grid, Mapping) or str(grid) in GRIDS:
        yield
    else:
        with lines_of(Path(grid)):
            yield
