"""Is an explanation worth a look: what is measured of it, and the verdict with its reason."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from cifar_model.explanation.regions import SHOWN, Segments, strongest
from cifar_model.results import Integrity

# Below these the linear model says nothing of the network, or little; docs/explanations.md has
# the measurement that they come from. By rules 1 to 3, R2 was weak below 0.5.
VOID_R2, WEAK_R2 = 0.1, 0.3
VOID_WEIGHT = 1e-3
VOID_SPREAD = 1e-6
VOID_SUPERPIXELS, WEAK_SUPERPIXELS = SHOWN, 8
VOID_SHARE, WEAK_SHARE = 0.9, 0.5
WEAK_STABILITY = 0.5

# Without a linear model there is none to follow the network badly.
PERFECT = 1.0


def largest_share(segments: Segments) -> float:
    """Return the share of the image that the largest superpixel covers."""
    return float(np.bincount(segments.ravel()).max() / segments.size)


def stability(weights_of_seeds: Sequence[Sequence[float]]) -> float:
    """Return the mean overlap, from 0 to 1, of the strongest superpixels over pairs of seeds.

    At most half of the superpixels are compared: with all of them the overlap is 1 by necessity.
    """
    count = min(SHOWN, max(1, len(weights_of_seeds[0]) // 2))
    tops = [set(strongest(weights, count)) for weights in weights_of_seeds]
    overlaps = [len(one & other) / count for one, other in combinations(tops, 2)]
    return float(np.mean(overlaps))


def agreement(weights_of_seeds: Sequence[Sequence[float]]) -> float:
    """Return the mean correlation of the weights over pairs of seeds.

    It is 1 if no superpixel matters: more samples would not find one. Ranks are not compared,
    because those of superpixels that do not matter are noise with any number of samples.
    """
    if min(map(np.ptp, weights_of_seeds)) < VOID_WEIGHT:
        return 1.0
    pairs = combinations(weights_of_seeds, 2)
    return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]))


def judge(found: Integrity) -> tuple[str, str]:
    """Return a verdict, `sound`, `weak` or `void`, and its reason."""
    for verdict, reasons in (("void", _void(found)), ("weak", _weak(found))):
        for applies, reason in reasons:
            if applies:
                return verdict, reason
    fit = "" if found.r2 is None else f", R2 {found.r2:.2f}, stability {found.stability:.2f}"
    return "sound", f"{found.superpixels} superpixels{fit}"


def _void(found: Integrity) -> list[tuple[bool, str]]:
    r2 = PERFECT if found.r2 is None else found.r2
    return [
        (found.one_colour, "the image has only one colour: hiding a part of it changes nothing"),
        (
            found.superpixels == 1,
            "only one superpixel: it covers the whole image",
        ),
        (
            found.superpixels < VOID_SUPERPIXELS,
            f"{found.superpixels} superpixels are too few to locate a region",
        ),
        (
            found.largest_share > VOID_SHARE,
            f"one superpixel covers {found.largest_share:.0%} of the image",
        ),
        (
            found.spread < VOID_SPREAD,
            "the predicted probability is the same whichever regions are hidden",
        ),
        (
            found.strongest < VOID_WEIGHT,
            f"no superpixel changes the probability by {VOID_WEIGHT} or more",
        ),
        (
            r2 < VOID_R2,
            f"R2 {r2:.2f}: the linear model does not fit the network's predictions",
        ),
    ]


def _weak(found: Integrity) -> list[tuple[bool, str]]:
    r2 = PERFECT if found.r2 is None else found.r2
    return [
        (
            r2 < WEAK_R2,
            f"R2 {r2:.2f}: the linear model fits the network's predictions only in part",
        ),
        (
            found.superpixels < WEAK_SUPERPIXELS,
            f"{found.superpixels} superpixels are a coarse segmentation",
        ),
        (
            found.largest_share > WEAK_SHARE,
            f"one superpixel covers {found.largest_share:.0%} of the image",
        ),
        (
            found.stability < WEAK_STABILITY,
            f"stability {found.stability:.2f}: another seed selects other superpixels",
        ),
    ]
