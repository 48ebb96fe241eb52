"""What `--network` names is found by its text alone: nothing of it is run."""

import sys
from pathlib import Path

import pytest

from cifar_model.errors import InputError
from cifar_model.networks.network import PAPER, Network
from cifar_model.networks.signature import find_network
from cifar_model.networks.source import MOST_BYTES
from cifar_model.params import Params

GOOD = """
import keras_that_nobody_has

raise SystemExit("it was run")

def build(shape, classes, *, width=32, rate: float = 0, act="relu", lr=None, flag=True, low=-1):
    pass

def built(shape, classes):
    pass
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str | bytes, name: str = "own.py") -> str:
    path = Path(name)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return f"{path.resolve()}:build"


def refused(given: str) -> InputError:
    with pytest.raises(InputError) as error:
        find_network(given)
    return error.value


def test_the_keyword_arguments_are_the_parameters_with_their_defaults() -> None:
    found = find_network(write(GOOD))
    assert found.name == "own.py:build"
    assert dict(found.parameters) == {
        "width": 32,
        "rate": 0.0,
        "act": "relu",
        "lr": None,
        "flag": True,
        "low": -1,
    }
    assert found.code == GOOD
    params = Params.from_json({"width": 64, "lr": 0.5}, found)
    assert dict(params.architecture)["width"] == 64
    assert params.training.lr == dict(params.architecture)["lr"] == 0.5


def test_arguments_with_defaults_behind_the_first_two_are_parameters_too() -> None:
    found = find_network(write("def build(images, labels, width=8, *, depth=2): pass"))
    assert dict(found.parameters) == {"width": 8, "depth": 2}


def test_a_network_is_the_same_wherever_its_file_lies_and_whatever_its_stored_form() -> None:
    found = find_network(write(GOOD))
    Path("elsewhere").mkdir()
    assert find_network(write(GOOD, "elsewhere/own.py")) == found
    assert Network.from_json(found.to_json(), found.code) == found
    assert Network.from_json(None) == PAPER


def test_the_papers_network_has_no_code() -> None:
    assert find_network("paper") is PAPER


def test_a_module_is_found_where_packages_are_and_not_in_the_working_directory() -> None:
    write("def build(shape, classes): pass")
    assert "own" not in sys.modules
    assert "no module own is installed" in refused("own:build").what
    # Not imported, and yet read: its function is none of ours.
    assert "json.tool does not define the function build" in refused("json.tool:build").what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("def other(shape, classes): pass", "does not define the function build"),
        ("build = 1", "does not define the function build"),
        ("def build(shape, classes", "line 1"),
        ("x = 1\n  y = 2", "line 2"),
        ("def build(shape): pass", "takes 1 positional"),
        ("def build(shape, classes, width): pass", "width without a default"),
        ("def build(shape, classes, *, width): pass", "width without a default"),
        ("def build(shape, classes, *layers): pass", "takes *layers"),
        ("def build(shape, classes, **options): pass", "takes **options"),
        ("def build(shape, classes, width=3, /): pass", "by position only"),
        ("def build(a, b, *, shape=3): pass", "a parameter named shape"),
        ("def build(a, b, *, val_loss=3): pass", "a parameter named val_loss"),
        ("W = 3\ndef build(a, b, *, width=W): pass", "width=W, which is not a plain value"),
        ("def build(a, b, *, widths=(1, 2)): pass", "not a plain value"),
        ("def build(a, b, *, width=1e999): pass", "width=inf"),
        ("def build(a, b, *, lr=20.0): pass", "lr=20.0, which is not valid"),
        ("def build(a, b, *, optimizer='best'): pass", "not valid for optimizer"),
        ("def build(a, b): '\0'", "null bytes"),
        (b"# \xff\ndef build(a, b): pass", "is not UTF-8"),
        ("#" * (MOST_BYTES + 1), "is larger than 1 MB"),
    ],
)
def test_a_function_that_is_no_network_is_refused_with_the_reason(
    text: str | bytes, what: str
) -> None:
    error = refused(write(text))
    assert what in error.what
    assert error.fix


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("papr", "did you mean 'paper'"),
        ("own.py", "own.py:build"),
        ("own.py:", "own.py:build"),
        ("owwn.py:build", "did you mean 'own.py'"),
        ("own.py:bild", "did you mean 'build'"),
        (".:build", "FILE.py:function"),
        ("folder.py:build", "is not a file"),
    ],
)
def test_what_cannot_be_found_is_said_with_what_may_be_meant(given: str, words: str) -> None:
    write("def build(shape, classes): pass")
    Path("folder.py").mkdir()
    assert words in str(refused(given))


def test_a_parameter_of_the_papers_network_is_unknown_to_another() -> None:
    found = find_network(write(GOOD))
    with pytest.raises(InputError, match="unknown parameter 'filters'"):
        Params.from_json({"filters": 8}, found)
    with pytest.raises(InputError, match="did you mean 'width'"):
        Params.from_json({"widthh": 8}, found)
