"""What a person with a clone, make and a Python gets: the set-up, the locks and the wheel."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cifar_model", "runner", "workers")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def entries(lock: str) -> list[str]:
    """Return a lock's entries, each a requirement with its hashes."""
    lines = (ROOT / "requirements" / f"{lock}.txt").read_text().replace("\\\n", "").splitlines()
    return [line for line in lines if not line.startswith("#")]


def pins(lock: str) -> dict[str, str]:
    """Return the version of each package in a lock."""
    requirements = [Requirement(entry.partition(" --hash")[0]) for entry in entries(lock)]
    return {
        canonicalize_name(found.name): str(found.specifier).removeprefix("==")
        for found in requirements
    }


@pytest.mark.parametrize("lock", ["build", "runtime", "dev", "gpu", "exports"])
def test_a_lock_holds_versions_and_hashes_and_nothing_else(lock: str) -> None:
    form = re.compile(r"[a-z0-9-]+==\S+ (; [^#]+ )?( *--hash=sha256:[0-9a-f]{64})+")
    assert [entry for entry in entries(lock) if not form.fullmatch(entry)] == []


def test_the_locks_agree_on_every_version() -> None:
    runtime = pins("runtime")
    assert runtime.items() <= pins("dev").items()
    assert runtime.items() <= pins("gpu").items()
    assert runtime.items() <= pins("exports").items() <= pins("dev").items()
    assert pins("build").items() <= runtime.items()


def test_the_locks_fulfil_what_the_project_asks_for() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    asked = {
        "runtime": PROJECT["project"]["dependencies"],
        "dev": PROJECT["dependency-groups"]["dev"],
        "gpu": extras["gpu"],
        "exports": extras["parquet"] + extras["tensorboard"],
        "build": PROJECT["build-system"]["requires"],
    }
    for lock, requirements in asked.items():
        locked = pins(lock)
        for requirement in map(Requirement, requirements):
            version = locked.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement} is not in {lock}.txt: run `make lock`"
            assert version in requirement.specifier, f"{requirement}: {version}, run `make lock`"


def test_the_wheel_carries_every_file_of_the_packages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    program = "from setuptools.build_meta import build_wheel; print(build_wheel('..'))"
    subprocess.run([sys.executable, "-c", program], cwd=source, check=True, capture_output=True)

    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as content:
        carried = {name for name in content.namelist() if name.startswith(PACKAGES)}
    assert carried == {
        str(path.relative_to(source))
        for package in PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file()
    }


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Offer a directory with what a set-up reads, and no set-up yet."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def make(directory: Path, *arguments: str, path: Path | None = None) -> Any:
    """Run make, with a directory before the system's own on the PATH."""
    return subprocess.run(
        ["make", *arguments],
        cwd=directory,
        env={"PATH": f"{path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def put_command(directory: Path, name: str, script: str) -> None:
    """Write a shell script that can be called by its name."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)


def test_the_first_python_that_really_runs_is_taken(clone: Path) -> None:
    commands = clone / "commands"
    put_command(commands, "python3", "echo '3.10 is too old'; exit 1")
    put_command(commands, "python3.13", "echo 'a shim with nothing behind it' >&2; exit 127")
    put_command(commands, "python3.12", f'exec "{sys.executable}" "$@"')

    planned = make(clone, "--dry-run", ".venv/bin/python", path=commands)

    assert "python3.12 -m venv --clear .venv" in planned.stdout.splitlines()


@pytest.mark.parametrize("named", [["PYTHON=python3.9"], []])
def test_without_a_python_that_works_the_message_says_what_to_do(
    named: list[str], clone: Path
) -> None:
    commands = clone / "commands"
    for version in ("3", "3.13", "3.12", "3.11", "3.9"):
        put_command(commands, f"python{version}", "exit 1")

    done = make(clone, *named, "test", path=commands)

    assert done.returncode == 2
    assert "is no Python that works here" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (clone / ".venv").exists()


def test_a_changed_lock_is_installed_again_and_an_unchanged_one_is_not(clone: Path) -> None:
    put_command(clone / ".venv" / "bin", "python", "exit 0")
    target = ".venv/dev.installed"
    assert make(clone, "--no-print-directory", target).returncode == 0

    assert "is up to date" in make(clone, target).stdout
    changed = clone / "requirements" / "dev.txt"
    changed.write_text(changed.read_text() + "\n")
    assert "-r requirements/dev.txt" in make(clone, target).stdout


def test_make_alone_lists_every_target(clone: Path) -> None:
    listed = [line.split()[0] for line in make(clone).stdout.splitlines()]
    [declared] = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed == declared.split()
