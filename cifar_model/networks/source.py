"""The file of a function that a user wrote, read as text: nothing in it is run."""

import ast
import sys
import warnings
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TypeGuard

from cifar_model.errors import InputError, did_you_mean, listed, shown

# Of a file: stored with every experiment that uses it, and shown in reports.
MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """A function in the text of a file; `file` is the file's name, or that of its module."""

    file: str
    function: str
    code: str

    @property
    def name(self) -> str:
        """Return FILE.py:function or package.module:function, wherever the file lies."""
        return f"{self.file}:{self.function}"


def read_source(given: str, option: str) -> Source:
    """Read the file that FILE.py:function or package.module:function names.

    A module is one that is installed; it is found without being imported, and never in the
    working directory.
    """
    file, _, function = given.rpartition(":")
    expected = "FILE.py:function or package.module:function"
    if not file or not function.isidentifier():
        raise InputError(
            f"{option} {shown(given)} names no function",
            expected,
            f"add the name of the function: {given.rstrip(':')}:build",
        )
    path = Path(file).expanduser()
    if path.suffix == ".py":
        return Source(path.name, function, _text(_existing(path, option), option))
    if all(part.isidentifier() for part in file.split(".")):
        return Source(file, function, _text(_of_module(file, option), option))
    what = f"{option} {shown(given)} names no file of Python"
    raise InputError(what, expected, "name a file that ends in .py")


def parse(source: Source, option: str) -> ast.Module:
    """Return the syntax tree of a file; raise InputError with the line that is wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.code, source.file)
    except SyntaxError as error:
        where = f"line {error.lineno}: {error.msg}" if error.lineno else str(error.msg)
        what = f"{option}: {source.file} is not valid Python, {where}"
        raise InputError(what, "a file that Python can run", "correct the file") from error
    except (ValueError, RecursionError, MemoryError) as error:
        what = f"{option}: {source.file} cannot be read as Python: {error or 'too deeply nested'}"
        raise InputError(what, "a file that Python can run", "correct the file") from error


def find_function(source: Source, option: str) -> ast.FunctionDef:
    """Return the definition of the function; raise InputError if the file has none."""
    found = {node.name: node for node in parse(source, option).body if _is_function(node)}
    if source.function not in found:
        others = f"one of {listed(list(found))}" if found else "a file that defines one with `def`"
        raise InputError(
            f"{option}: {source.file} does not define the function {source.function}",
            others,
            f"correct the name{did_you_mean(source.function, found)}",
        )
    return found[source.function]


def _is_function(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef)


def _existing(path: Path, option: str) -> Path:
    # A pipe or a device would be read for ever.
    if path.is_file():
        return path
    there = [each.name for each in path.parent.glob("*.py")] if path.parent.is_dir() else []
    kind = "is not a file" if path.exists() else "does not exist"
    raise InputError(
        f"{option}: {str(path)!r} {kind}",
        "the path of a .py file",
        f"correct the path{did_you_mean(path.name, there)}",
    )


def _of_module(module: str, option: str) -> Path:
    """Return the file of an installed module, found part by part as an import would find it."""
    here = Path.cwd()
    places: list[str] | None = [each for each in sys.path if each and Path(each).resolve() != here]
    spec: ModuleSpec | None = None
    for number in range(1, len(parts := module.split(".")) + 1):
        spec = PathFinder.find_spec(".".join(parts[:number]), places)
        found = spec and spec.submodule_search_locations
        places = list(found) if found else []
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise InputError(
            f"{option}: no module {module} is installed",
            "a module of an installed package, or FILE.py:function for a file of your own",
            f"name the file: {parts[-1]}.py:FUNCTION, or install the package",
        )
    return Path(spec.origin)


def _text(path: Path, option: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        what = f"{option}: {str(path)!r} cannot be read: {error.strerror}"
        raise InputError(what, "a readable file", "correct the path or its permissions") from error
    if len(content) > MOST_BYTES:
        raise InputError(
            f"{option}: {path.name} is larger than {MOST_BYTES >> 20} MB",
            "one file of Python, which is stored with the results",
            "keep data and weights out of the file",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"{option}: {path.name} is not UTF-8: {error.reason} at byte {error.start}"
        raise InputError(what, "a file of Python in UTF-8", "save the file as UTF-8") from error
