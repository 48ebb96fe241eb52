"""The file names and labels of explanation figures."""

from runner.reports.records import Explanation


def overlay_name(explanation: Explanation) -> str:
    """Return the file name of an explanation's figure."""
    return f"explanation-image-{explanation.image}-label-{explanation.label}.png"


def name_of(explanation: Explanation) -> str:
    """Return the label of an explanation: its image and its class."""
    return f"image {explanation.image}, class {explanation.class_}"
