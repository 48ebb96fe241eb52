"""What the project is made of: which package may import which, and what no file may hold."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import untyped

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cifar_model", "runner", "workers")
MOST_LINES = 400
MOST_MODULES = 17
# Of a function, without its decorators, signature and docstring: what fits on a screen.
MOST_LINES_OF_FUNCTION = 50

# Made on this machine, or kept out of the repository.
NOT_OURS = {"__pycache__", "build", "dist", "results", "secrets"}


def our_files() -> Iterator[Path]:
    """Yield every file of the project, relative to its root."""
    for directory, folders, files in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS and (not name.startswith(".") or name == ".ci")
            if not name.endswith(".egg-info")
        ]
        yield from (Path(directory, name).relative_to(ROOT) for name in files)


FILES = sorted(our_files())
MODULES = [path for path in FILES if path.suffix == ".py"]
# Programs of other tools, which run in environments of their own.
PEERS = Path("benchmarks/peers")
# A migration that has been released stays as it was, however long.
READ = [path for path in MODULES if "versions" not in path.parts]


def lint_imports(directory: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of pyproject.toml for the packages in a directory."""
    program = "from importlinter.cli import lint_imports_command as check; check()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_is_one_that_the_design_allows() -> None:
    checked = lint_imports(ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_an_import_that_the_design_forbids_is_noticed(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = [contract["name"] for contract in project["tool"]["importlinter"]["contracts"]]
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    for module, line in {
        "cifar_model/errors.py": "import keras, sqlalchemy",
        "cifar_model/metrics.py": "import runner.errors, click, lime, yaml",
        "runner/submit/explain.py": "import sqlite3\nfrom cifar_model import training",
        "runner/reports/stats/ranking.py": "import runner.reports.output, runner.store.engine",
        "workers/attempt.py": "import optuna\nfrom talos.parameters import ParamSpace",
    }.items():
        path = tmp_path / module
        path.write_text(f"{path.read_text()}\n{line}\n")

    checked = lint_imports(tmp_path)

    assert checked.returncode == 1, checked.stderr
    assert re.findall(r"^(.+) BROKEN", checked.stdout, re.MULTILINE) == contracts


def test_the_user_s_side_runs_without_keras_or_tensorflow() -> None:
    # In one process of its own: other tests of this one may well have imported them.
    program = """
import importlib, pkgutil, sys
import cifar_model.data, cifar_model.grid, cifar_model.metrics, runner
for module in pkgutil.walk_packages(runner.__path__, "runner."):
    # Alembic alone can run these; __main__ is the command itself.
    if "migrations" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*(sys.modules.keys() & {"keras", "lime", "talos", "tensorflow", "workers"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize("path", READ, ids=str)
def test_a_module_says_what_it_is_for_and_can_be_read_in_a_sitting(path: Path) -> None:
    first, *others = (ROOT / path).read_text().splitlines()
    assert first.startswith('"""'), "the first line is no docstring"
    lines = 1 + len(others)
    assert lines <= MOST_LINES


@pytest.mark.parametrize("path", READ, ids=str)
def test_every_function_fits_on_a_screen(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {one.name: lines_of(one) for one in functions if lines_of(one) > MOST_LINES_OF_FUNCTION}
    assert long == {}


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines the statements of a function take."""
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    return 0 if not statements else (function.end_lineno or 0) - statements[0].lineno + 1


def test_no_file_names_a_package_index_or_somebody_s_home() -> None:
    # Whoever installs decides where from; a path of one machine helps nobody on another.
    forbidden = re.compile(
        rb"py[p]i\.org|python[h]osted\.org|--(extra-)?index-ur[l]|(?<![\w.])/(home|root|Users)/\w"
    )
    found = {str(path): forbidden.findall((ROOT / path).read_bytes()) for path in FILES}
    assert {path: names for path, names in found.items() if names} == {}


def test_whatever_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = project["project"]["dependencies"]
    declared_for_tests = [*declared, *project["dependency-groups"]["dev"]]
    product = [path for path in MODULES if path.parts[0] in (*PACKAGES, "docker", "examples")]
    extra = [path for path in product if path.parent.name == "backends" and "jax" in path.stem]
    assert undeclared([path for path in product if path not in extra], declared) == {}
    of_extra = project["project"]["optional-dependencies"]["jax"]
    assert undeclared(extra, [*declared, *of_extra]) == {}
    assert undeclared([path for path in MODULES if path.parent != PEERS], declared_for_tests) == {}


def undeclared(modules: list[Path], requirements: list[str]) -> dict[str, str]:
    """Return the top-level modules that no required distribution provides, and who imports them."""
    declared = {canonicalize_name(Requirement(text).name) for text in requirements}
    providers = packages_distributions()
    own = {*PACKAGES, "tests", "benchmarks"}
    return {
        name: str(path)
        for path in modules
        for name in imported(path) - own - sys.stdlib_module_names
        if declared.isdisjoint(canonicalize_name(found) for found in providers.get(name, []))
    }


def imported(path: Path) -> set[str]:
    """Return the top-level names that a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names} - {""}


def test_reports_pass_records_that_mypy_checks_and_not_dictionaries() -> None:
    """Before there were records, there were 813 subscripts, 271 mappings and 20 aliases."""
    found = untyped.count([ROOT / "runner" / "reports", ROOT / "runner" / "reproduction"])
    assert found.subscripts <= 20
    assert found.mappings <= 5
    assert found.aliases == 0


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in MODULES if path.parts[0] in PACKAGES}), ids=str
)
def test_a_folder_is_small_enough_to_be_read(folder: Path) -> None:
    modules = [path for path in MODULES if path.parent == folder and path.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES
