"""Optional packages that some exports need. They are imported when they are used."""

from importlib import import_module
from typing import Any

from runner.errors import InputError


def needed(module: str, form: str, package: str) -> Any:
    """Return an optional module; raise InputError that says how to install it if it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"--format {form} needs the package {package}, which is not installed",
            f"an installation with the extra {form!r}",
            f"run `pip install {package}`; requirements/exports.txt has the tested version",
        ) from error
