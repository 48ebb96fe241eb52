"""Turn what `--trainer` says into a trainer, by the text of its file, which is never run."""

import ast

from cifar_model.errors import InputError, shown
from cifar_model.networks.network import Network
from cifar_model.networks.source import Source, find_function, parse, read_source
from cifar_model.rules import ParamValue

OPTION = "--trainer"
PARAMS = "PARAMS"


def find_trainer(given: str, option: str = OPTION) -> Network:
    """Return the trainer FILE.py:function or package.module:function, with the PARAMS of its file.

    Its parameters are those of a dictionary PARAMS = {"name": default, ...}, if there is one.
    """
    source = read_source(given, option)
    if not takes_context(source, option):
        names = [argument.arg for argument in find_function(source, option).args.args]
        raise InputError(
            f"{option}: the function {source.function} in {source.file} takes ({', '.join(names)})",
            "def train(params, context): the two arguments of a trainer",
            "correct the function, or use --network for one that builds a Keras model",
        )
    return Network(source.name, tuple(_params(source, option).items()), source.code, trainer=True)


def takes_context(source: Source, option: str) -> bool:
    """Tell whether a function takes the arguments of a trainer, and not those of a network."""
    arguments = find_function(source, option).args
    first = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    required = len(first) - len(arguments.defaults)
    is_trainer = first[:1] == ["params"] or first[1:2] == ["context"]
    return is_trainer and len(first) >= 2 and required <= 2


def _params(source: Source, option: str) -> dict[str, ParamValue | None]:
    for statement in parse(source, option).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="PARAMS")], value=value)
                | ast.AnnAssign(target=ast.Name(id="PARAMS"), value=ast.expr() as value)
            ):
                return _checked(source, value, option)
    return {}


def _checked(source: Source, node: ast.expr, option: str) -> dict[str, ParamValue | None]:
    try:
        found = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        found = None
    plain = bool | int | float | str | None
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and name.isidentifier() and isinstance(value, plain)
        for name, value in found.items()
    ):
        raise InputError(
            f"{option}: {PARAMS} in {source.file} is {shown(ast.unparse(node))}",
            'a dictionary of names and plain values, such as {"alpha": 0.1, "epochs": 10}',
            "correct it, or remove it to allow every name",
        )
    return found
