"""Options and arguments that several commands share, and how their values are read."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from cifar_model.backends.names import BACKENDS
from cifar_model.errors import InputError, shown
from cifar_model.explanation.settings import AUTO, METHODS, OLD_METHODS
from cifar_model.networks.network import PAPER, Network
from cifar_model.params import read_value, rules_of
from cifar_model.spaces.space import Range, read_range_text
from runner.api.checks import LIMITS, MOST_NUMBER, check_key
from runner.cli.completion.values import column_names, param_values, stored

Command = TypeVar("Command", bound=Callable[..., Any])

# The numbers of experiments, jobs and trials: what an INTEGER of every database holds.
NUMBER = click.IntRange(1, MOST_NUMBER)


class ExperimentNumber(click.ParamType[int]):
    """The number of an experiment, given as the number or as the experiment's name."""

    name = "experiment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; a name is looked up in the store, so it exists."""
        if isinstance(value, int) or value.strip().isdigit():
            return NUMBER.convert(value, param, ctx)
        if ctx is not None and ctx.resilient_parsing:
            # A shell asks for what comes after it.
            return 0
        from runner.settings import Settings
        from runner.store.opening import find_store
        from runner.store.queries.names import find_experiment

        return find_experiment(find_store(Settings.from_environment()), value)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 (Click's form)
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem[str]]:
        """Offer numbers and names of experiments."""
        return stored("experiment", incomplete)


class StoredNumber(click.IntRange):
    """The number of a stored trial or job."""

    def __init__(self, what: str) -> None:
        super().__init__(NUMBER.min, NUMBER.max)
        self._what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; only experiments have names."""
        if isinstance(value, str) and not value.strip().lstrip("-+").isdecimal():
            raise InputError(
                f"{shown(value)} is not the number of a {self._what}",
                f"a whole number; only experiments have names, not {self._what}s",
                f"`runner status EXPERIMENT` lists the {self._what}s of an experiment",
            )
        return super().convert(value, param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 (Click's form)
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem[str]]:
        """Offer the newest numbers."""
        return stored(self._what, incomplete)


EXPERIMENT = ExperimentNumber()
TRIAL = StoredNumber("trial")
JOB = StoredNumber("job")


class Method(click.Choice[str]):
    """A method of explanation, by its name or the one of earlier versions."""

    def __init__(self) -> None:
        super().__init__(METHODS)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the present name of what was given."""
        return super().convert(OLD_METHODS.get(value, value), param, ctx)


