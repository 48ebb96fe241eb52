"""Count what mypy cannot look into: string subscripts, untyped mappings and their aliases.

python -m tests.untyped FOLDER...
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAPPINGS = ("dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict")
UNTYPED = ("Any", "object")


@dataclass(frozen=True, slots=True)
class Untyped:
    """How often a value is read by a string, and a mapping says nothing of its values."""

    subscripts: int
    mappings: int
    aliases: int

    def __add__(self, other: "Untyped") -> "Untyped":
        return Untyped(
            self.subscripts + other.subscripts,
            self.mappings + other.mappings,
            self.aliases + other.aliases,
        )


def count(folders: Iterable[Path]) -> Untyped:
    """Return what all Python files below these folders hold together.

    An alias counts for as many mappings as it is named in annotations of its file.
    """
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    return sum((_of_file(ast.parse(file.read_text())) for file in files), Untyped(0, 0, 0))


def _of_file(tree: ast.Module) -> Untyped:
    aliases = set(_aliases(tree))
    nodes = list(ast.walk(tree))
    named = sum(isinstance(node, ast.Name) and node.id in aliases for node in nodes)
    return Untyped(
        subscripts=sum(map(_is_by_string, nodes)),
        mappings=sum(map(_is_untyped, nodes)) + named - len(aliases) * 2,
        aliases=len(aliases),
    )


def _is_by_string(node: ast.AST) -> bool:
    """Tell whether this is value["name"]; Literal["name"] and quoted annotations are not."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Constant):
        return False
    is_annotation = isinstance(node.value, ast.Name) and node.value.id[:1].isupper()
    return isinstance(node.slice.value, str) and not is_annotation


def _is_untyped(node: ast.AST) -> bool:
    """Tell whether this is dict[..., Any], Mapping[..., Any] or the like."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return False
    if node.value.id not in MAPPINGS or not isinstance(node.slice, ast.Tuple):
        return False
    value = node.slice.elts[-1]
    return isinstance(value, ast.Name) and value.id in UNTYPED


def _aliases(tree: ast.Module) -> Iterator[str]:
    """Yield the names that stand for an untyped mapping, such as Row = Mapping[str, Any]."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and _is_untyped(node.value):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


if __name__ == "__main__":
    sys.stdout.write(f"{count(map(Path, sys.argv[1:]))}\n")
