"""The names of figures that others lead to."""

from runner.reports.records import Explanation


def overlay_name(explanation: Explanation) -> str:
    """Return the name of the file that shows an explanation."""
    return f"explanation-image-{explanation.image}-label-{explanation.label}.png"


def name_of(explanation: Explanation) -> str:
    """Return what an explanation is called: which image and which class."""
    return f"image {explanation.image}, {explanation.class_}"
