"""The verdict on an explanation by the newest rules: is it about what the network learned."""

from cifar_model.results import Checks, Evidence

# Version 1 looks at `Integrity` alone: whether the weights describe the network's predictions.
# Version 2 also asks whether they depend on what the network has learned.
# Version 3 also asks whether what it has learned holds for images that it was not trained on.
# Version 4 looks at the fall of the odds, not of the probability: the probability of a label that
# the network is certain of hardly falls, even where the image without the regions is far less like
# it.
# docs/explanations.md says what was measured of the limits.
FIRST_RULES, RULES = 1, 4

# Hiding the shown regions must lower the odds p / (1 - p) by this share of them. Every higher
# probability counts as `CERTAIN`, so that what stays almost certain has not fallen.
FALL, CERTAIN = 1 / 3, 0.95

# Rank correlations with the weights of an untrained network, of another label, and of the image
# with a little noise.
MOST_UNTRAINED, MOST_OTHER, LEAST_INPUT = 0.5, 0.9, 0.2

# Random held-out images have the predicted class as often as the similar ones with at most this
# probability.
MOST_CHANCE = 0.01

# Of a trainer's model, an earlier epoch, or a network that Keras cannot build again.
NOT_COMPARED = ", not compared with untrained networks"

# Of images that were explained without a data set, or with too small a one.
NOT_HELD_OUT = ", not compared with held-out images"


def judge(
    fit: tuple[str, str],
    probability: float,
    checks: Checks,
    evidence: Evidence | None,
    least_fall: float = FALL,
) -> tuple[str, str]:
    """Return the verdict and its reason by version 4 of the rules; `fit` is that of version 1.

    A measurement that could not be made is not held against an explanation.
    """
    if fit[0] != "sound" or evidence is None:
        return fit
    effect, sanity = _effect(probability, checks, evidence, least_fall), _sanity(evidence)
    reasons = (*effect, *sanity, _generalises(evidence))
    untrained = "" if evidence.untrained_fall is not None else NOT_COMPARED
    held_out = "" if evidence.similar_chance is not None else NOT_HELD_OUT
    sound = ("sound", f"{fit[1]}{untrained}{held_out}")
    return next((("weak", reason) for applies, reason in reasons if applies), sound)


def fall_of_odds(before: float, after: float) -> float:
    """Return by which share of them the odds of a label fall; negative if they rise."""
    first, last = (min(each, CERTAIN) / (1 - min(each, CERTAIN)) for each in (before, after))
    return (first - last) / first if first > 0 else 0.0


def _effect(
    probability: float, checks: Checks, found: Evidence, least_fall: float
) -> list[tuple[bool, str]]:
    """Return the rules about what hiding the shown regions does."""
    if checks.removed is None:
        return [(True, "no shown region supports the class")]
    fall, untrained = fall_of_odds(probability, checks.removed), found.untrained_fall or 0.0
    low = found.removed_random_low
    lowers = "hiding the shown regions lowers the"
    change = f"from {probability:.1%} to {checks.removed:.1%}"
    little = f"{lowers} probability only {change}"
    if checks.removed >= probability:
        little = f"hiding the shown regions does not lower the probability: {change}"
    drawn = f"in untrained networks by up to {untrained:.0%}"
    return [
        (fall < least_fall, little),
        (
            low is not None and checks.removed >= low,
            "hiding random regions of the same area may lower the probability as much",
        ),
        (fall <= untrained, f"{lowers} odds of the label by {fall:.0%}, {drawn}"),
    ]


def _sanity(found: Evidence) -> list[tuple[bool, str]]:
    """Return the rules about what an explanation must depend on, and what it must not."""
    # Without a measurement, a value that no rule applies to.
    untrained, other, noisy = (
        absent if value is None else value
        for value, absent in (
            (found.untrained_correlation, -1.0),
            (found.other_correlation, -1.0),
            (found.input_correlation, 1.0),
        )
    )
    return [
        (
            untrained > MOST_UNTRAINED,
            f"an untrained network gives the same explanation: rank correlation {untrained:.2f}",
        ),
        (
            other > MOST_OTHER,
            f"another class has the same explanation: rank correlation {other:.2f}",
        ),
        (
            noisy < LEAST_INPUT,
            f"a little noise in the image changes the explanation: rank correlation {noisy:.2f}",
        ),
    ]


def _generalises(found: Evidence) -> tuple[bool, str]:
    """Return the rule about the held-out images to which the network gives similar outputs."""
    images, right, chance = found.similar_images, found.similar_right, found.similar_chance
    if images is None or right is None or chance is None:
        return (False, "")
    similar = f"of the {images} held-out images with the most similar outputs"
    return (
        chance > MOST_CHANCE,
        f"{similar}, {right:.0%} have the predicted class, which may be chance",
    )
