"""The verdict on an explanation by the newest rules: is it about what the network learned."""

from cifar_model.results import Checks, Evidence

# Version 1 looks at `Integrity` alone: whether the weights describe the network's predictions.
# Version 2 also asks whether they depend on what the network has learned.
# Version 3 also asks whether what it has learned holds for images that it was not trained on.
# docs/explanations.md says what was measured of the limits.
FIRST_RULES, RULES = 1, 3

# Hiding the shown regions must lower the probability by this share of it.
FALL = 0.2

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
    """Return the verdict and its reason by version 3 of the rules; `fit` is that of version 1.

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


def share(before: float, after: float) -> float:
    """Return by which share of it a probability falls."""
    return (before - after) / before if before > 0 else 0.0


def _effect(
    probability: float, checks: Checks, found: Evidence, least_fall: float
) -> list[tuple[bool, str]]:
    """Return the rules about what hiding the shown regions does."""
    if checks.removed is None:
        return [(True, "no shown region supports the class")]
    fall, untrained = share(probability, checks.removed), found.untrained_fall or 0.0
    low = found.removed_random_low
    lowers = f"hiding the shown regions lowers the probability by {fall:.0%} of it"
    return [
        (fall < least_fall, lowers),
        (
            low is not None and checks.removed >= low,
            "hiding random regions of the same area may lower the probability as much",
        ),
        (fall <= untrained, f"{lowers}, in untrained networks by up to {untrained:.0%}"),
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
