"""What a grid contains and what its trials cost, before it is submitted."""

import random
from dataclasses import dataclass
from itertools import islice

from cifar_model.grid import METHODS, count_points, draw, grid_to_json, is_finite, sample
from cifar_model.networks.network import Network
from cifar_model.params import ParamValues, rules_of
from cifar_model.spaces.space import Grid, Range
from runner.api.grids import grid_lines, requested_grid
from runner.api.searching import refuse_others
from runner.reports.experiment.space import Cost, GridDocument
from runner.search import SEARCHES
from runner.store.engine import Store
from runner.store.queries.spending import epoch_speeds
from runner.submit.points import Rows, trained_by
from runner.submit.search import CHECKED, check_sampler

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRequest:
    """A grid, how its points are chosen, and what its trials train; as `TuneRequest` has them."""

    grid: str
    network: Network
    fixed: ParamValues
    ranges: dict[str, Range]
    search: str = SEARCHES[0]
    method: str = METHODS[0]
    downsample: float | None = None
    trials: int | None = None
    epochs: int | None = None
    seed: int = 0


def grid_document(request: GridRequest, store: Store | None) -> GridDocument:
    """Return what a grid contains; raise InputError as `submit tune` does."""
    is_grid = request.search == SEARCHES[0]
    refuse_others(request, request.search, ("trials",) if is_grid else ("downsample",))
    network = request.network
    fixed = {name: [value] for name, value in request.fixed.items()}
    grid = {**requested_grid(request.grid, network), **fixed, **request.ranges}
    with grid_lines(request.grid):
        if not is_grid:
            check_sampler(request.search, grid)
        points = count_points(grid, rules_of(network)) if _counted(request, grid) else None
        trained = trained_by(_rows(request, grid), request.epochs, network, request.seed)
    trials = request.trials if request.downsample is None else len(trained)
    trials = points if trials is None and is_grid else trials
    of_each = (params.to_json().get("epochs") for params, _ in trained)
    epochs = sum(float(number or 1) for number in of_each) / len(trained)
    speeds = [] if store is None else epoch_speeds(store, network.name)
    return GridDocument(
        grid=grid_to_json(grid),
        network=network.name,
        points=points,
        search=request.search,
        trials=trials,
        trial_epochs=epochs,
        sample=[stored for _, stored in islice(trained, SHOWN)],
        costs=[
            Cost(
                speed.dataset,
                speed.train_images,
                speed.epochs,
                speed.epoch_seconds,
                None if trials is None else trials * epochs * speed.epoch_seconds,
            )
            for speed in speeds
        ],
    )


def _counted(request: GridRequest, grid: Grid) -> bool:
    return request.downsample is not None or is_finite(grid, rules_of(request.network))


def _rows(request: GridRequest, grid: Grid) -> Rows:
    """Return the points that are trained, if they are drawn before, else random ones."""
    if request.downsample is not None:
        return sample(grid, request.downsample, request.method, request.seed, request.network)
    chance = random.Random(request.seed)  # noqa: S311 (no secret)
    return list(draw(grid, rules_of(request.network), CHECKED, chance))
