"""What is said where several points of a grid are equal, so that one trial is trained for them."""

from collections.abc import Mapping
from typing import Any


def equal_points(configuration: Mapping[str, Any]) -> str | None:
    """Return a line about sampled points that are equal; None where all are different."""
    sampled, different = (configuration.get(name) for name in ("sampled", "different"))
    if sampled == different:
        return None
    epochs = configuration["epochs"]
    override = "" if epochs is None else f" with --epochs {epochs}"
    return f"{sampled} points, {different} different{override}: equal points are trained once"
