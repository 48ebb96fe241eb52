"""Reads a grid from a file: JSON or YAML, with the line of whatever is wrong in it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from cifar_model.errors import InputError, shown
from cifar_model.rules import Json
from cifar_model.spaces.space import Grid, ParameterError, read_entry

MAX_BYTES = 64 * 2**20  # of a grid file
MAX_YAML_BYTES = 2**20  # the parser of YAML is slow


def read_grid(path: Path) -> Grid:
    """Read a grid from a file; one that begins with a bracket is JSON, any other is YAML."""
    text = _text(path)
    grid = _read_json(path, text) if text.lstrip()[:1] in ("{", "[") else _read_yaml(path, text)
    if not isinstance(grid, dict) or not grid:
        raise _refusal(path, "not an object with keys", "give each parameter a list of values")
    if strange := [name for name in grid if not isinstance(name, str)]:
        raise _refusal(path, f"without a name at {shown(strange[0])}", "write names as texts")
    with lines_of(path):
        return {name: read_entry(name, value) for name, value in grid.items()}


@contextmanager
def lines_of(path: Path) -> Iterator[None]:
    """Name the line of a grid file in an error about one of its parameters."""
    try:
        yield
    except ParameterError as error:
        line = _key_lines(_text(path)).get(error.parameter)
        if line is None:
            raise
        where = f"line {line} of {str(path)!r}"
        raise InputError(f"{where}: {error.what}", error.expected, error.fix) from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"the grid {str(path)!r} cannot be read: {error.strerror}",
            "'paper', 'small', 'wide' or the path of a JSON or YAML file",
            "correct the path",
        ) from error
    if len(content) > MAX_BYTES:
        raise _refusal(path, f"larger than {MAX_BYTES >> 20} MB", "give fewer values")
    try:
        # JSON finds out by itself whether bytes are UTF-8, UTF-16 or UTF-32.
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        raise _refusal(path, f"not a text: {error}", "save it as UTF-8") from error


def _read_json(path: Path, text: str) -> Json:
    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=unique_keys)
    except TwiceError as error:
        fix = f"put all values of {error} into one list"
        raise _refusal(
            path, f"not valid JSON: the key {str(error)!r} is duplicated", fix
        ) from error
    except json.JSONDecodeError as error:
        raise _refusal(path, f"not valid JSON: {error}", _mend(error)) from error
    except RecursionError as error:
        raise _refusal(path, "nested too deeply", "use plain values in the lists") from error
    except ValueError as error:  # a number of thousands of digits
        raise _refusal(path, f"not valid JSON: {error}", "give shorter numbers") from error


def _read_yaml(path: Path, text: str) -> Json:
    if len(text) > MAX_YAML_BYTES:
        raise _refusal(path, "larger than 1 MB, which YAML may be at most", "write it as JSON")
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (plain values only)
    except yaml.MarkedYAMLError as error:
        line = 0 if error.problem_mark is None else error.problem_mark.line + 1
        what = f"not valid YAML: {error.problem}, on line {line}"
        raise _refusal(path, what, f"correct line {line}") from error
    except yaml.YAMLError as error:
        raise _refusal(path, f"not valid YAML: {error}", "save it as a plain text") from error
    except RecursionError as error:
        raise _refusal(path, "nested too deeply", "use plain values in the lists") from error
    except ValueError as error:
        raise _refusal(path, f"not valid YAML: {error}", "give shorter numbers") from error


def _key_lines(text: str) -> dict[str, int]:
    """Return the line of each key; nothing of a text that is JSON and no YAML."""
    if len(text) > MAX_YAML_BYTES:
        return {}
    try:
        node = yaml.compose(text.removeprefix("\ufeff"), _Loader)
    except (yaml.YAMLError, RecursionError):
        return {}
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {str(key.value): key.start_mark.line + 1 for key, _ in pairs}


class _Loader(yaml.SafeLoader):
    """Reads the values of YAML 1.2: to YAML 1.1, 1e-4 is a text and `no` is false."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Read a node; one that stands for another could stand for a million values."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(
                problem="an alias (*name) is not supported", problem_mark=self.get_mark()
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; YAML itself would keep the last of two values of one key."""
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key.value!r} is duplicated", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _add(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first)
    )


_add("null", "~|null|Null|NULL", "~nN")
_add("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_add("int", "[-+]?[0-9]+", "-+0123456789")
_add("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789")
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: float(node.value))


def _refusal(path: Path, what: str, fix: str) -> InputError:
    form = 'an object such as {"lr": [0.001], "batch_size": {"range": [30, 50, 20]}}'
    return InputError(f"the grid {str(path)!r} is {what}", f"{form}, in JSON or YAML", fix)


def _mend(error: json.JSONDecodeError) -> str:
    """Return how to mend what most people write into JSON that is none."""
    rest, before = error.doc[error.pos :].lstrip(), error.doc[: error.pos].rstrip()
    if rest.startswith(("//", "/*", "#")):
        return f"JSON has no comments: remove the one on line {error.lineno}"
    if rest.startswith("'"):
        return f"use double quotes around names and strings on line {error.lineno}"
    if rest.startswith(("]", "}")) and before.endswith(","):
        return f"remove the comma before {rest[0]} on line {error.lineno}"
    return f"correct line {error.lineno}"


class TwiceError(ValueError):
    """Name the key that an object of JSON has twice."""


def unique_keys(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return the object of these pairs; JSON itself would keep the last of two with one key."""
    found: dict[str, Json] = {}
    for name, value in pairs:
        if name in found:
            raise TwiceError(name)
        found[name] = value
    return found