class Samples(click.ParamType[int | str]):
    """A number of samples, or AUTO."""

    name = "samples"
    number = click.IntRange(*LIMITS["samples"])

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Return the number, or AUTO as it is."""
        return AUTO if value == AUTO else self.number.convert(value, param, ctx)


format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="table: for people; json: one document on stdout and nothing else.",
)
wait_option = click.option(
    "--wait",
    is_flag=True,
    help="Wait until the experiment has ended; start local workers if none are running.",
)


def _check_columns(
    context: click.Context,  # noqa: ARG001 (Click's form)
    option: click.Parameter,  # noqa: ARG001 (Click's form)
    names: str | None,
) -> str | None:
    if names is not None and not all(name.strip() for name in names.split(",")):
        raise InputError(
            f"--columns {shown(names)} has an empty name",
            "names of columns, separated by commas",
            "correct --columns; an unknown name lists the existing ones",
        )
    return names


wide_option = click.option(
    "--wide", is_flag=True, help="Show everything, even if it is wider than the terminal."
)
columns_option = click.option(
    "--columns",
    metavar="NAME,...",
    callback=_check_columns,
    shell_complete=column_names,
    help="Show only one table, with exactly these columns.",
)


def _check_key(context: click.Context, option: click.Parameter, key: str | None) -> str | None:  # noqa: ARG001 (Click's form)
    return check_key(key)


key_option = click.option(
    "--key",
    callback=_check_key,
    help="An idempotency key: the same command with the same key returns the same experiment.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(*LIMITS["seed"]),
    default=0,
    show_default=True,
    help="Random seed for sampling, weights, data order and dropout.",
)


def label_options(command: Command) -> Command:
    """Add what people call a new experiment, and how urgent it is."""
    name = click.option("--name", help="Set a name, which commands accept in place of the number.")
    tags = click.option(
        "--tag", "tags", multiple=True, metavar="TAG", help="Add a tag to filter by; repeatable."
    )
    note = click.option("--note", help="Set a note, shown with the results.")
    priority = click.option(
        "--priority",
        type=click.IntRange(*LIMITS["priority"]),
        default=0,
        show_default=True,
        help="Jobs of a higher priority start first.",
    )
    return name(tags(note(priority(command))))


trial_option = click.option("--trial", type=TRIAL, required=True, help="The trial's number.")


image_size_option = click.option(
    "--image-size",
    type=click.IntRange(*LIMITS["image_size"]),
    metavar="PIXELS",
    help="Resize images of --dataset to this width and height; else all must have the same size.",
)
resize_option = click.option("--resize", is_flag=True, help="The same as --image-size 32.")

fresh_option = click.option(
    "--fresh",
    is_flag=True,
    help="Train again what was trained before; else the results of an equal trial are reused.",
)

# What `submit train` and `submit tune` have in common.
TRAINING_OPTIONS = (
    click.option(
        "--dataset",
        show_default="cifar10; none with --trainer",
        help="cifar10, cifar100, shapes, shortcut, digits, folder:PATH, zip:PATH or npz:PATH.",
    ),
    click.option(
        "--network",
        show_default="paper",
        metavar="NAME",
        help="paper, resnet, or a function of your own: FILE.py:function or"
        " package.module:function.",
    ),
    click.option(
        "--trainer",
        metavar="FILE.py:FUNCTION",
        help="A training loop of your own, in place of a network: train(params, context).",
    ),
    click.option(
        "--backend",
        type=click.Choice(BACKENDS),
        help="The backend of Keras; only workers with it run the jobs [default: RUNNER_BACKEND].",
    ),
    click.option("--train-size", type=NUMBER, help="Train on the first N images only."),
    image_size_option,
    resize_option,
    click.option(
        "--epochs",
        type=click.IntRange(*LIMITS["epochs"]),
        help="Epochs of every trial; overrides the params.",
    ),
    click.option(
        "--param",
        "params",
        multiple=True,
        metavar="NAME=VALUE",
        shell_complete=param_values,
        help="A parameter of the trial (of every trial of a grid); repeatable. With tune"
        " also a range: lr=1e-4..1e-2:log or batch_size=16..64:16.",
    ),
    click.option(
        "--threads",
        type=click.IntRange(*LIMITS["threads"]),
        default=1,
        show_default=True,
        help=(
            "CPU threads of one trial; a different number changes the last digits of the results."
        ),
    ),
    click.option(
        "--repeats",
        type=click.IntRange(*LIMITS["repeats"]),
        default=1,
        show_default=True,
        help="Train each set of params N times, with the seeds SEED, SEED + 1, ...",
    ),
    click.option(
        "--init",
        metavar="TRIAL|FILE.keras",
        help="Start from the weights of a trial or of a Keras file, where path and shape"
        " are the same.",
    ),
    click.option(
        "--freeze",
        metavar="PATTERN",
        help="Do not train layers whose names match, as in 'conv2d_*'.",
    ),
    fresh_option,
    seed_option,
    key_option,
    label_options,
    wait_option,
    format_option,
)


def training_options(command: Command) -> Command:
    """Add what `submit train` and `submit tune` have in common."""
    for option in reversed(TRAINING_OPTIONS):
        command = option(command)
    return command


def read_params(pairs: tuple[str, ...], network: Network = PAPER) -> dict[str, Any]:
    """Read and check NAME=VALUE pairs for a network."""
    rules = rules_of(network)
    params: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InputError(
                f"--param {pair!r} has no value", "NAME=VALUE, as in lr=0.01", "add '=' and a value"
            )
        if name in params:
            raise InputError(
                f"--param {name} is given twice", "one value per parameter", "remove one of them"
            )
        params[name] = read_value(name, value, rules)
    return params


def split_ranges(pairs: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, Range]]:
    """Return the pairs that have one value, and the ranges that the others are."""
    single: list[str] = []
    ranges: dict[str, Range] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        found = read_range_text(name, value)
        if found is None:
            single.append(pair)
        elif name in ranges or any(
            other.startswith(f"{name}=") for other in pairs if other != pair
        ):
            raise InputError(
                f"--param {name} is given twice", "one value per parameter", "remove one of them"
            )
        else:
            ranges[name] = found
    return tuple(single), ranges
