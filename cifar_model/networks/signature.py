"""Turn what `--network` says into a network: a built-in one, or a function by its signature."""

import ast

from cifar_model.errors import InputError, did_you_mean, shown
from cifar_model.networks.network import BUILT_IN, Network
from cifar_model.networks.source import Source, find_function, read_source
from cifar_model.params import TRAINING_RULES
from cifar_model.rules import ParamValue, like

OPTION = "--network"

# What tables of trials have columns of, and filters are about.
TAKEN = frozenset(
    (
        *("trial", "job", "experiment", "number", "state", "name", "tag", "tags", "note", "kind"),
        *("network", "backend", "dataset", "shape", "classes", "params", "seed", "ended_by"),
        *("loss", "accuracy", "val_loss", "val_accuracy", "best_val_accuracy", "best_epoch"),
        *("trained_epochs", "seconds", "rank", "attempts", "reason", "model", "fingerprint"),
    )
)


def find_network(given: str) -> Network:
    """Return the network that `--network` names; the code of a user's is read, never run."""
    if given in BUILT_IN:
        return BUILT_IN[given]
    if ":" not in given:
        is_file = given.endswith(".py")
        raise InputError(
            f"{OPTION} {shown(given)} " + ("names no function" if is_file else "is not known"),
            f"one of {', '.join(BUILT_IN)}, FILE.py:function or package.module:function",
            f"add the name of the function: {given}:build"
            if is_file
            else f"correct the name{did_you_mean(given, BUILT_IN)}",
        )
    source = read_source(given, OPTION)
    return Network(source.name, _parameters(source), source.code)


def _parameters(source: Source) -> tuple[tuple[str, ParamValue | None], ...]:
    """Return the keyword arguments of the function with their defaults, in its order."""
    arguments = find_function(source, OPTION).args
    first = [*arguments.posonlyargs, *arguments.args]
    for star, argument in (("*", arguments.vararg), ("**", arguments.kwarg)):
        if argument is not None:
            raise _refusal(source, f"takes {star}{argument.arg}", "name each parameter")
    if len(first) < 2:
        raise _refusal(source, f"takes {len(first)} positional arguments", "add shape and classes")
    if len(arguments.posonlyargs) > 2:
        name = arguments.posonlyargs[2].arg
        raise _refusal(source, f"takes {name} by position only", f"move {name} behind the /")
    missing = [None] * (len(first) - len(arguments.defaults))
    given = zip(first, [*missing, *arguments.defaults], strict=True)
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    every = [*[*given][2:], *named]
    return tuple((each.arg, _default(source, each, default)) for each, default in every)


def _default(source: Source, argument: ast.arg, node: ast.expr | None) -> ParamValue | None:
    name = argument.arg
    if name in TAKEN:
        what = f"has a parameter named {name}, which is the name of something else in reports"
        raise _refusal(source, what, f"rename {name}")
    if node is None:
        what = f"has the parameter {name} without a default"
        raise _refusal(source, what, f"write {name}=VALUE")
    try:
        value = _constant(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        what = f"has the default {name}={ast.unparse(node):.80}, which is not a plain value"
        fix = "write a number, a text, True, False or None"
        raise _refusal(source, what, fix) from error
    if isinstance(argument.annotation, ast.Name) and argument.annotation.id == "float":
        # Written as `0` by those who mean 0.0.
        value = float(value) if type(value) is int else value
    return None if value is None else _checked(source, name, value)


def _constant(node: ast.expr) -> ParamValue | None:
    value = ast.literal_eval(node)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(type(value).__name__)


def _checked(source: Source, name: str, value: ParamValue) -> ParamValue:
    """Check a default by the rule that its values will be checked by."""
    rule = TRAINING_RULES.get(name) or like(value)
    try:
        checked: ParamValue = rule(name, value)
    except InputError as error:
        what = f"has the default {name}={shown(value)}, which is not valid for {name}"
        refused = _refusal(source, what, f"expected {error.expected}, or None")
        raise refused from error
    return checked


def _refusal(source: Source, what: str, fix: str) -> InputError:
    return InputError(
        f"{OPTION}: the function {source.function} in {source.file} {what}",
        "def build(shape, classes, *, width=32, ...): two positional arguments, then parameters "
        "with plain defaults",
        fix,
    )
