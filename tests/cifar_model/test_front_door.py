"""What `import cifar_model` offers, and what it costs."""

import subprocess
import sys

import pytest

import cifar_model

HEAVY = ("keras", "tensorflow", "sklearn", "lime", "talos", "matplotlib")


def imported_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    "code",
    [
        "import runner",
        "import cifar_model",
        "from cifar_model import Dataset, DatasetSpec, InputError, Params, load",
    ],
)
def test_light_names_import_neither_keras_nor_anything_else_that_is_heavy(code: str) -> None:
    assert not imported_by(code) & set(HEAVY)


def test_the_packages_themselves_import_not_even_numpy() -> None:
    assert "numpy" not in imported_by("import runner, cifar_model")


@pytest.mark.parametrize("name", cifar_model.__all__)
def test_every_name_can_be_imported(name: str) -> None:
    assert getattr(cifar_model, name).__module__.startswith("cifar_model.")


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'tune'"):
        cifar_model.tune  # noqa: B018 (reading it is the test)
