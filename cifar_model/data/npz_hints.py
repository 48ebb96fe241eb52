"""What is wrong with arrays that are not images and labels, and the code that mends it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

RIGHT = ("", "")
# The largest label that is read.
MOST = 2**63 - 1


def of_images(x: str, images: Array) -> tuple[str, str]:
    """Return what is wrong with an array of images and how to mend it, both empty if nothing."""
    if 0 in images.shape or images.dtype.kind not in "buif":
        return "", f"save a numeric array of images as {x}"
    shaped = _in_shape(x, images.shape)
    if shaped is None:
        return "", f"save {x} in the shape (n, height, width, 3) or (n, height, width)"
    words, code = shaped
    if images.dtype == np.uint8:
        return ("", f"save `{code}` as {x}, {words}") if words else RIGHT
    lowest, highest = float(images.min()), float(images.max())
    problem = f", with values from {lowest:g} to {highest:g}"
    scaled = _as_bytes(code, images.dtype.kind, lowest, highest)
    if scaled is None:
        return problem, f"scale the values of {x} to 0 to 255 and save them as uint8"
    return problem, f"save `{scaled}` as {x}"


def _in_shape(x: str, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """Return what gives an array the shape of images, in words and in code."""
    found = None
    match shape:
        case (_, _, _, 3 | 1) | (_, _, _):
            found = "", x
        case (_, _, _, 4):
            found = "without the alpha channel", f"{x}[..., :3]"
        case (_, 3 | 1, _, _):
            found = "with the channels last", f"{x}.transpose(0, 2, 3, 1)"
        case (_, 3072):
            code = f"{x}.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)"
            found = "reshaped from the flat rows of CIFAR files", code
    return found


def _as_bytes(code: str, kind: str, lowest: float, highest: float) -> str | None:
    """Return the code that turns values into bytes, or None if their range is no usual one."""
    if kind == "b":
        return f"({code} * 255).astype('uint8')"
    if kind == "f" and lowest >= 0 and highest <= 1:
        return f"({code} * 255).round().astype('uint8')"
    if kind == "f" and lowest >= -1 and highest <= 1:
        return f"(({code} + 1) * 127.5).round().astype('uint8')"
    if lowest >= 0 and highest <= 255:
        return f"{code}.round().astype('uint8')"
    return None


def of_counts(x: str, images: int, y: str, labels: int) -> str:
    """Return how to mend that there are more labels than images, or fewer."""
    if labels < images:
        return f"add the missing labels; if the last images have none, save `{x}[:{labels}]` as {x}"
    return (
        f"remove the labels without an image; if these are the last, save `{y}[:{images}]` as {y}"
    )


def of_labels(y: str, first: str, labels: Array) -> tuple[str, str]:
    """Return what is wrong with an array of labels and how to mend it, both empty if nothing.

    `first` is the name of the labels of the train split.
    """
    kind = labels.dtype.kind
    if labels.ndim == 2 and kind in "buif" and bool(np.all(labels.sum(axis=1) == 1)):
        return ", one-hot", f"save `{y}.argmax(axis=1)` as {y}"
    if labels.ndim != 1 or kind not in "buifUS":
        return "", f"save the class number of each image in {y}"
    if kind in "US":
        return ", words", f"{numbered(y, first)}; or use folder:PATH, which keeps the class names"
    if kind in "bf":
        with np.errstate(invalid="ignore"):
            whole = bool(np.all(np.mod(labels, 1) == 0)) and float(np.abs(labels).max()) < MOST
        return "", f"save `{y}.astype('int64')` as {y}" if whole else numbered(y, first)
    outside = [label for label in (int(labels.min()), int(labels.max())) if not 0 <= label <= MOST]
    return (f" and has the label {outside[0]}", numbered(y, first)) if outside else RIGHT


def numbered(y: str, first: str) -> str:
    """Return how to number classes from 0, as in the train split."""
    code = f"numpy.searchsorted(numpy.unique({first}), {y})"
    others = "" if first == "labels" else ", and renumber the labels of every split in the same way"
    return f"number the classes from 0: save `{code}` as {y}{others}"
