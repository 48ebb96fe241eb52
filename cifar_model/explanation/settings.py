"""How an image is explained: the choices that a person has."""

from dataclasses import dataclass

# LIME fits perturbed images; the others hide each superpixel alone, weigh the last convolution's
# maps by their gradients (Grad-CAM), or add up gradients on the way to the image.
METHODS = (
    *("lime", "occlusion", "gradcam", "integrated_gradients"),
    *("smoothgrad", "rise", "kernel_shap"),
)

# Those that predict many copies of the image.
SAMPLING = ("lime", "rise", "kernel_shap")

# As few samples as give a stable answer, chosen for each image; and how many it is otherwise.
AUTO = "auto"
DEFAULT_SAMPLES = 1000

# Names of earlier versions, in stored configurations and scripts.
OLD_METHODS = {"gradients": "integrated_gradients"}

# `small` finds 20 to 40 superpixels on small images too; `stock` is what LIME does unless told
# otherwise.
SEGMENTATIONS = ("small", "stock")


@dataclass(frozen=True, slots=True)
class Settings:
    """What of METHODS and SEGMENTATIONS is used, with LIME's samples and its seed.

    With `auto`, each image gets as few samples as give a stable answer; `samples` are then those of
    what is measured once a trial.
    """

    segmentation: str
    samples: int
    seed: int
    method: str = "lime"
    auto: bool = False


def fixed_samples(asked: int | str) -> int:
    """Return the number of samples that was asked for, or of AUTO the default."""
    return DEFAULT_SAMPLES if isinstance(asked, str) else asked
