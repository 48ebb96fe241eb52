"""What the documentation says is what the code does."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from cifar_model.data import names
from cifar_model.grid import METHODS
from cifar_model.params import DEFAULTS, RULES
from runner.errors import ExitCode
from runner.settings import SETTINGS
from tests import json_reference, tutorial
from tests.every_command import runnable

ROOT = Path(__file__).resolve().parent.parent
SUBJECTS = ("commands", "data", "reports", "settings", "json")
REFERENCE = "\n".join((ROOT / "docs" / f"{name}.md").read_text() for name in SUBJECTS)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rows(heading: str) -> dict[str, list[str]]:
    """Return the table under a heading of the reference: the first cell, then the others."""
    section = re.split(rf"(?m)^##? {heading}$", REFERENCE)[1]
    section = re.split(r"(?m)^##? ", section)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return {first.strip("`"): others for first, *others in cells[2:]}


COMMANDS = {f"runner {words}": command for words, command in runnable().items()}


@pytest.mark.parametrize("words", COMMANDS)
def test_the_reference_has_every_command_with_every_option(words: str) -> None:
    assert f"`{words}`" in REFERENCE
    for parameter in COMMANDS[words].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{words} {parameter.opts[0]} has no help"
            assert f"`{parameter.opts[0]}`" in REFERENCE, f"{words} {parameter.opts[0]}"


def test_the_reference_names_no_command_that_does_not_exist() -> None:
    named = set(re.findall(r"`(runner [a-z ]+?)`", "".join(page.read_text() for page in PAGES)))
    groups = {"runner submit", "runner db"}
    assert {name for name in named if name not in COMMANDS and name not in groups} == set()


def test_the_settings_are_those_of_the_code() -> None:
    assert {name: tuple(cells) for name, cells in rows("Settings").items()} == SETTINGS


def test_the_params_are_those_of_the_code_with_their_defaults() -> None:
    documented = rows("Params")
    assert list(documented) == list(RULES)
    for name, (default, _) in documented.items():
        assert default.lower() == str(DEFAULTS[name]).lower()


def test_the_exit_codes_are_those_of_the_code() -> None:
    assert [int(code) for code in rows("Exit codes")] == [int(code) for code in ExitCode]


def test_the_data_sets_and_the_samplers_are_those_of_the_code() -> None:
    dataset = next(o for o in COMMANDS["runner submit tune"].params if o.name == "dataset")
    for text in (REFERENCE, getattr(dataset, "help", "")):
        assert all(name in text for name in names())
    assert all(f"`{method}`" in REFERENCE for method in METHODS)


def test_the_tutorial_names_commands_and_options_that_exist() -> None:
    found = [step.words for step in tutorial.steps() if isinstance(step, tutorial.Command)]
    found = [words for words in found if words[0] == "runner"]
    assert len(found) > 8
    for words in found:
        name = next(name for name in (" ".join(words[:3]), " ".join(words[:2])) if name in COMMANDS)
        arguments = list(words[len(name.split()) :])
        command = COMMANDS[name]
        # Not called, and what it reads does not exist here: only its arguments are parsed.
        command.make_parser(click.Context(command)).parse_args(arguments)


def test_the_tutorial_saves_the_files_that_its_commands_read() -> None:
    saved = {step.name for step in tutorial.steps() if isinstance(step, tutorial.File)}
    words = {w for s in tutorial.steps() if isinstance(s, tutorial.Command) for w in s.words}
    assert saved == {"draw.py", "grid.json"} == {w for w in words if w.endswith((".py", ".json"))}


def anchors(page: Path) -> set[str]:
    """Return what a link may name behind a #: the headings, as GitHub writes them."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_to_a_page_and_to_a_heading_in_it(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        path = page.parent / target if target else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def test_the_site_is_built_without_warnings_and_loads_nothing_from_elsewhere(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    built = {each.relative_to(tmp_path).with_suffix(".md") for each in tmp_path.rglob("*.html")}
    written = {each.relative_to(ROOT / "docs") for each in PAGES if each.name != "README.md"}
    assert written - built == set()
    loaded = r"""<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//[^"]*"""
    for each in tmp_path.rglob("*.html"):
        assert re.findall(loaded, each.read_text()) == []


def test_every_promise_in_the_failure_page_is_a_test() -> None:
    promised = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/failure.md").read_text()))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert len(promised) > 20
    assert promised - written == set()
    of_faults = {
        name
        for path in (ROOT / "tests" / "faults").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert of_faults - promised == set(), "a promise that the page does not name"


def test_the_layers_of_the_architecture_page_are_those_that_are_checked() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.split("\n## Layers\n")[1].split("\n## ")[0]
    documented = [
        re.findall(r"`([\w.]+)`", line.split("|")[1])
        for line in table.splitlines()
        if line.startswith("| `")
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = project["tool"]["importlinter"]["contracts"][0]
    checked = [
        [name.strip() for name in layer.split("|") if "(" not in name]
        for layer in contract["layers"]
    ]
    assert documented == [names for names in checked if names]


def test_every_file_that_the_architecture_page_names_exists() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"\b(?:runner|workers|cifar_model)/[\w/]*(?:\.py)?", page))
    assert len(named) > 20
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_json_page_has_the_fields_of_the_records_each_with_a_meaning() -> None:
    written = json_reference.PAGE.read_text()
    assert written == json_reference.page(written), "run `make reference`"
    assert re.findall(r"(?m)^\| `\w+` .*\|  \|$", written) == []
