"""The names of figures that others lead to."""

from collections.abc import Mapping
from typing import Any


def overlay_name(explanation: Mapping[str, Any]) -> str:
    """Return the name of the file that shows an explanation."""
    return f"explanation-image-{explanation['image']}-label-{explanation['label']}.png"


def name_of(explanation: Mapping[str, Any]) -> str:
    """Return what an explanation is called: which image and which class."""
    return f"image {explanation['image']}, {explanation['class']}"
