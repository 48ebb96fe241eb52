"""Run the cells of a notebook in this process, and write down what they show.

python -m tests.notebook examples/experiment.ipynb

That needs no Jupyter: a cell's last expression is shown as a notebook shows it.
"""

import ast
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

Cell = dict[str, Any]


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """Run all cells of code, in order, and replace their outputs; return the names they define."""
    names: dict[str, Any] = {"__name__": "__main__"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, start=1):
        cell["execution_count"] = number
        cell["outputs"] = _run(cell, number, names)
    return names


def _run(cell: Cell, number: int, names: dict[str, Any]) -> list[Cell]:
    body = ast.parse("".join(cell["source"])).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    where = f"<cell {number}>"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), where, "exec"), names)  # noqa: S102 (our own notebook)
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)  # noqa: S307
    text = printed.getvalue()
    stream = {"name": "stdout", "output_type": "stream", "text": _lines(text)}
    return [*([stream] if text else []), *([] if value is None else [_shown(value, number)])]


def _shown(value: Any, number: int) -> Cell:
    data = {"text/plain": _lines(repr(value))}
    if hasattr(value, "_repr_html_"):
        data["text/html"] = _lines(value._repr_html_())
    return {
        "data": data,
        "execution_count": number,
        "metadata": {},
        "output_type": "execute_result",
    }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def read(path: Path) -> dict[str, Any]:
    """Return the content of a notebook."""
    notebook: dict[str, Any] = json.loads(path.read_text())
    return notebook


if __name__ == "__main__":
    for name in sys.argv[1:]:
        written = read(Path(name))
        run(written)
        Path(name).write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")
