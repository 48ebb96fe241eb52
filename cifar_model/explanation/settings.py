"""How an image is explained: the choices that a person has."""

from dataclasses import dataclass

# LIME fits perturbed images; the others hide each superpixel alone, weigh the last convolution's
# maps by their gradients (Grad-CAM), or add up gradients on the way to the image.
METHODS = (
    *("lime", "occlusion", "gradcam", "integrated_gradients"),
    *("smoothgrad", "rise", "kernel_shap"),
)

# Names of earlier versions, in stored configurations and scripts.
OLD_METHODS = {"gradients": "integrated_gradients"}

# `small` finds 20 to 40 superpixels on small images too; `stock` is what LIME does unless told
# otherwise.
SEGMENTATIONS = ("small", "stock")


@dataclass(frozen=True, slots=True)
class Settings:
    """What of METHODS and SEGMENTATIONS is used, with LIME's samples and its seed."""

    segmentation: str
    samples: int
    seed: int
    method: str = "lime"
