"""How a tune chooses its points: a sample of a grid, or one point after another."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, replace
from typing import TYPE_CHECKING, Any

from cifar_model.errors import shown
from cifar_model.grid import METHODS
from cifar_model.objective import PREFERRED
from runner.api import checks
from runner.errors import InputError
from runner.search import SEARCHES
from runner.submit.budget import Budget
from runner.submit.objectives import Aims, read_constraint
from runner.submit.search import Searching

if TYPE_CHECKING:
    from runner.api.submit import TuneRequest

# Of samplers, which need a number of trials in place of a fraction of the grid.
OF_SAMPLERS = ("trials", "deterministic", "start_from")
OF_GRIDS = ("downsample", "method")

# What a submission may say of the points that it adds to an experiment.
OF_POINTS = ("downsample", "grid", "method", "params", "ranges", "repeats", "trials", "into")


def read_searching(request: "TuneRequest") -> Searching | None:
    """Return how Optuna searches the space of a request; None if Talos samples a grid."""
    search = checks.one_of("search", request.search, SEARCHES)
    refuse_others(request, search, OF_SAMPLERS if search == SEARCHES[0] else OF_GRIDS)
    if search == SEARCHES[0]:
        return None
    if request.trials is None:
        raise InputError(
            f"--search {search} needs a number of trials",
            "--trials with a whole number",
            "add, for example, --trials 60",
        )
    aims = read_aims(request)
    return Searching(
        sampler=search,
        trials=checks.whole_number("trials", request.trials),
        aims=aims if aims.objectives else replace(aims, objectives=PREFERRED[:1]),
        deterministic=checks.flag("deterministic", request.deterministic),
    )


def default_of(each: Field[Any]) -> Any:
    """Return the default of a field of a request."""
    return each.default if each.default_factory is MISSING else each.default_factory()


def check_shared(request: "TuneRequest", shared: Mapping[str, Any], into: int) -> None:
    """Refuse to add points with other options than those that an experiment's submissions share."""
    for each in fields(request):
        value = getattr(request, each.name)
        value = tuple(value) if isinstance(value, list) else value
        if each.name in OF_POINTS or value in (default_of(each), shared.get(each.name)):
            continue
        has = f": it has {shared[each.name]}" if each.name in shared else ""
        raise InputError(
            f"{_option(each.name)} {shown(value)} cannot be given with --into {into}",
            f"what all submissions of experiment {into} share{has}",
            f"omit {_option(each.name)}, or submit another experiment without --into",
        )


def _option(name: str) -> str:
    # `from` is a word of Python's own.
    return "--from" if name == "start_from" else checks.option(name)


def read_aims(request: "TuneRequest") -> Aims:
    """Return what a tune should improve; nothing if that is not said."""
    found = Aims(
        objectives=checks.words("objective", request.objective),
        minimize=checks.words("minimize", request.minimize),
        constraints=list(map(read_constraint, checks.words("constraint", request.constraint))),
    )
    if found.objectives or not (found.minimize or found.constraints):
        return found
    return replace(found, objectives=PREFERRED[:1])


def read_budget(request: "TuneRequest") -> Budget:
    """Return what a tune may use."""
    hours = request.hours
    if isinstance(hours, bool) or not isinstance(hours, int | float | None):
        raise checks.refusal("hours", hours, "a number above 0")
    return Budget(hours, checks.optional_number("epochs_total", request.epochs_total))


def refuse_others(request: object, search: str, names: Sequence[str]) -> None:
    """Refuse options of another way to choose points."""
    for name in names:
        if getattr(request, name) not in (None, False):
            raise InputError(
                f"{_option(name)} has no effect with --search {search}",
                f"options of --search {search}",
                f"omit {_option(name)}, or choose another --search",
            )


def read_more_trials(request: "TuneRequest", into: int) -> int:
    """Return how many trials are added to a search, whose points its sampler draws."""
    for name in ("downsample", "grid", "method", "params", "ranges"):
        if getattr(request, name):
            raise InputError(
                f"{checks.option(name)} cannot be given with --into {into}, which is a search",
                "--trials: how many trials to add, whose points its sampler draws",
                f"omit {checks.option(name)}, or submit another experiment without --into",
            )
    if request.repeats != 1:
        raise InputError(
            f"--repeats {request.repeats} together with --into {into}, which is a search",
            "one trial of each point",
            "omit --repeats",
        )
    if request.trials is None:
        raise InputError(
            f"--into {into} needs a number of trials: it is a search",
            "--trials with a whole number",
            "add, for example, --trials 60",
        )
    return checks.whole_number("trials", request.trials)


def read_sampling(request: "TuneRequest") -> tuple[float, str]:
    """Return the fraction of a grid that is sampled, and how."""
    return read_fraction(request), checks.one_of("method", request.method or METHODS[0], METHODS)


def read_fraction(request: "TuneRequest") -> float:
    """Return the fraction of a grid that is sampled."""
    refuse_others(request, SEARCHES[0], ("trials",))
    downsample = request.downsample
    if downsample is None:
        raise InputError(
            "--downsample is missing",
            "the fraction of the grid's points to train, such as --downsample 0.01",
            "add --downsample, or search with --search tpe --trials 60",
        )
    if isinstance(downsample, bool) or not isinstance(downsample, int | float):
        raise checks.refusal("downsample", downsample, "a number from 0 to 1")
    return downsample
